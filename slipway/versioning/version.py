"""Which versions must rise, by how much, and why. The plan is pure; `apply` writes it.

A version rises when it is published with other content. How far is decided by the evidence: what differs from the last
published chart. A maintainer may raise it further, never less. Dependents follow, each by its own evidence. A version that
is already above everything published is left alone if it is high enough, so the same command twice is the same
as once, and a run that was killed between two files is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import Chart, ChartName, Dependency, Digest, Published, Workspace
from slipway.util.files import decode, write_atomic
from slipway.versioning import changelog
from slipway.versioning.changelog import Item
from slipway.versioning.levels import ChangeKind, Evidence, Level, note_of, required_level
from slipway.versioning.semver import baseline, known_versions, next_version
from slipway.workspace import editing, graph
from slipway.workspace.chart_folder import CHANGELOG
from slipway.workspace.chart_yaml import parse_chart

EvidenceOf = Callable[[ChartName, str, Mapping[str, str]], Sequence[Evidence]]
"""(chart, published version to compare with, versions that its dependencies will have) → what differs."""

TagsOf = Callable[[ChartName], Iterable[str]]
"""Chart → every tag that the registry has of it."""

UNSEEN = Evidence(
    level=Level.PATCH, kind=ChangeKind.CHANGED, fact="packaged again; values and rendered objects are the same"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bump:
    """What is written for one chart."""

    chart: ChartName
    folder: str
    before: str
    after: str
    """Equal to `before` when the version is high enough already and only what belongs to it is brought up to date."""
    level: Level
    against: str
    """The published version that it was compared with; empty for a chart that was never published."""
    evidence: tuple[Evidence, ...] = ()
    dependencies: Mapping[ChartName, str]
    """Dependencies whose version is edited → the new version."""
    published: tuple[str, ...] = ()
    """Every published version."""
    notes: tuple[Item, ...] = ()
    """What the maintainer adds to the changelog."""

    @property
    def raised(self) -> bool:
        """Whether the version itself changes."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the command line asks for."""

    only: frozenset[ChartName]
    level: Level | None
    notes: tuple[Item, ...]

    def concerns(self, name: ChartName, evidence: Sequence[Evidence]) -> bool:
        """Whether a level or note is meant for a chart: it is named, or it changed by itself."""
        return name in self.only if self.only else any(not item.via for item in evidence)


def plan_bumps(
    workspace: Workspace,
    digests: Mapping[ChartName, Digest],
    published: Mapping[ChartName, Published | None],
    tags_of: TagsOf,
    evidence_of: EvidenceOf,
    *,
    only: Sequence[ChartName] = (),
    level: Level | None = None,
    note: str = "",
) -> tuple[Bump, ...]:
    """Every chart that `version` touches, in release order.

    Args:
        workspace: what is here.
        digests: of every chart.
        published: what the registry has under each chart's present version.
        tags_of: asked only for charts whose content is not published.
        evidence_of: asked only for charts that were published before and differ now.
        only: begin with these; their dependents follow. Everything when empty.
        level: raise the changed charts by at least this; None leaves it to the evidence.
        note: a line for the changelog of the changed charts.

    Raises:
        ProblemsFound: `level` is less than the evidence asks for.
        WorkspaceError: the dependencies form a cycle, or the note says nothing.
    """
    notes = (Item(kind=noted[0], description=noted[1]),) if note and (noted := note_of(note)) else ()
    wish = _Wish(only=frozenset(only), level=level, notes=notes)
    scope = {*only, *graph.dependents(workspace, list(only))} if only else set(workspace.charts)
    after: dict[str, str] = {name: chart.version for name, chart in workspace.charts.items()}
    bumps: list[Bump] = []
    problems: list[Problem] = []
    for name in graph.order(workspace):
        if name not in scope:
            continue
        chart = workspace.charts[name]
        edits = {
            dep.name: after[dep.name] for dep in chart.dependencies if after.get(dep.name, dep.version) != dep.version
        }
        there = published.get(name)
        if there is not None and there.holds(digests[name]) and not edits:
            continue
        versions = known_versions(tags_of(name), there)
        evidence: tuple[Evidence, ...] = ()
        if versions:
            coming = {str(dep.name): after.get(dep.name, dep.version) for dep in chart.dependencies}
            evidence = tuple(evidence_of(name, baseline(versions), coming)) or (UNSEEN,)
        bump = _bump(chart, edits, versions, evidence, wish)
        if wish.level is not None and wish.concerns(name, bump.evidence) and bump.against and wish.level < bump.level:
            problems.append(_too_little(chart, bump, wish.level))
        after[name] = bump.after
        if versions or edits or bump.notes:
            bumps.append(bump)
    if problems:
        raise ProblemsFound(problems)
    return tuple(bumps)


def _bump(
    chart: Chart,
    edits: Mapping[ChartName, str],
    versions: tuple[str, ...],
    evidence: tuple[Evidence, ...],
    wish: _Wish,
) -> Bump:
    """One chart's bump; without a published version nothing rises, only the dependencies are brought up to date."""
    concerned = wish.concerns(chart.name, evidence)
    level = required_level(evidence)
    if concerned and wish.level is not None:
        level = max(level, wish.level)
    return Bump(
        chart=chart.name,
        folder=chart.folder,
        before=chart.version,
        after=next_version(chart.version, versions, level) if versions else chart.version,
        level=level,
        against=baseline(versions) if versions else "",
        evidence=evidence,
        dependencies=edits,
        published=versions,
        notes=wish.notes if concerned else (),
    )


def _too_little(chart: Chart, bump: Bump, level: Level) -> Problem:
    worst = [item for item in bump.evidence if item.level is bump.level]
    return Problem(
        where=chart.line_of("version"),
        fact=f"{level} is too little for what changed since {bump.against}",
        evidence=tuple(f"{item.level}: {item.description}" for item in worst),
        hint=f"./inv version --only {chart.name} --level {bump.level}",
        rule="version.level",
    )


def aligned(workspace: Workspace) -> Workspace:
    """The workspace with every dependency at the version that its chart has.

    Helm drops a vendored chart whose version is not the wanted one, so a chart whose dependency was just raised renders
    nothing of it. What is compared must be built from this.
    """

    def at_present(dependency: Dependency) -> Dependency:
        target = workspace.charts.get(dependency.name)
        return dependency if target is None else replace(dependency, version=target.version)

    def entry(value: object) -> object:
        target = workspace.charts.get(ChartName(str(value.get("name")))) if isinstance(value, dict) else None
        return {**value, "version": target.version} if isinstance(value, dict) and target is not None else value

    charts = {}
    for name, chart in workspace.charts.items():
        metadata = dict(chart.metadata)
        if isinstance(entries := metadata.get("dependencies"), list):
            metadata["dependencies"] = [entry(value) for value in entries]
        dependencies = tuple(at_present(dependency) for dependency in chart.dependencies)
        charts[name] = replace(chart, metadata=metadata, dependencies=dependencies)
    return replace(workspace, charts=charts)


def new_texts(root: Path, bumps: Sequence[Bump], today: date) -> dict[str, bytes]:
    """Path → new content of every file that `apply` would write; reads, and writes nothing.

    A chart's changelog comes before its Chart.yaml: as long as the version is not raised, the next run does both again.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program.
    """
    texts: dict[str, bytes] = {}
    for bump in bumps:
        chart_path, log_path = f"{bump.folder}/Chart.yaml", f"{bump.folder}/CHANGELOG.md"
        chart = (root / chart_path).read_bytes()
        log = (root / log_path).read_bytes() if (root / log_path).is_file() else b""
        edited, logged = edited_texts(bump, chart, log, today)
        if logged != log:
            texts[log_path] = logged
        if edited != chart:
            texts[chart_path] = edited
    return texts


def raised(workspace: Workspace, bumps: Sequence[Bump], today: date) -> Workspace:
    """The workspace as `apply` leaves it.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program.
    """
    texts = new_texts(workspace.root, bumps, today)
    charts = dict(workspace.charts)
    for bump in bumps:
        chart, (path, log) = charts[bump.chart], (f"{bump.folder}/{name}" for name in ("Chart.yaml", CHANGELOG))
        text = texts[path] if path in texts else (workspace.root / path).read_bytes()
        beside = {**chart.beside, CHANGELOG: texts[log]} if log in texts else chart.beside
        made = parse_chart(text, chart.folder, chart.files, beside, workspace.profile)
        charts[bump.chart] = replace(made, vendored=chart.vendored, prefix=chart.prefix)
    return replace(workspace, charts=charts)


def effective(root: Path, bumps: Sequence[Bump], today: date) -> tuple[Bump, ...]:
    """The bumps that `apply` would write anything for; none when everything is as it should be.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program.
    """
    return tuple(bump for bump in bumps if new_texts(root, [bump], today))


def edited_texts(bump: Bump, chart: bytes, log: bytes, today: date) -> tuple[bytes, bytes]:
    """Chart.yaml and CHANGELOG.md of one chart after its bump.

    Raises:
        WorkspaceError: Chart.yaml cannot be edited by a program.
    """
    where = f"{bump.folder}/Chart.yaml"
    for name, version in sorted(bump.dependencies.items()):
        chart = editing.set_dependency_version(chart, name, version, where)
    if bump.raised:
        chart = editing.set_version(chart, bump.after, where)
    items = [*bump.notes, *(Item(kind=one.kind, description=one.description) for one in bump.evidence)]
    if not items:
        return chart, log
    text = changelog.release(
        decode(log, f"{bump.folder}/CHANGELOG.md"),
        chart=bump.chart,
        version=bump.after,
        day=today,
        items=items,
        published=bump.published,
    )
    listed = [
        editing.Change(kind=str(one.kind), description=one.description) for one in changelog.items_of(text, bump.after)
    ]
    return editing.set_changes(chart, listed, where), text.encode("utf-8")


def apply(root: Path, bumps: Sequence[Bump], today: date) -> tuple[str, ...]:
    """Write the versions, dependency versions, changelogs and `artifacthub.io/changes`; returns the written paths.

    Every text is computed before the first is written, and each file is replaced as a whole. Running it again after a
    kill writes the rest; running it twice writes nothing the second time.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program; nothing was written.
    """
    texts = new_texts(root, bumps, today)
    for path, text in texts.items():
        write_atomic(root / path, text)
    return tuple(texts)
