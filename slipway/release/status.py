"""The version of every chart: here, in the registry, and in each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.context import Context
from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Pin
from slipway.gitops.pins import current_pins
from slipway.release import plan
from slipway.release.plan import Action, Plan
from slipway.release.survey import moved_pins, plan_of
from slipway.workspace import graph

STATES = {Action.KEEP: "published", Action.PUBLISH: "not published", Action.CONFLICT: "taken by other content"}
"""Action of the plan → state of the chart in the registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartStatus:
    """One chart."""

    chart: ChartName
    kind: ChartKind
    local: str
    registry: str
    pins: Mapping[str, str]
    """Environment → pinned version; empty where the chart is not pinned."""
    current: Mapping[str, bool]
    """Environment → whether the pin is the content of the working tree."""


def statuses(context: Context, names: Sequence[ChartName] = ()) -> tuple[tuple[ChartStatus, ...], tuple[Problem, ...]]:
    """Every chart, in release order, and what is wrong with the registry or with the pins of any environment.

    Raises:
        RegistryError: the registry does not answer.
    """
    charts = plan_of(context)
    moved = [problem for name in context.config.environments for problem in moved_pins(context, name)]
    broken = plan.broken(context.workspace, replace(charts, moved=tuple(moved)))
    problems = tuple(problem for problem in broken if problem.rule != plan.VERSION_ORDER)
    pins = {environment: current_pins(context.config, environment) for environment in context.config.environments}
    wanted = names or graph.order(context.workspace)
    return tuple(status_of(context, charts, pins, name) for name in wanted), problems


def status_of(
    context: Context, charts: Plan, pins: Mapping[str, Mapping[ChartName, Pin]], name: ChartName
) -> ChartStatus:
    """One chart."""
    item = charts.chart(name)
    pinned = {environment: entries[name] for environment, entries in pins.items() if name in entries}
    return ChartStatus(
        chart=name,
        kind=context.workspace.charts[name].kind,
        local=item.version,
        registry=f"below {item.above}" if item.above else STATES[item.action],
        pins={environment: pinned[environment].version if environment in pinned else "" for environment in pins},
        current={
            environment: environment in pinned and pinned[environment].input_digest == item.input_digest
            for environment in pins
        },
    )
