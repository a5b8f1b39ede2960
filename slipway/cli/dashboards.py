"""`dashboards`: Grafana's dashboards, generated from the package dashboards."""

from __future__ import annotations

from dashboards import files
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound


def dashboards(context: Context, *, check: bool) -> Result:
    """Write the dashboards, or only compare them.

    Raises:
        ProblemsFound: `check` found files that differ from the generated ones.
    """
    if check and (problems := files.check(context.workspace)):
        raise ProblemsFound(problems)
    changed = () if check else files.generate(context.workspace)
    return Result(value=changed, text="\n".join(changed) or "every dashboard is up to date")
