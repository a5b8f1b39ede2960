"""`backups`: everything that holds data, and how it is backed up."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery.backups import Coverage, coverage_of, with_last
from slipway.delivery.prepare import kubeconfig_of
from slipway.util.terminal import Table, table
from slipway.workspace.backups import NONE

HEAD = ("NAMESPACE", "SERVICE", "WHAT", "SIZE", "WHEN", "HOW")


LAST = ("LAST BACKUP", "LAST DRILL")


def backups(context: Context, env: str, only: str, kubeconfig: str) -> Result:
    """List the volumes and databases of an environment.

    Raises:
        BuildError: an umbrella cannot be built or rendered, or the cluster does not answer.
    """
    environment = arguments.environment(context, env)
    found = coverage_of(context, environment, arguments.charts(context, only))
    if kubeconfig:
        found = with_last(found, context.kubectl(kubeconfig_of(context.environ, kubeconfig)))
    if not found:
        return Result(value=found, text=f"{only or 'Nothing'}: holds no data in {environment}")
    off = any(not item.when and not item.how.startswith(NONE) for item in found)
    note = f"Backups are off in {environment}: set backup.enabled to true in values/{environment}/platform.yaml"
    return Result(value=found, text=(text(found, last=bool(kubeconfig)), *([note] if off else [])))


def text(found: Sequence[Coverage], *, last: bool) -> Table:
    """The table; with what a cluster says, if it was asked."""
    head = (*HEAD[:-1], *(LAST if last else ()), HEAD[-1])
    return table(head, (row(item, last=last) for item in found))


def row(item: Coverage, *, last: bool) -> tuple[str, ...]:
    """The cells of a volume or database."""
    times = (item.backed_up or "-", item.drilled or "-") if last else ()
    return (item.namespace, item.service, item.what, item.size, item.when or "-", *times, item.how)
