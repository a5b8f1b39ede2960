"""Where every chart stands: here, in the registry, and in each environment. Pure but for what is passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.context import Context
from slipway.core.model import ChartKind, ChartName, Pin
from slipway.gitops import pins as pin
from slipway.release.plan import Action, Plan
from slipway.release.survey import plan_of
from slipway.workspace import graph

WORDS = {Action.KEEP: "published", Action.PUBLISH: "not published", Action.CONFLICT: "taken by other content"}
"""How a plan's action reads as a state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One chart's line."""

    chart: ChartName
    kind: ChartKind
    local: str
    registry: str
    pins: Mapping[str, str]
    """Environment → pinned version, `` where the chart is not pinned there."""
    current: Mapping[str, bool]
    """Environment → whether the pin is the content of the working tree."""


def rows(context: Context, names: Sequence[ChartName] = ()) -> tuple[Row, ...]:
    """Every chart's line, in release order.

    Raises:
        RegistryError: the registry does not answer.
    """
    charts = plan_of(context)
    pins = {environment: pin.current(context.config, environment) for environment in context.config.environments}
    wanted = names or graph.order(context.workspace)
    return tuple(row(context, charts, pins, name) for name in wanted)


def row(context: Context, charts: Plan, pins: Mapping[str, Mapping[ChartName, Pin]], name: ChartName) -> Row:
    """One chart's line."""
    step = charts.step(name)
    held = {environment: entries[name] for environment, entries in pins.items() if name in entries}
    return Row(
        chart=name,
        kind=context.workspace.charts[name].kind,
        local=step.version,
        registry=WORDS[step.action],
        pins={environment: held[environment].version if environment in held else "" for environment in pins},
        current={
            environment: environment in held and held[environment].input_digest == step.input_digest
            for environment in pins
        },
    )
