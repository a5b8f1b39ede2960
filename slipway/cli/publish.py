"""`publish`: publish what is not in the registry, without touching pins."""

from __future__ import annotations

from slipway.cli import arguments, report
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.release import release
from slipway.release.survey import plan_of
from slipway.util.terminal import Text


def publish(context: Context, only: str, *, dry_run: bool) -> Result:
    """Publish, or show what would be published.

    Raises:
        BuildError: see `release.publish_only`.
    """
    names, base = arguments.charts(context, only), context.config.registry.base
    if dry_run:
        made = plan_of(context, names)
        return Result(value=made, text=report.plan(made), error=report.broken(context.workspace, made))
    done = release.publish_only(context, names)
    text: Text = report.published(done, base) if done else f"Nothing to do: everything is published in {base}."
    return Result(value=done, text=text)
