"""The plan of a checkout, from its workspace, the registry and the pins. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slipway.context import Context
from slipway.core.model import ChartKind, ChartName, Pin
from slipway.gitops.pins import check_environment, current_pins, deploy_differences, wanted_files
from slipway.release import plan
from slipway.release.plan import Action, PinPlan, Plan
from slipway.workspace import graph


def plan_of(context: Context, names: Sequence[ChartName] = ()) -> Plan:
    """The charts' part of the plan, for some charts and what they vendor, or for all.

    Raises:
        RegistryError: the registry does not answer.
    """
    wanted = graph.closure(context.workspace, names) if names else ()
    return plan.make(context.workspace, context.digests, context.published(), wanted)


def survey(context: Context, environment: str, names: tuple[ChartName, ...] = ()) -> Plan:
    """The whole plan: charts, then the environment's deploy folder. Changes nothing.

    Raises:
        WorkspaceError: the environment does not exist.
        RegistryError: the registry does not answer.
    """
    check_environment(context.config, environment)
    charts = plan_of(context, names)
    return replace(charts, pins=(pin_plan(context, environment, charts),))


def pin_plan(context: Context, environment: str, charts: Plan) -> PinPlan:
    """Why the deploy folder would be written."""
    coming = [
        item
        for item in charts.charts
        if item.action is not Action.KEEP and context.workspace.charts[item.chart].kind is ChartKind.UMBRELLA
    ]
    if coming:
        reasons = tuple(f"{item.chart} {item.version} comes first" for item in coming)
        return PinPlan(environment=environment, reasons=reasons)
    files = wanted_files(context.config, context.workspace, environment, pins_after(context, environment, charts))
    return PinPlan(environment=environment, reasons=deploy_differences(context.config, environment, files))


def pins_after(context: Context, environment: str, charts: Plan) -> dict[ChartName, Pin]:
    """The environment's pins once the plan is carried out; umbrellas outside the plan keep theirs."""
    pins = plan.pins_of(context.workspace, charts)
    if all(umbrella.name in pins for umbrella in context.workspace.umbrellas):
        return pins
    return {**current_pins(context.config, environment), **pins}
