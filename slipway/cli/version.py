"""`version`: raise the version of each changed chart and of its dependents."""

from __future__ import annotations

from slipway.cli import arguments, report
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.versioning import bump


def version(context: Context, only: str, level: str, note: str, *, dry_run: bool) -> Result:
    """Raise versions and write changelogs.

    Raises:
        BuildError: see `bump.bumps_of`.
    """
    names = arguments.charts(context, only)
    raised = bump.raise_versions(context, names, arguments.level("--level", level), note, dry_run=dry_run)
    return Result(value=raised, text=report.bumps(raised))
