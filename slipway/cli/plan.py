"""`plan`: what a release would do, and why."""

from __future__ import annotations

from slipway.cli import arguments, report
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.release.survey import survey


def plan(context: Context, env: str, only: str) -> Result:
    """Compare the workspace with the registry and the pins; fails when a release would, for what no edit of a chart explains.

    Raises:
        RegistryError: the registry does not answer.
    """
    made = survey(context, arguments.pinned_environment(context, env), arguments.charts(context, only))
    return Result(value=made, text=report.plan(made), error=report.broken(context.workspace, made))
