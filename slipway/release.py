"""The release as convergence: survey, act on what is missing, survey again and find nothing to do.

The registry is the journal. A release that was killed anywhere is finished by running it again: what is published is
kept, what is missing is made up, and the pins are written last, in one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slipway import graph, pin, plan
from slipway.build import Builder, Built
from slipway.errors import NotConverged, Problem, ProblemsFound, RegistryError
from slipway.model import ChartKind, ChartName, Pin, Published
from slipway.plan import Action, PinStep, Plan
from slipway.words import counted
from slipway.yard import Effect, Yard

LOCK = "release.lock"
LOCK_WAIT_S = 600.0
"""How long a release waits for another one in the same checkout: longer than a cold release of a large monorepo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a release did."""

    environment: str
    published: tuple[Published, ...] = ()
    kept: int = 0
    pinned: tuple[str, ...] = ()
    """Why the deploy folder was written; empty when it was right already."""

    @property
    def nothing(self) -> bool:
        """The registry and the pins were already as the workspace wants them."""
        return not self.published and not self.pinned


def survey(yard: Yard, environment: str, names: tuple[ChartName, ...] = ()) -> Plan:
    """The whole plan: charts, then the environment's deploy folder. Changes nothing.

    Raises:
        WorkspaceError: the environment does not exist.
        RegistryError: the registry does not answer.
    """
    pin.check_environment(yard.config, environment)
    charts = yard.plan(names)
    return replace(charts, pins=(pin_step(yard, environment, charts),))


def pin_step(yard: Yard, environment: str, charts: Plan) -> PinStep:
    """Why the deploy folder would be written."""
    charts_here = yard.workspace.charts
    coming = [
        step
        for step in charts.steps
        if step.action is not Action.KEEP and charts_here[step.chart].kind is ChartKind.UMBRELLA
    ]
    if coming:
        reasons = tuple(f"{step.chart} {step.version} comes first" for step in coming)
        return PinStep(environment=environment, reasons=reasons)
    files = pin.wanted_files(yard.config, yard.workspace, environment, pins_after(yard, environment, charts))
    return PinStep(environment=environment, reasons=pin.differences(yard.config, environment, files))


def pins_after(yard: Yard, environment: str, charts: Plan) -> dict[ChartName, Pin]:
    """The environment's pins once the plan is carried out; umbrellas outside the plan keep theirs."""
    pins = plan.pins_of(yard.workspace, charts)
    if all(umbrella.name in pins for umbrella in yard.workspace.umbrellas):
        return pins
    return {**pin.current(yard.config, environment), **pins}


def release(
    yard: Yard,
    *,
    environment: str,
    only: tuple[ChartName, ...] = (),
    effect: Effect = lambda _: None,
) -> Outcome:
    """Publish what is not published, then pin it.

    Args:
        yard: the wiring.
        environment: whose deploy folder is written.
        only: release these and what they vendor; everything when empty.
        effect: called after each external effect; a test may stop the release there.

    Raises:
        ProblemsFound: the checks found something; nothing was published.
        AlreadyPublished: a version is taken by other content; nothing was published.
        RegistryError: the registry failed; what was published stays, no pin was written.
        NotConverged: afterwards something is still to do.
        Busy: another release runs in this checkout.
    """
    from slipway import lock

    with lock.hold(yard.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=yard.progress.say):
        yard.require_sound()
        before = survey(yard, environment, only)
        if before.empty:
            return Outcome(environment=environment, kept=len(before.steps))
        plan.refuse_conflicts(yard.workspace, before)
        published = publish(yard, before, effect)
        after = yard.plan(only)
        pinned = write_pins(yard, environment, after)
        effect(f"pins {environment}")
        final = replace(after, pins=(pin_step(yard, environment, after),))
        if not final.empty:
            raise NotConverged(Problem(where="release", fact="something is still to do", evidence=leftovers(final)))
        kept = len(before.having(Action.KEEP))
        return Outcome(environment=environment, published=published, kept=kept, pinned=pinned)


def leftovers(final: Plan) -> tuple[str, ...]:
    """What a plan still wants, a line each."""
    steps = [f"{step.chart} {step.version}: {step.reason}" for step in final.steps if step.action is not Action.KEEP]
    return (*steps, *(reason for step in final.pins for reason in step.reasons))


def write_pins(yard: Yard, environment: str, after: Plan) -> tuple[str, ...]:
    """Write the deploy folder if it differs; returns why it was written."""
    files = pin.wanted_files(yard.config, yard.workspace, environment, pins_after(yard, environment, after))
    reasons = pin.differences(yard.config, environment, files)
    if reasons:
        pin.write(yard.config, environment, files)
    return reasons


def publish(yard: Yard, before: Plan, effect: Effect) -> tuple[Published, ...]:
    """Build, check and publish the plan's charts, level by level.

    Raises:
        ProblemsFound: a chart could not be built, or the checks found something; nothing was published.
        RegistryError: the registry failed.
    """
    from slipway.publish import publish_all

    names = tuple(step.chart for step in before.having(Action.PUBLISH))
    if not names:
        return ()
    built = checked(yard, names, before)
    levels = [[built[name].archive for name in level if name in names] for level in graph.levels(yard.workspace)]
    with yard.progress.step("publish") as done:
        published = publish_all(yard.registry, [level for level in levels if level], effect)
        done(f"{counted(len(published), 'chart')} to {yard.config.registry.base}, each read back")
    return tuple(published[name] for name in names)


def checked(yard: Yard, names: Sequence[ChartName], before: Plan | None = None) -> Mapping[ChartName, Built]:
    """Package, lint and test these charts.

    Args:
        yard: the wiring.
        names: which charts.
        before: the plan, when what it keeps must come from the registry byte by byte.

    Raises:
        ProblemsFound: everything that any check found.
    """
    from slipway import checks

    builder = yard.builder()
    if before is not None:
        adopt_published(yard, builder, names, before)
    with yard.progress.step("package") as done:
        built, problems = builder.build(names)
        done(counted(len(names), "chart"))
    with yard.progress.step("lint") as done:
        problems += checks.lint(yard, builder, built, names)
        done(f"{counted(len(names), 'chart')}, {counted(len(problems), 'problem') if problems else 'no problems'}")
    if not problems:
        with yard.progress.step("test") as done:
            problems += checks.test(yard, builder, built, names)
            done(counted(len(problems), "problem") if problems else "every rule of the contract holds")
    if problems:
        raise ProblemsFound(problems)
    return built


def adopt_published(yard: Yard, builder: Builder, names: Sequence[ChartName], before: Plan) -> None:
    """Make sure that what is vendored is the very archive that was published, not one built again here."""
    from slipway.publish import manifest_of

    for name in graph.closure(yard.workspace, list(names)):
        step = before.step(name)
        if step.action is not Action.KEEP or step.published is None:
            continue
        local = builder.archive(name)
        if local is None or manifest_of(local)[1] != step.published.manifest:
            builder.adopt(name, yard.pull(step.published))


def publish_only(
    yard: Yard, only: tuple[ChartName, ...] = (), effect: Effect = lambda _: None
) -> tuple[Published, ...]:
    """Publish what is not published; pins stay as they are.

    Raises:
        BuildError: see `release`.
    """
    from slipway import lock

    with lock.hold(yard.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=yard.progress.say):
        yard.require_sound()
        before = yard.plan(only)
        plan.refuse_conflicts(yard.workspace, before)
        return publish(yard, before, effect)


def pin_environment(yard: Yard, environment: str, only: tuple[ChartName, ...], *, dry_run: bool) -> tuple[str, ...]:
    """Write an environment's deploy folder; the first one follows the registry, a later one the one before it.

    Returns:
        Why it is written; empty when it is right already.

    Raises:
        WorkspaceError: there is nothing to pin, or no such environment.
        RegistryError: a pin names what the registry does not have.
    """
    from slipway import lock

    with lock.hold(yard.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=yard.progress.say):
        pin.check_environment(yard.config, environment)
        if environment == yard.config.environments[0]:
            made = yard.plan(only)
            plan.refuse_conflicts(yard.workspace, made)
            pins = pins_after(yard, environment, made)
        else:
            pins = pin.promoted(yard.config, environment, only)
            require_published(yard, pins)
        files = pin.wanted_files(yard.config, yard.workspace, environment, pins)
        reasons = pin.differences(yard.config, environment, files)
        if reasons and not dry_run:
            pin.write(yard.config, environment, files)
        return reasons


def require_published(yard: Yard, pins: Mapping[ChartName, Pin]) -> None:
    """Refuse to pin what Argo CD could not pull.

    Raises:
        RegistryError: a version is not in the registry, or has other bytes there.
    """
    found = yard.registry.published({name: item.version for name, item in pins.items()})
    problems = []
    for name, item in sorted(pins.items()):
        there = found[name]
        if there is None or there.manifest != item.manifest:
            fact = "is not there" if there is None else f"has the manifest {there.manifest}"
            problems.append(
                Problem(
                    where=f"{yard.config.registry.base}/{name}",
                    fact=f"version {item.version} {fact}",
                    evidence=(f"the pin wants {item.manifest}",),
                    hint="./inv release",
                )
            )
    if problems:
        raise RegistryError(problems)
