"""The charts as a graph: the order of release, who depends on whom, and the constraints between them. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Dependency, Workspace
from slipway.util.text import closest
from slipway.workspace.vendored import candidates

SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
)
"""A version without build metadata. Source: semver.org 2.0.0, item 9; an OCI tag cannot contain `+`."""

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
"""DNS label; 53 characters is Helm's limit for a release name and leaves room for suffixes."""

RANK = {ChartKind.LIBRARY: 0, ChartKind.SERVICE: 1, ChartKind.UMBRELLA: 2}

MAY_VENDOR: Mapping[ChartKind, frozenset[ChartKind]] = {
    ChartKind.LIBRARY: frozenset(),
    ChartKind.SERVICE: frozenset({ChartKind.LIBRARY, ChartKind.SERVICE}),
    ChartKind.UMBRELLA: frozenset({ChartKind.SERVICE}),
}
"""Kind of a chart → the kinds that its dependencies may have, where the library chart is ours."""

MAY_VENDOR_PLAIN: Mapping[ChartKind, frozenset[ChartKind]] = {
    kind: frozenset(other for other in ChartKind if RANK[other] <= RANK[kind]) for kind in ChartKind
}
"""The same in any other monorepo: what is released earlier, or with it."""


def order(workspace: Workspace) -> tuple[ChartName, ...]:
    """Every chart after what it depends on; library, services, umbrellas; by name among equals.

    Raises:
        WorkspaceError: the dependencies form a cycle.
    """
    return tuple(name for level in levels(workspace) for name in level)


def levels(workspace: Workspace) -> tuple[tuple[ChartName, ...], ...]:
    """Groups of charts that do not depend on each other, in release order.

    Raises:
        WorkspaceError: the dependencies form a cycle.
    """
    depth: dict[ChartName, tuple[int, int]] = {}
    try:
        for name in TopologicalSorter(edges(workspace)).static_order():
            chart = workspace.charts[name]
            below = [
                depth[dep][1] + 1 for dep in edges(workspace, only=chart)[name] if depth[dep][0] == RANK[chart.kind]
            ]
            depth[name] = (RANK[chart.kind], max(below, default=0))
    except CycleError as error:
        raise WorkspaceError(_cycle(workspace, [ChartName(str(name)) for name in error.args[1]])) from None
    groups = sorted(set(depth.values()))
    return tuple(tuple(sorted(name for name in depth if depth[name] == group)) for group in groups)


def edges(workspace: Workspace, only: Chart | None = None) -> dict[ChartName, set[ChartName]]:
    """Chart → the charts of the workspace that it vendors."""
    charts = workspace.charts.values() if only is None else (only,)
    return {chart.name: {dep.name for dep in chart.dependencies if dep.name in workspace.charts} for chart in charts}


def dependents(workspace: Workspace, names: Sequence[ChartName]) -> tuple[ChartName, ...]:
    """Every chart that vendors one of these, directly or through another, in release order; without the given ones."""
    reached = set(names)
    for name in order(workspace):
        if any(dep.name in reached for dep in workspace.charts[name].dependencies):
            reached.add(name)
    return tuple(name for name in order(workspace) if name in reached and name not in set(names))


def umbrellas_with(workspace: Workspace, name: str) -> tuple[Chart, ...]:
    """The umbrellas that have a chart as a member, by name."""
    return tuple(one for one in workspace.umbrellas if any(member.name == name for member in one.dependencies))


def closure(workspace: Workspace, names: Sequence[ChartName]) -> tuple[ChartName, ...]:
    """These charts and everything they vendor, in release order."""
    reached: set[ChartName] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue.extend(dep.name for dep in workspace.charts[name].dependencies if dep.name in workspace.charts)
    return tuple(name for name in order(workspace) if name in reached)


def check(workspace: Workspace) -> tuple[Problem, ...]:
    """Every broken invariant between and within Chart.yaml files, of those that the profile asks for."""
    problems = [
        problem for name in sorted(workspace.charts) for problem in _check_chart(workspace, workspace.charts[name])
    ]
    for umbrella in workspace.umbrellas:
        problems.extend(_one_library(workspace, umbrella))
    try:
        levels(workspace)
    except WorkspaceError as error:
        problems.extend(error.problems)
    return workspace.profile.kept(problems)


def _check_chart(workspace: Workspace, chart: Chart) -> Iterator[Problem]:
    if not NAME.fullmatch(chart.name):
        yield Problem(
            where=chart.line_of("name"),
            fact=f"name {chart.name!r} is not a DNS label of at most 53 characters",
            rule="chart.name",
        )
    yield from _check_version(chart)
    if (
        chart.kind is not ChartKind.UMBRELLA
        and "values.schema.json" not in chart.files
        and chart.kind is ChartKind.SERVICE
    ):
        yield Problem(
            where=chart.folder,
            fact="has no values.schema.json",
            evidence=("without it a mistyped value is silently ignored",),
            hint='{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "../common/schemas/values.json"}',
            rule="chart.schema",
        )
    seen: dict[str, int] = {}
    for dependency in chart.dependencies:
        if dependency.key in seen:
            yield Problem(
                where=f"{chart.where}:{dependency.line}",
                fact=f"dependency {dependency.key!r} is duplicated",
                evidence=(f"first at line {seen[dependency.key]}",),
                rule="dependency.twice",
            )
        seen[dependency.key] = dependency.line
        yield from _check_dependency(workspace, chart, dependency)


def _check_version(chart: Chart) -> Iterator[Problem]:
    if SEMVER.fullmatch(chart.version):
        return
    if "+" in chart.version and SEMVER.fullmatch(chart.version.partition("+")[0]):
        yield Problem(
            where=chart.line_of("version"),
            fact=f"version {chart.version} has build metadata",
            evidence=("an OCI tag cannot contain '+', and Argo CD cannot resolve such a version",),
            hint=f"write version: {chart.version.partition('+')[0]}",
            rule="chart.version-build",
        )
        return
    yield Problem(
        where=chart.line_of("version"),
        fact=f"version {chart.version!r} is not a semantic version",
        hint="write MAJOR.MINOR.PATCH, such as 1.0.0",
        rule="chart.version",
    )


def _check_dependency(workspace: Workspace, chart: Chart, dependency: Dependency) -> Iterator[Problem]:
    where = f"{chart.where}:{dependency.line}"
    target = workspace.charts.get(dependency.name)
    if target is None:
        near = closest(dependency.name, workspace.charts)
        hint = f"did you mean {near!r}?" if near else "every chart of a package is in this repository"
        if workspace.profile.asks("dependency.unknown"):
            fact = f"there is no chart {dependency.name!r}"
            yield Problem(where=where, fact=fact, hint=hint, rule="dependency.unknown")
        else:
            yield from _check_vendored(chart, dependency, near)
        return
    may_vendor = MAY_VENDOR if workspace.profile.vocabulary else MAY_VENDOR_PLAIN
    if target.kind not in may_vendor[chart.kind] and target.name != chart.name:
        yield Problem(
            where=where,
            fact=f"a {chart.kind} cannot depend on the {target.kind} {target.name!r}",
            rule="dependency.kind",
        )
    yield from _check_repository(workspace, chart, dependency, target)
    if dependency.version != target.version:
        exact = SEMVER.fullmatch(dependency.version) is not None
        fact = (
            f"{dependency.name} {dependency.version}"
            if exact
            else f"{dependency.name} {dependency.version!r} (a range)"
        )
        yield Problem(
            where=where,
            fact=f"wants {fact}, but {target.where} is at {target.version}",
            hint=f"write version: {target.version}, or let ./inv version do it",
            rule="dependency.version",
        )
    if chart.kind is ChartKind.UMBRELLA and dependency.condition != f"{dependency.key}.enabled":
        yield Problem(
            where=where,
            fact=f"member {dependency.key} cannot be switched off",
            hint=f"write condition: {dependency.key}.enabled",
            rule="dependency.condition",
        )


def _check_repository(workspace: Workspace, chart: Chart, dependency: Dependency, target: Chart) -> Iterator[Problem]:
    expected = f"file://{posixpath.relpath(target.folder, chart.folder)}"
    written = dependency.repository.removesuffix("/")
    same = not workspace.profile.vocabulary and written in {workspace.registry, f"file://{target.folder}"}
    if written == expected or same:
        return
    yield Problem(
        where=f"{chart.where}:{dependency.line}",
        fact=f"dependency {dependency.name}: repository is {dependency.repository!r}",
        evidence=() if workspace.profile.vocabulary else (f"{target.folder} has this name, and would be packaged",),
        hint=f"write repository: {expected} (the release replaces it by the registry)",
        rule="dependency.repository",
    )


def _check_vendored(chart: Chart, dependency: Dependency, near: str | None) -> Iterator[Problem]:
    found = candidates(chart, dependency.name)
    if len(found) == 1:
        return
    here = f"{chart.folder}/charts"
    fact = f"{dependency.name} is no chart of this repository, and {here}/ has {len(found) or 'no'} archives of it"
    yield Problem(
        where=f"{chart.where}:{dependency.line}",
        fact=fact,
        evidence=(f"nothing is downloaded by a release: what is packaged is what git has in {here}/",),
        hint=f"did you mean {near!r}?" if near else f"helm dependency update {chart.folder}, and commit {here}/",
        rule="dependency.vendored",
    )


def _one_library(workspace: Workspace, umbrella: Chart) -> Iterator[Problem]:
    versions: dict[tuple[str, str], list[str]] = {}
    for member in umbrella.dependencies:
        for dependency in workspace.charts[member.name].dependencies if member.name in workspace.charts else ():
            target = workspace.charts.get(dependency.name)
            if target is not None and target.kind is ChartKind.LIBRARY:
                versions.setdefault((dependency.name, dependency.version), []).append(member.name)
    for library in sorted({name for name, _ in versions}):
        vendored = {version: members for (name, version), members in versions.items() if name == library}
        if len(vendored) > 1:
            yield Problem(
                where=umbrella.where,
                fact=f"its members vendor {len(vendored)} versions of {library}",
                evidence=tuple(f"{library} {version}: {', '.join(vendored[version])}" for version in sorted(vendored)),
                hint="Helm keeps one copy of each template: give all members the same version",
                rule="umbrella.library-version",
            )


def _cycle(workspace: Workspace, names: Sequence[ChartName]) -> Problem:
    turned = list(reversed(names))[:-1]
    start = turned.index(min(turned))
    path = [*turned[start:], *turned[:start], turned[start]]
    return Problem(
        where=workspace.charts[path[0]].where,
        fact=f"the dependencies form a cycle: {' → '.join(path)}",
        hint="remove one of these dependencies",
        rule="graph.cycle",
    )


def by_name(workspace: Workspace, mapping: Mapping[ChartName, object]) -> tuple[ChartName, ...]:
    """The keys of a mapping in release order."""
    return tuple(name for name in order(workspace) if name in mapping)
