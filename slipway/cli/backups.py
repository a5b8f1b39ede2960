"""`backups`: everything that holds data, and how it is backed up."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery.backups import Coverage, coverage_of
from slipway.util.terminal import Table, table
from slipway.workspace.backups import NONE

HEAD = ("NAMESPACE", "SERVICE", "WHAT", "SIZE", "WHEN", "HOW")


def backups(context: Context, env: str, only: str) -> Result:
    """List the volumes and databases of an environment.

    Raises:
        BuildError: an umbrella cannot be built or rendered.
    """
    environment = arguments.environment(context, env)
    found = coverage_of(context, environment, arguments.charts(context, only))
    if not found:
        return Result(value=found, text=f"{only or 'Nothing'}: holds no data in {environment}")
    off = any(not item.when and not item.how.startswith(NONE) for item in found)
    note = f"Backups are off in {environment}: set backup.enabled to true in values/{environment}/platform.yaml"
    return Result(value=found, text=(text(found), *([note] if off else [])))


def text(found: Sequence[Coverage]) -> Table:
    """The table."""
    return table(
        HEAD, ((item.namespace, item.service, item.what, item.size, item.when or "-", item.how) for item in found)
    )
