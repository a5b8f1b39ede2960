"""The plan of a checkout, from its workspace, the registry and the pins. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from slipway.context import Context
from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Pin, Published
from slipway.gitops.pins import check_environment, current_pins, deploy_differences, wanted_files
from slipway.registry import adoption
from slipway.registry.client import READERS
from slipway.release import plan
from slipway.release.plan import Action, PinPlan, Plan
from slipway.util.parallel import each
from slipway.workspace import graph
from slipway.workspace.pinned import PINS, pins_here


def plan_of(context: Context, names: Sequence[ChartName] = (), environment: str = "") -> Plan:
    """The charts' part of the plan, for some charts and what they vendor, or for all.

    Args:
        context: the wiring.
        names: which charts; all of them when empty.
        environment: whose pins must still be what the registry has; none when empty.

    Raises:
        RegistryError: the registry does not answer.
    """
    wanted = graph.closure(context.workspace, names) if names else tuple(context.workspace.charts)
    published = context.published()
    coming = [name for name in wanted if published[name] is None]
    # Only what would be published is asked for its other versions: a release with nothing to do does without.
    versions = dict(zip(coming, each(context.registry.tags, coming, READERS), strict=True))
    made = plan.make(context.workspace, context.digests, published, wanted, versions)
    if not environment:
        return made
    replaced = {item.chart for item in made.charts}
    return replace(made, moved=moved_pins(context, environment, replaced))


def moved_pins(context: Context, environment: str, replaced: Collection[ChartName] = ()) -> tuple[Problem, ...]:
    """Pins whose version has another manifest in the registry than they name.

    A pin of the version that the workspace has is judged with its chart; here are the others.

    Args:
        context: the wiring.
        environment: whose pins.
        replaced: umbrellas whose pin is about to be replaced, so that what it names no longer counts.

    Raises:
        RegistryError: the registry does not answer.
    """
    charts = context.workspace.charts
    pins = [
        pin
        for name, pin in sorted(pins_here(context.config, environment).items())
        if name in charts and name not in replaced and charts[name].version != pin.version
    ]
    found = context.registry.published({pin.name: pin.version for pin in pins})
    return tuple(
        moved_pin(context, environment, pin, there)
        for pin in pins
        if (there := found[pin.name]) is not None and there.manifest != pin.manifest
    )


def moved_pin(context: Context, environment: str, pin: Pin, there: Published) -> Problem:
    """The problem of a pin whose version has another manifest by now, with what differs by file."""
    first = environment == context.config.environments[0]
    return Problem(
        where=f"deploy/{environment}/{PINS}",
        fact=f"{pin.name} {pin.version} has another manifest in the registry than the one that is pinned",
        evidence=(
            f"registry {there.manifest}",
            f"pinned   {pin.manifest}",
            *adoption.between(context.registry, pin, there),
        ),
        hint=f"./inv release --only {pin.name}" if first else f"./inv pin --env {environment} --only {pin.name}",
        rule="release.moved-tag",
    )


def survey(context: Context, environment: str, names: tuple[ChartName, ...] = ()) -> Plan:
    """The whole plan: charts, then the environment's deploy folder, if one is named. Changes nothing.

    Raises:
        WorkspaceError: the environment does not exist.
        RegistryError: the registry does not answer.
    """
    if not environment:
        return plan_of(context, names)
    check_environment(context.config, environment)
    charts = plan_of(context, names, environment)
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
