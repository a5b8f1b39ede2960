"""The plan of a checkout: what the workspace, the registry and the pins say together. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slipway.context import Context
from slipway.core.model import ChartKind, ChartName, Pin
from slipway.gitops import pins as pin
from slipway.release import plan
from slipway.release.plan import Action, PinStep, Plan
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
    pin.check_environment(context.config, environment)
    charts = plan_of(context, names)
    return replace(charts, pins=(pin_step(context, environment, charts),))


def pin_step(context: Context, environment: str, charts: Plan) -> PinStep:
    """Why the deploy folder would be written."""
    charts_here = context.workspace.charts
    coming = [
        step
        for step in charts.steps
        if step.action is not Action.KEEP and charts_here[step.chart].kind is ChartKind.UMBRELLA
    ]
    if coming:
        reasons = tuple(f"{step.chart} {step.version} comes first" for step in coming)
        return PinStep(environment=environment, reasons=reasons)
    files = pin.wanted_files(context.config, context.workspace, environment, pins_after(context, environment, charts))
    return PinStep(environment=environment, reasons=pin.differences(context.config, environment, files))


def pins_after(context: Context, environment: str, charts: Plan) -> dict[ChartName, Pin]:
    """The environment's pins once the plan is carried out; umbrellas outside the plan keep theirs."""
    pins = plan.pins_of(context.workspace, charts)
    if all(umbrella.name in pins for umbrella in context.workspace.umbrellas):
        return pins
    return {**pin.current(context.config, environment), **pins}
