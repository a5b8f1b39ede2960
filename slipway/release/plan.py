"""What a release would do, and why. Pure: the workspace, its digests, what is published and what is pinned go in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from slipway.core.errors import AlreadyPublished, Problem
from slipway.core.model import Chart, ChartKind, ChartName, Digest, Pin, Published, Workspace
from slipway.workspace import graph


class Action(StrEnum):
    """What happens to a chart."""

    PUBLISH = "publish"
    """The version is not in the registry."""
    KEEP = "keep"
    """The version is there with the same content."""
    CONFLICT = "conflict"
    """The version is there with other content; the release stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One chart of the plan."""

    chart: ChartName
    version: str
    action: Action
    reason: str
    because: tuple[ChartName, ...] = ()
    """Charts it vendors that are published or in conflict themselves: follow them for the whole chain."""
    input_digest: Digest
    published: Published | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinStep:
    """One environment's deploy folder."""

    environment: str
    reasons: tuple[str, ...]
    """Empty: the folder is as the release would write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every chart in release order, then the pins."""

    steps: tuple[Step, ...]
    pins: tuple[PinStep, ...] = ()

    def having(self, action: Action) -> tuple[Step, ...]:
        """The steps with one action."""
        return tuple(step for step in self.steps if step.action is action)

    @property
    def empty(self) -> bool:
        """Nothing to publish, nothing in conflict, nothing to pin."""
        return all(step.action is Action.KEEP for step in self.steps) and not any(step.reasons for step in self.pins)

    def step(self, name: ChartName) -> Step:
        """The step of one chart."""
        return next(step for step in self.steps if step.chart == name)


def make(
    workspace: Workspace,
    digests: Mapping[ChartName, Digest],
    published: Mapping[ChartName, Published | None],
    only: Sequence[ChartName] = (),
) -> Plan:
    """The plan for the charts that `published` knows about.

    Args:
        workspace: what is here.
        digests: of every chart of the workspace.
        published: what the registry has under each chart's present version.
        only: limit the plan to these; everything when empty.
    """
    steps: dict[ChartName, Step] = {}
    wanted = set(only) or set(workspace.charts)
    for name in graph.order(workspace):
        if name in wanted:
            steps[name] = _step(workspace.charts[name], digests[name], published.get(name), steps)
    return Plan(steps=tuple(steps.values()))


def _step(chart: Chart, digest: Digest, published: Published | None, below: Mapping[ChartName, Step]) -> Step:
    moving = tuple(
        dep.name for dep in chart.dependencies if dep.name in below and below[dep.name].action is not Action.KEEP
    )
    if published is None:
        action, reason = Action.PUBLISH, f"{chart.version} is not in the registry"
    elif published.input_digest == digest:
        action, reason = Action.KEEP, f"{chart.version} is published with this content"
    else:
        action, reason = Action.CONFLICT, f"{chart.version} is published with other content"
    return Step(
        chart=chart.name,
        version=chart.version,
        action=action,
        reason=reason,
        because=moving,
        input_digest=digest,
        published=published,
    )


def refuse_conflicts(workspace: Workspace, plan: Plan) -> None:
    """Stop before anything is built when a version is taken by other content.

    Raises:
        AlreadyPublished: one problem for each such chart, naming both digests, with one command that mends them all.
    """
    conflicts = plan.having(Action.CONFLICT)
    if not conflicts:
        return
    roots = [step for step in conflicts if not any(plan.step(dep).action is Action.CONFLICT for dep in step.because)]
    names = ",".join(step.chart for step in roots)
    problems = []
    for step in conflicts:
        chart = workspace.charts[step.chart]
        assert step.published is not None
        there = step.published.input_digest or f"no input digest (manifest {step.published.manifest})"
        evidence = [f"registry {there}", f"here     {step.input_digest}"]
        if step not in roots:
            evidence.append(f"because of {', '.join(step.because)}")
        problems.append(
            Problem(
                where=chart.line_of("version"),
                fact=f"version {step.version} is already published with different content",
                evidence=tuple(evidence),
                hint=f"./inv version --only {names}" if step in roots else "",
                rule="release.already-published",
            )
        )
    raise AlreadyPublished(problems)


def pins_of(workspace: Workspace, plan: Plan) -> dict[ChartName, Pin]:
    """The pins of the plan's umbrellas that the registry has with this content."""
    pins: dict[ChartName, Pin] = {}
    for step in plan.having(Action.KEEP):
        if workspace.charts[step.chart].kind is ChartKind.UMBRELLA and step.published is not None:
            pins[step.chart] = Pin(
                name=step.chart,
                version=step.version,
                manifest=step.published.manifest,
                input_digest=step.input_digest,
            )
    return pins


def chain(plan: Plan, name: ChartName) -> tuple[tuple[Step, ...], ...]:
    """Every path of reasons from a chart down to the charts that moved by themselves."""
    step = plan.step(name)
    below = [path for dep in step.because for path in chain(plan, dep)]
    return tuple((step, *path) for path in below) or ((step,),)
