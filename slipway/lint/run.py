"""Every check over some charts, in one run: ct beside what needs no process, then helm's renders and kubeconform.

Nothing stops at its first finding. A chart that was clean is remembered by everything that the checks look at, and is
then passed over; a finding is never remembered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from slipway.build import batch, render
from slipway.build import cases as renders
from slipway.build.builder import Builder, Built
from slipway.build.cases import RenderCase
from slipway.build.render import Rendered
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName
from slipway.lint import kube, static, styles, tools, upgrades
from slipway.tools.ct import ChartTesting
from slipway.tools.kubeconform import Kubeconform
from slipway.util import cache, parallel

BLOCKING = frozenset({"values.unknown-key", "values.schema", "schema.json", "schema.reference", "yaml.syntax"})
"""Findings after which helm would only say the same again, in its own words."""


@dataclass(frozen=True, kw_only=True)
class LintInputs:
    """What is checked, and with what."""

    builder: Builder
    built: Mapping[ChartName, Built]
    """Charts that could be built; the others have their problem already."""
    ct: ChartTesting
    kubeconform: Kubeconform
    kube_version: str
    versions: Mapping[str, str]
    """Program → version; a result holds for these only."""
    published: Callable[[ChartName], bytes | None] | None = None
    """The archive of a chart's last published version; None leaves that comparison out."""
    say: Callable[[str], None] = lambda _: None
    """Told what is under way."""

    @property
    def folder(self) -> Path:
        """Of every cache."""
        return self.builder.folder / "cache"

    @property
    def renderer(self) -> render.Renderer:
        """Renders with a cache."""
        version = self.versions.get("helm", "")
        return render.renderer_of(self.builder, helm_version=version, kube_version=self.kube_version)


@dataclass(kw_only=True)
class Run:
    """One run: problems by the chart that they were found for; the empty name stands for the workspace."""

    inputs: LintInputs
    names: tuple[ChartName, ...]
    found: dict[str, list[Problem]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    accepted: bool = False
    """ct had nothing to say about any chart."""

    @cached_property
    def tools(self) -> static.Tools:
        """What the checks without a process share."""
        return static.Tools(self.inputs.builder.workspace)

    def add(self, name: str, problems: Iterable[Problem]) -> None:
        """Collect the problems of a chart."""
        try:
            self.found.setdefault(name, []).extend(problems)
        except WorkspaceError as error:
            self.found.setdefault(name, []).extend(error.problems)

    def timed(self, what: str, work: Callable[[], None]) -> None:
        """One part of the run, with its time."""
        self.inputs.say(what)
        started = time.monotonic()
        work()
        self.seconds[what] = time.monotonic() - started

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found, each once, in order."""
        every = sorted({problem for found in self.found.values() for problem in found})
        return tuple(sorted(renders.merged(every)))

    def charts(self) -> Iterator[Chart]:
        """The charts of the run."""
        for name in self.names:
            yield self.inputs.builder.workspace.charts[name]

    def ready(self) -> list[Chart]:
        """The charts that helm has not been anticipated about."""
        return [chart for chart in self.charts() if chart.name in self.inputs.built and not self.blocked(chart)]

    def blocked(self, chart: Chart) -> bool:
        """Whether helm would only repeat what was found for a chart, or for one that it vendors."""
        members = [member.name for member in chart.dependencies]
        return any(problem.rule in BLOCKING for name in (chart.name, *members) for problem in self.found.get(name, ()))

    def workspace(self) -> None:
        """What belongs to no chart alone."""
        self.add("", static.of_workspace(self.tools, self.names))

    def static(self) -> None:
        """What needs no process, chart by chart."""
        for chart in self.charts():
            self.add(chart.name, static.of_chart(self.tools, chart))
            if (built := self.inputs.built.get(chart.name)) is not None:
                self.add(chart.name, static.of_package(self.tools, chart, built.archive.path))

    def linters(self, scratch: Path) -> tuple[Problem, ...]:
        """ct lint with its helm lint, over copies that carry the ci values."""
        copies = {tools.with_ci(folder, chart, scratch): chart for folder, chart in self.folders().items()}
        self.accepted, found = tools.ct_lint(self.inputs.ct, copies)
        return found

    def beside(self, scratch: Path) -> None:
        """The linters in their processes, and meanwhile what needs none: one takes as long as the other.

        What helm says about values that were refused here already is left out.
        """
        found: list[Problem] = []
        parts: tuple[Callable[[], None], ...] = (lambda: found.extend(self.linters(scratch)), self.static)
        parallel.each(lambda part: part(), parts, len(parts))
        ready = {chart.name for chart in self.ready()}
        for problem in found:
            name = self.owner(problem)
            if not name or name in ready:
                self.add(name, [problem])

    def folders(self) -> dict[Path, Chart]:
        """Staged folder → chart. Helm wants a templates folder, which an umbrella does not need; an empty one is no
        part of a package.
        """
        built = self.inputs.built
        folders = {built[chart.name].folder: chart for chart in self.charts() if chart.name in built}
        for folder in folders:
            (folder / "templates").mkdir(exist_ok=True)
        return folders

    def kube_case(self, case: RenderCase, made: Rendered) -> kube.Manifests:
        """A render as kubeconform's check wants it."""
        folders = {str(name): chart.folder for name, chart in self.inputs.builder.workspace.charts.items()}
        return kube.Manifests(chart=case.chart.name, folders=folders, label=case.label, objects=made.objects)

    def owner(self, problem: Problem) -> str:
        """The chart whose folder a problem names."""
        return next((chart.name for chart in self.charts() if chart.folder == problem.where), "")

    def objects(self, scratch: Path) -> None:
        """Every render, and what kubeconform says about its objects."""
        inputs = self.inputs
        cases = [case for chart in self.ready() for case in renders.cases_of(inputs.builder, chart)]
        if self.accepted:
            batch.warm(inputs.renderer, inputs.builder, cases, scratch)
        done = inputs.renderer.render_all([case.request for case in cases])
        good: list[tuple[RenderCase, Rendered]] = []
        for case, made in zip(cases, done, strict=True):
            if made.error:
                self.add(case.chart.name, renders.problems_of(case, made.error, inputs.builder.workspace))
            else:
                good.append((case, made))
        # A misfit counts for the whole workspace: the same object may come from several charts.
        found = kube.check(
            inputs.kubeconform,
            [self.kube_case(case, made) for case, made in good],
            root=inputs.builder.workspace.root,
            folder=inputs.folder / "schemas",
            kube_version=inputs.kube_version,
            scratch=scratch,
        )
        self.add("", found)
        if (published := inputs.published) is not None:
            for case, made in good:
                if case.label == renders.DEFAULTS:
                    before = published(case.chart.name)
                    self.add(
                        case.chart.name,
                        upgrades.check(inputs.renderer, case, made.objects, before, scratch),
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found, and how long its parts took."""

    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]
    checked: tuple[ChartName, ...]
    """Charts that were looked at; the others were clean before."""


def lint(inputs: LintInputs, names: Sequence[ChartName]) -> Report:
    """Every check over these charts.

    Raises:
        ToolMissing: helm, ct or kubeconform is not there.
    """
    marks = cache.Cache(folder=inputs.folder / "clean")
    common = common_key(inputs)
    keys = {name: chart_key(inputs, name, common) for name in names}
    run = Run(inputs=inputs, names=tuple(name for name in names if marks.get(keys[name]) is None))
    run.timed("workspace", run.workspace)
    if run.names:
        inputs.builder.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".lint-", dir=inputs.builder.folder) as scratch:
            run.timed("charts, ct lint", lambda: run.beside(Path(scratch)))
            run.timed("renders", lambda: run.objects(Path(scratch)))
    for name in run.names:
        if not run.found.get(name) and not run.found.get("") and name in inputs.built:
            marks.put(keys[name], "")
    for area in ("clean", "render"):
        cache.Cache(folder=inputs.folder / area).trim()
    return Report(problems=run.problems, seconds=run.seconds, checked=run.names)


def check(inputs: LintInputs, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """The problems of `lint`.

    Raises:
        ToolMissing: helm, ct or kubeconform is not there.
    """
    return lint(inputs, names).problems


def common_key(inputs: LintInputs) -> str:
    """What every result depends on: our source, the tools, their settings, and the definitions of custom resources."""
    root = inputs.builder.workspace.root
    settings = sorted(styles.config_folder(root).iterdir())
    definitions = kube.definition_files(root)
    tool_versions = sorted(inputs.versions.items())
    files = (cache.files_digest(settings), cache.files_digest(definitions))
    return cache.key_of(cache.source_digest(), tool_versions, inputs.kube_version, *files)


def chart_key(inputs: LintInputs, name: ChartName, common: str) -> str:
    """Everything that the checks of a chart look at; what it vendors and its environments are in its digest."""
    workspace = inputs.builder.workspace
    chart = workspace.charts[name]
    tops = (chart.folder, "values") if chart.kind is ChartKind.UMBRELLA else (chart.folder,)
    files = [part for pair in static.read_tree(workspace.root, tops).items() for part in pair]
    release = renders.release_of(workspace, chart)
    return cache.key_of(common, inputs.builder.digests[name], release, *files)
