"""The release as convergence: survey, act on what is missing, survey again and expect nothing to do.

The registry is the journal. A release that was killed anywhere is finished by running it again: what is published is
kept, what is missing is published, and the pins are written last, in one step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.build.builder import Builder, Built
from slipway.context import Context, Effect
from slipway.core.errors import (
    NotConverged,
    Problem,
    ProblemsFound,
)
from slipway.core.model import ChartName, Published
from slipway.gitops.pins import (
    deploy_differences,
    sweep,
    wanted_files,
    write_deploy_folder,
)
from slipway.release import plan, signing
from slipway.release.plan import Action, Plan
from slipway.release.survey import pin_plan, pins_after, plan_of, survey
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
    """Why the deploy folder was written; empty when it was up to date."""
    signed: tuple[ChartName, ...] = ()
    recorded: tuple[str, ...] = ()
    """Changelogs that name the accepted dangers."""

    @property
    def unchanged(self) -> bool:
        """Whether the registry and the pins were up to date."""
        return not self.published and not self.pinned and not self.signed


def release(
    context: Context,
    *,
    environment: str,
    only: tuple[ChartName, ...] = (),
    effect: Effect = lambda _: None,
    accepted: Collection[str] = (),
) -> Outcome:
    """Publish what is not published, then pin it.

    Args:
        context: the wiring.
        environment: whose deploy folder is written; none when empty.
        only: release these and what they vendor; everything when empty.
        accepted: names of dangers that a person accepts.
        effect: called after each external effect; a test may stop the release there.

    Raises:
        ProblemsFound: the checks found problems, or a danger is not accepted; nothing was published.
        AlreadyPublished: a version is taken by other content, or would go down; nothing was pinned.
        RegistryError: the registry failed; what was published stays, no pin was written.
        NotConverged: the plan is not empty afterwards.
        Busy: another release runs in this checkout.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        context.require_sound()
        before = survey(context, environment, only)
        plan.refuse_conflicts(context.workspace, before)
        if before.empty and not signing.unsigned(context, before):
            sweep(context.config)
            return Outcome(environment=environment, kept=len(before.charts))
        from slipway.release.dangers import gate
        from slipway.release.dangers.acceptance import record, refuse_unaccepted

        signing.require_able(context)
        built = checked_to_publish(context, before)
        dangers = gate.of_release(context, environment, before, built) if environment else {}
        refuse_unaccepted(dangers, environment, accepted, repeat("release", environment, only))
        published = publish(context, before, built, effect)
        # Another checkout may have published meanwhile: nothing is pinned that is not exactly what is here.
        after = plan_of(context, only, environment)
        plan.refuse_conflicts(context.workspace, after)
        require_done(after)
        signed = signing.sign(context, signing.kept(after), effect)
        recorded = record(context, environment, dangers, {item.chart: item.version for item in after.charts})
        pinned: tuple[str, ...] = ()
        if environment:
            pinned = write_pins(context, environment, after)
            effect(f"pins {environment}")
            require_done(replace(after, pins=(pin_plan(context, environment, after),)))
        sweep(context.config)
        kept = len(before.having(Action.KEEP))
        return Outcome(
            environment=environment, published=published, kept=kept, pinned=pinned, recorded=recorded, signed=signed
        )


def repeat(task: str, environment: str, only: Sequence[ChartName]) -> str:
    """The command line of a task, for a hint."""
    return f"./inv {task} --env {environment}" + (f" --only {','.join(only)}" if only else "")


def require_done(final: Plan) -> None:
    """Check that a plan has nothing left.

    Raises:
        NotConverged: it has.
    """
    if not final.empty:
        raise NotConverged(
            Problem(
                where="release",
                fact="something is still to do",
                evidence=leftovers(final),
                hint="./inv plan, then ./inv release",
            )
        )


def leftovers(final: Plan) -> tuple[str, ...]:
    """A line for each item that a plan is left with."""
    charts = [f"{item.chart} {item.version}: {item.reason}" for item in final.charts if item.action is not Action.KEEP]
    return (*charts, *(reason for item in final.pins for reason in item.reasons))


def write_pins(context: Context, environment: str, after: Plan) -> tuple[str, ...]:
    """Write the deploy folder if it differs; returns why it was written.

    Raises:
        ProblemsFound: what would be pinned is not signed.
    """
    pins = pins_after(context, environment, after)
    files = wanted_files(context.config, context.workspace, environment, pins)
    reasons = deploy_differences(context.config, environment, files)
    if reasons:
        signing.require_signed(context, pins.values())
        write_deploy_folder(context.config, environment, files)
    return reasons


def checked_to_publish(context: Context, before: Plan) -> Mapping[ChartName, Built]:
    """The plan's charts that are to be published, built and checked.

    Raises:
        ProblemsFound: a chart could not be built, or the checks found problems.
    """
    names = tuple(item.chart for item in before.having(Action.PUBLISH))
    return checked(context, names, before) if names else {}


def publish(context: Context, before: Plan, built: Mapping[ChartName, Built], effect: Effect) -> tuple[Published, ...]:
    """Publish the plan's charts, level by level.

    Raises:
        RegistryError: the registry failed.
    """
    from slipway.registry.publish import publish_all

    names = tuple(item.chart for item in before.having(Action.PUBLISH))
    if not names:
        return ()
    levels = [[built[name].archive for name in level if name in names] for level in graph.levels(context.workspace)]
    with context.progress.step("publish") as done:
        published = publish_all(context.registry, [level for level in levels if level], effect)
        context.adoption.remember(list(published.values()))
        done(f"{counted(len(published), 'chart')} to {context.config.registry.base}, each read back")
    return tuple(published[name] for name in names)


def checked(context: Context, names: Sequence[ChartName], before: Plan | None = None) -> Mapping[ChartName, Built]:
    """Package, lint and test these charts.

    Args:
        context: the wiring.
        names: which charts.
        before: the plan, when what it keeps must come from the registry byte by byte.

    Raises:
        ProblemsFound: all that the checks found.
    """
    from slipway.release import checks

    builder = context.builder()
    if before is not None:
        adopt_published(context, builder, names, before)
    with context.progress.step("package") as done:
        built, problems = builder.build(names, exact=names)
        done(counted(len(names), "chart"))
    with context.progress.step("lint") as done:
        problems += checks.lint(context, builder, built, names)
        done(f"{counted(len(names), 'chart')}, {counted(len(problems), 'problem') if problems else 'no problems'}")
    if not problems and checks.has_contract(context):
        with context.progress.step("test") as done:
            problems += checks.test(context, builder, built, names)
            done(counted(len(problems), "problem") if problems else "every rule of the contract is satisfied")
    if problems:
        raise ProblemsFound(problems)
    return built


def adopt_published(context: Context, builder: Builder, names: Sequence[ChartName], before: Plan) -> None:
    """Take archives that are published already from the registry, so that umbrellas vendor exactly these."""
    from slipway.registry.publish import manifest_of

    for name in graph.closure(context.workspace, list(names)):
        item = before.chart(name)
        if item.action is not Action.KEEP or item.published is None:
            continue
        local = builder.archive(name)
        if local is None or manifest_of(local)[1] != item.published.manifest:
            builder.adopt(name, context.pull(item.published))


def publish_only(
    context: Context, only: tuple[ChartName, ...] = (), effect: Effect = lambda _: None
) -> tuple[Published, ...]:
    """Publish what is not published; the pins do not change.

    Raises:
        BuildError: see `release`.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        context.require_sound()
        before = plan_of(context, only)
        plan.refuse_conflicts(context.workspace, before)
        if not before.having(Action.PUBLISH) and not signing.unsigned(context, before):
            return ()
        signing.require_able(context)
        published = publish(context, before, checked_to_publish(context, before), effect)
        signing.sign(context, (*signing.kept(before), *published), effect)
        return published
