"""What a release would do, and why. Pure: the workspace, its digests, what is published and what is pinned go in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from slipway.core.errors import AlreadyPublished, Problem
from slipway.core.model import Chart, ChartKind, ChartName, Digest, Pin, Published, Workspace
from slipway.registry import adoption
from slipway.versioning import semver
from slipway.workspace import graph

VERSION_ORDER = "release.version-order"
"""Rule of a version that would go down."""

NOTHING: Mapping[ChartName, Sequence[str]] = MappingProxyType({})


class Action(StrEnum):
    """What happens to a chart."""

    PUBLISH = "publish"
    """The version is not in the registry."""
    KEEP = "keep"
    """The version is published with the same content."""
    CONFLICT = "conflict"
    """The version is published with other content, or is lower than a published one; the release stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPlan:
    """What happens to one chart."""

    chart: ChartName
    version: str
    action: Action
    reason: str
    because: tuple[ChartName, ...] = ()
    """Dependencies that are published or in conflict themselves: follow them for the whole chain."""
    input_digest: Digest
    published: Published | None = None
    above: str = ""
    """The highest published version, where this one would be published below it."""

    @property
    def broken(self) -> bool:
        """Whether something is wrong that no edit of the chart explains: with the registry, or with the version."""
        return bool(self.above) or (self.published is not None and bool(self.published.differs))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinPlan:
    """What happens to one environment's deploy folder."""

    environment: str
    reasons: tuple[str, ...]
    """Empty when the folder is up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every chart in release order, then the pins."""

    charts: tuple[ChartPlan, ...]
    pins: tuple[PinPlan, ...] = ()
    moved: tuple[Problem, ...] = ()
    """Pins whose version has another manifest in the registry by now."""

    def having(self, action: Action) -> tuple[ChartPlan, ...]:
        """The charts with one action."""
        return tuple(item for item in self.charts if item.action is action)

    @property
    def empty(self) -> bool:
        """Nothing to publish, nothing in conflict, nothing to pin."""
        kept = all(item.action is Action.KEEP for item in self.charts)
        return kept and not self.moved and not any(item.reasons for item in self.pins)

    def chart(self, name: ChartName) -> ChartPlan:
        """One chart."""
        return next(item for item in self.charts if item.chart == name)


def make(
    workspace: Workspace,
    digests: Mapping[ChartName, Digest],
    published: Mapping[ChartName, Published | None],
    only: Sequence[ChartName] = (),
    versions: Mapping[ChartName, Sequence[str]] = NOTHING,
) -> Plan:
    """The plan for the charts that `published` knows about.

    Args:
        workspace: what is here.
        digests: of every chart of the workspace.
        published: what the registry has under each chart's present version.
        only: limit the plan to these; everything when empty.
        versions: every published version of the charts that have none of the present one.
    """
    planned: dict[ChartName, ChartPlan] = {}
    wanted = set(only) or set(workspace.charts)
    for name in graph.order(workspace):
        if name in wanted:
            planned[name] = _of_chart(
                workspace.charts[name], digests[name], published.get(name), versions.get(name, ()), planned
            )
    return Plan(charts=tuple(planned.values()))


def _of_chart(
    chart: Chart,
    digest: Digest,
    published: Published | None,
    versions: Sequence[str],
    below: Mapping[ChartName, ChartPlan],
) -> ChartPlan:
    moving = tuple(
        dep.name for dep in chart.dependencies if dep.name in below and below[dep.name].action is not Action.KEEP
    )
    above = semver.above(chart.version, versions) if published is None else ""
    if above:
        action, reason = Action.CONFLICT, f"{chart.version} is lower than the published {above}"
    elif published is None:
        action, reason = Action.PUBLISH, f"{chart.version} is not in the registry"
    elif published.holds(digest):
        action, reason = Action.KEEP, f"{chart.version} is published with this content"
    else:
        action, reason = Action.CONFLICT, f"{chart.version} is published with other content"
    return ChartPlan(
        chart=chart.name,
        version=chart.version,
        action=action,
        reason=reason,
        because=moving,
        input_digest=digest,
        published=published,
        above=above,
    )


def refuse_conflicts(workspace: Workspace, plan: Plan) -> None:
    """Stop before anything is built when a version is taken by other content, or would go down.

    Raises:
        AlreadyPublished: one problem for each such chart, naming both digests, with one command that fixes them all.
    """
    if problems := (*conflicts(workspace, plan), *plan.moved):
        raise AlreadyPublished(problems)


def broken(workspace: Workspace, plan: Plan) -> tuple[Problem, ...]:
    """The problems of a plan that are no part of the work: a moved tag, a pin that it leaves, a version that would go down."""
    broken_charts = {workspace.charts[item.chart].line_of("version") for item in plan.charts if item.broken}
    return (*(problem for problem in conflicts(workspace, plan) if problem.where in broken_charts), *plan.moved)


def conflicts(workspace: Workspace, plan: Plan) -> tuple[Problem, ...]:
    """A problem for each chart in conflict; those that only follow another one have no hint."""
    found = plan.having(Action.CONFLICT)
    roots = [
        item
        for item in found
        if item.broken or not any(plan.chart(dep).action is Action.CONFLICT for dep in item.because)
    ]
    names = ",".join(item.chart for item in roots)
    problems = []
    for item in found:
        if item.above:
            fact, evidence = f"{item.version} is lower than the published {item.above}", []
        else:
            assert item.published is not None
            fact = f"version {item.version} is already published with different content"
            evidence = [*adoption.evidence(item.published, item.input_digest)]
        if item not in roots:
            evidence.append(f"because of {', '.join(item.because)}")
        problems.append(
            Problem(
                where=workspace.charts[item.chart].line_of("version"),
                fact=fact,
                evidence=tuple(evidence),
                hint=f"./inv version --only {names}" if item in roots else "",
                rule=VERSION_ORDER if item.above else "release.already-published",
            )
        )
    return tuple(problems)


def pins_of(workspace: Workspace, plan: Plan) -> dict[ChartName, Pin]:
    """The pins of the plan's umbrellas that the registry has with this content."""
    pins: dict[ChartName, Pin] = {}
    for item in plan.having(Action.KEEP):
        if workspace.charts[item.chart].kind is ChartKind.UMBRELLA and item.published is not None:
            pins[item.chart] = Pin(
                name=item.chart,
                version=item.version,
                manifest=item.published.manifest,
                input_digest=item.input_digest,
            )
    return pins


def chain(plan: Plan, name: ChartName) -> tuple[tuple[ChartPlan, ...], ...]:
    """Every path of reasons from a chart down to the charts that changed by themselves."""
    top = plan.chart(name)
    below = [path for dep in top.because for path in chain(plan, dep)]
    return tuple((top, *path) for path in below) or ((top,),)
