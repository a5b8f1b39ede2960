"""`status`: each chart here, in the registry and in every environment."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import AlreadyPublished
from slipway.release import status as states
from slipway.release.status import ChartStatus
from slipway.util.terminal import Table, table


def status(context: Context, only: str) -> Result:
    """Compare local, published and pinned versions.

    Raises:
        RegistryError: the registry does not answer.
    """
    found, problems = states.statuses(context, arguments.charts(context, only))
    return Result(value=found, text=text(found), error=AlreadyPublished(problems) if problems else None)


def text(found: Sequence[ChartStatus]) -> Table:
    """The table of local, published and pinned versions."""
    environments = list(found[0].pins) if found else []

    def pinned(item: ChartStatus, environment: str) -> str:
        if not item.pins[environment]:
            return "-"
        return item.pins[environment] + (" ✔" if item.current[environment] else " (older)")

    return table(
        ("CHART", "KIND", "LOCAL", "REGISTRY", *(name.upper() for name in environments)),
        (
            (item.chart, str(item.kind), item.local, item.registry, *(pinned(item, name) for name in environments))
            for item in found
        ),
    )
