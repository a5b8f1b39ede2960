"""The release as convergence: survey, act on what is missing, survey again and find nothing to do.

The registry is the journal. A release that was killed anywhere is finished by running it again: what is published is
kept, what is missing is made up, and the pins are written last, in one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.build.builder import Builder, Built
from slipway.context import Context, Effect
from slipway.core.errors import NotConverged, Problem, ProblemsFound, RegistryError
from slipway.core.model import ChartName, Pin, Published
from slipway.gitops import pins as pin
from slipway.release import plan
from slipway.release.plan import Action, Plan
from slipway.release.survey import pin_step, pins_after, plan_of, survey
from slipway.util.text import counted
from slipway.workspace import graph

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


def release(
    context: Context,
    *,
    environment: str,
    only: tuple[ChartName, ...] = (),
    effect: Effect = lambda _: None,
) -> Outcome:
    """Publish what is not published, then pin it.

    Args:
        context: the wiring.
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
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        context.require_sound()
        before = survey(context, environment, only)
        if before.empty:
            return Outcome(environment=environment, kept=len(before.steps))
        plan.refuse_conflicts(context.workspace, before)
        published = publish(context, before, effect)
        after = plan_of(context, only)
        pinned = write_pins(context, environment, after)
        effect(f"pins {environment}")
        final = replace(after, pins=(pin_step(context, environment, after),))
        if not final.empty:
            raise NotConverged(Problem(where="release", fact="something is still to do", evidence=leftovers(final)))
        kept = len(before.having(Action.KEEP))
        return Outcome(environment=environment, published=published, kept=kept, pinned=pinned)


def leftovers(final: Plan) -> tuple[str, ...]:
    """What a plan still wants, a line each."""
    steps = [f"{step.chart} {step.version}: {step.reason}" for step in final.steps if step.action is not Action.KEEP]
    return (*steps, *(reason for step in final.pins for reason in step.reasons))


def write_pins(context: Context, environment: str, after: Plan) -> tuple[str, ...]:
    """Write the deploy folder if it differs; returns why it was written."""
    files = pin.wanted_files(context.config, context.workspace, environment, pins_after(context, environment, after))
    reasons = pin.differences(context.config, environment, files)
    if reasons:
        pin.write(context.config, environment, files)
    return reasons


def publish(context: Context, before: Plan, effect: Effect) -> tuple[Published, ...]:
    """Build, check and publish the plan's charts, level by level.

    Raises:
        ProblemsFound: a chart could not be built, or the checks found something; nothing was published.
        RegistryError: the registry failed.
    """
    from slipway.registry.publish import publish_all

    names = tuple(step.chart for step in before.having(Action.PUBLISH))
    if not names:
        return ()
    built = checked(context, names, before)
    levels = [[built[name].archive for name in level if name in names] for level in graph.levels(context.workspace)]
    with context.progress.step("publish") as done:
        published = publish_all(context.registry, [level for level in levels if level], effect)
        done(f"{counted(len(published), 'chart')} to {context.config.registry.base}, each read back")
    return tuple(published[name] for name in names)


def checked(context: Context, names: Sequence[ChartName], before: Plan | None = None) -> Mapping[ChartName, Built]:
    """Package, lint and test these charts.

    Args:
        context: the wiring.
        names: which charts.
        before: the plan, when what it keeps must come from the registry byte by byte.

    Raises:
        ProblemsFound: everything that any check found.
    """
    from slipway.release import checks

    builder = context.builder()
    if before is not None:
        adopt_published(context, builder, names, before)
    with context.progress.step("package") as done:
        built, problems = builder.build(names)
        done(counted(len(names), "chart"))
    with context.progress.step("lint") as done:
        problems += checks.lint(context, builder, built, names)
        done(f"{counted(len(names), 'chart')}, {counted(len(problems), 'problem') if problems else 'no problems'}")
    if not problems:
        with context.progress.step("test") as done:
            problems += checks.test(context, builder, built, names)
            done(counted(len(problems), "problem") if problems else "every rule of the contract holds")
    if problems:
        raise ProblemsFound(problems)
    return built


def adopt_published(context: Context, builder: Builder, names: Sequence[ChartName], before: Plan) -> None:
    """Make sure that what is vendored is the very archive that was published, not one built again here."""
    from slipway.registry.publish import manifest_of

    for name in graph.closure(context.workspace, list(names)):
        step = before.step(name)
        if step.action is not Action.KEEP or step.published is None:
            continue
        local = builder.archive(name)
        if local is None or manifest_of(local)[1] != step.published.manifest:
            builder.adopt(name, context.pull(step.published))


def publish_only(
    context: Context, only: tuple[ChartName, ...] = (), effect: Effect = lambda _: None
) -> tuple[Published, ...]:
    """Publish what is not published; pins stay as they are.

    Raises:
        BuildError: see `release`.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        context.require_sound()
        before = plan_of(context, only)
        plan.refuse_conflicts(context.workspace, before)
        return publish(context, before, effect)


def pin_environment(
    context: Context, environment: str, only: tuple[ChartName, ...], *, dry_run: bool
) -> tuple[str, ...]:
    """Write an environment's deploy folder; the first one follows the registry, a later one the one before it.

    Returns:
        Why it is written; empty when it is right already.

    Raises:
        WorkspaceError: there is nothing to pin, or no such environment.
        RegistryError: a pin names what the registry does not have.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        pin.check_environment(context.config, environment)
        if environment == context.config.environments[0]:
            made = plan_of(context, only)
            plan.refuse_conflicts(context.workspace, made)
            pins = pins_after(context, environment, made)
        else:
            pins = pin.promoted(context.config, environment, only)
            require_published(context, pins)
        files = pin.wanted_files(context.config, context.workspace, environment, pins)
        reasons = pin.differences(context.config, environment, files)
        if reasons and not dry_run:
            pin.write(context.config, environment, files)
        return reasons


def require_published(context: Context, pins: Mapping[ChartName, Pin]) -> None:
    """Refuse to pin what Argo CD could not pull.

    Raises:
        RegistryError: a version is not in the registry, or has other bytes there.
    """
    found = context.registry.published({name: item.version for name, item in pins.items()})
    problems = []
    for name, item in sorted(pins.items()):
        there = found[name]
        if there is None or there.manifest != item.manifest:
            fact = "is not there" if there is None else f"has the manifest {there.manifest}"
            problems.append(
                Problem(
                    where=f"{context.config.registry.base}/{name}",
                    fact=f"version {item.version} {fact}",
                    evidence=(f"the pin wants {item.manifest}",),
                    hint="./inv release",
                )
            )
    if problems:
        raise RegistryError(problems)
