"""The checks that need no process: the whole workspace, one chart, one package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from slipway.build import archive as package
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.lint import backups, notes, schemas, secrets, styles, templates, values, wiring
from slipway.secrets import store as sealed
from slipway.workspace import environments, graph
from slipway.workspace.annotations import check as check_annotations

Part = Callable[[], Iterable[Problem]]


def check(workspace: Workspace, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """Everything that can be said about these charts without building them."""
    tools = Tools(workspace)
    found = list(of_workspace(tools, names))
    for name in names:
        found += of_chart(tools, workspace.charts[name])
    return tuple(sorted(set(found)))


class Tools:
    """What the checks of one workspace share: settings read once, values judged once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.values = values.Check(workspace=workspace)
        self.styles = styles.Styles(workspace)
        self.clean: set[bytes] = set()


def of_workspace(tools: Tools, names: Sequence[ChartName]) -> Iterator[Problem]:
    """What belongs to no chart alone: Chart.yaml files against each other, the environments, `deploy/`."""
    workspace = tools.workspace
    yield from collected(
        lambda: graph.check(workspace),
        lambda: packaged_values(workspace),
        tools.styles.environments,
        lambda: templates.check(workspace, ()),
        lambda: tools.values.environments(names),
        lambda: sealed.check(workspace),
        lambda: secrets.scan_sources(sealed.without_sealed(read_tree(workspace.root, ("values", "deploy")))).problems,
    )


def packaged_values(workspace: Workspace) -> Iterator[Problem]:
    """The environments' values can be put into the umbrellas' packages."""
    for umbrella in workspace.umbrellas:
        try:
            environments.environment_files(workspace, umbrella)
        except WorkspaceError as error:
            yield from error.problems


def of_chart(tools: Tools, chart: Chart) -> Iterator[Problem]:
    """What belongs to one chart."""
    workspace = tools.workspace
    yield from collected(
        lambda: schemas.check(workspace, [chart.name]),
        lambda: templates.check_chart(chart),
        lambda: tools.styles.chart(chart),
        lambda: tools.values.chart(chart),
        lambda: backups.check(tools.values, chart),
        lambda: notes.check(chart),
        lambda: wiring.check(tools.values, chart) if chart.kind is ChartKind.UMBRELLA else (),
        lambda: check_annotations(chart) if chart.kind is ChartKind.UMBRELLA else (),
        lambda: secrets.scan_sources(read_tree(workspace.root, (chart.folder,))).problems,
    )


def of_package(tools: Tools, chart: Chart, archive: Path) -> Iterator[Problem]:
    """What is published: no secret that the sources do not show, and not too much."""
    tops = (chart.folder, "values") if chart.kind is ChartKind.UMBRELLA else (chart.folder,)
    known = secrets.scan_sources(sealed.without_sealed(read_tree(tools.workspace.root, tops))).known
    yield from secrets.scan_package(archive, known, tools.clean)
    size = archive.stat().st_size
    # Argo CD renders an umbrella and keeps no release of it, and its size is that of all its members.
    if size > package.MAX_BYTES and chart.kind is not ChartKind.UMBRELLA:
        fact = f"the package has {size:,} bytes, more than {package.MAX_BYTES:,}"
        hint = "Helm keeps a release in one Secret of 1 MiB: move data out of the chart"
        yield Problem(where=chart.folder, fact=fact, hint=hint, rule="package.size")


def collected(*parts: Part) -> Iterator[Problem]:
    """Every problem of every part; a part that cannot understand a file says so and ends, the next one goes on."""
    for part in parts:
        try:
            yield from part()
        except WorkspaceError as error:
            yield from error.problems


def read_tree(root: Path, tops: Sequence[str]) -> dict[str, bytes]:
    """Path relative to the root → content, of every file below some folders."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for top in tops
        for path in sorted((root / top).rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
