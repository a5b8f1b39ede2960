"""Every check of some charts in one run: ct beside the static checks, then helm's renders and kubeconform.

A chart without problems is cached under everything that its checks depend on, and skipped next time; a problem is never
cached.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from slipway.build import render
from slipway.build.builder import Builder, Built
from slipway.build.cases import DEFAULTS, RenderCase, cases_of, merged, problems_of, release_of
from slipway.build.render import Rendered
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartName
from slipway.lint import ct_lint, kubeconform, static_checks, yaml_style
from slipway.lint.checks import LintContext, lint_context
from slipway.lint.immutable_fields import changed_since_published
from slipway.lint.kube_schemas import Schemas, definition_files, known_versions
from slipway.lint.kube_versions import range_of, versions_to_check
from slipway.lint.secret_tokens import TokenScan
from slipway.lint.source_files import read_tree, source_folders
from slipway.secrets.store import without_sealed
from slipway.tools.ct import ChartTesting
from slipway.tools.gitleaks import Gitleaks
from slipway.tools.kubeconform import Kubeconform
from slipway.util import cache, parallel

BLOCKING = frozenset({"values.unknown-key", "values.schema", "schema.json", "schema.reference", "yaml.syntax"})
"""Rules whose problems helm would only repeat in other words."""

WORKSPACE = ""
"""The key of problems that belong to no chart alone."""


@dataclass(frozen=True, kw_only=True)
class LintInputs:
    """The built charts and the tools of a run."""

    builder: Builder
    built: Mapping[ChartName, Built]
    """Without charts whose build failed, which have problems already."""
    ct: ChartTesting
    kubeconform: Kubeconform
    gitleaks: Gitleaks
    kube_version: str
    versions: Mapping[str, str]
    """Tool → version; part of the cache's keys."""
    published: Callable[[ChartName], bytes | None] | None = None
    """The archive of a chart's last published version; None skips the comparison."""
    say: Callable[[str], None] = lambda _: None
    """Called with the name of each part before it starts."""

    @property
    def folder(self) -> Path:
        """The folder of all caches."""
        return self.builder.folder / "cache"

    @property
    def renderer(self) -> render.Renderer:
        """Renders with a cache."""
        version = self.versions.get("helm", "")
        return render.renderer_of(self.builder, helm_version=version, kube_version=self.kube_version)


@dataclass(kw_only=True)
class Run:
    """One run over the charts that the cache does not have."""

    inputs: LintInputs
    charts: tuple[Chart, ...]
    scratch: Path
    found: dict[str, list[Problem]] = field(default_factory=dict)
    """Chart, or `WORKSPACE` → problems."""
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def context(self) -> LintContext:
        """What the static checks share."""
        return lint_context(self.inputs.builder.workspace)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, each once, in order."""
        every = sorted({problem for found in self.found.values() for problem in found})
        return tuple(sorted(merged(every)))

    def add(self, name: str, problems: Iterable[Problem]) -> None:
        """Collect problems of a chart."""
        collected = self.found.setdefault(name, [])
        profile = self.inputs.builder.workspace.profile
        try:
            collected.extend(problem for problem in problems if profile.asks(problem.rule))
        except WorkspaceError as error:
            collected.extend(profile.kept(error.problems))

    def timed(self, name: str, work: Callable[[], None]) -> None:
        """Run a part and measure it."""
        self.inputs.say(name)
        started = time.monotonic()
        work()
        self.seconds[name] = time.monotonic() - started

    def check_workspace(self) -> None:
        """The static checks of the workspace."""
        self.add(WORKSPACE, static_checks.workspace_problems(self.context, [chart.name for chart in self.charts]))

    def check_charts(self) -> None:
        """The static checks of charts and packages, with ct lint beside them, because both take equally long."""
        from_ct: list[Problem] = []
        parts: tuple[Callable[[], None], ...] = (
            lambda: from_ct.extend(self.ct_problems()),
            self.static_chart_checks,
            self.find_tokens,
        )
        parallel.each(lambda part: part(), parts, len(parts))
        renderable = {chart.name for chart in self.renderable()}
        chart_of = {chart.folder: chart.name for chart in self.charts}
        for problem in from_ct:
            name = chart_of.get(problem.where)
            if name is None or name in renderable:
                self.add(name or WORKSPACE, [problem])

    def static_chart_checks(self) -> None:
        """The static checks of each chart and its package."""
        for chart in self.charts:
            self.add(chart.name, static_checks.chart_problems(self.context, chart))
            if (built := self.inputs.built.get(chart.name)) is not None:
                self.add(chart.name, static_checks.package_problems(self.context, chart, built.archive.path))

    def find_tokens(self) -> None:
        """Tokens of providers in the sources of each chart, in the values and in what Argo CD reads."""
        inputs, root = self.inputs, self.inputs.builder.workspace.root
        scan = TokenScan(
            gitleaks=inputs.gitleaks,
            version=inputs.versions.get("gitleaks", ""),
            kept=cache.Cache(folder=inputs.folder / "tokens"),
            scratch=self.scratch,
        )
        of_chart = {chart.name: read_tree(root, (chart.folder,)) for chart in self.charts}
        environments = without_sealed(read_tree(root, ("values", "deploy")))
        every = [content for files in (*of_chart.values(), environments) for content in files.items()]
        scan.problems(dict(every))  # one process; what follows is remembered
        self.add(WORKSPACE, scan.problems(environments))
        for name, files in of_chart.items():
            self.add(name, scan.problems(files))

    def ct_problems(self) -> tuple[Problem, ...]:
        """Findings of ct lint; the renders are made in the same processes, for `check_renders`."""
        inputs, folders, requests = self.inputs, {}, []
        for chart in self.charts:
            if (built := inputs.built.get(chart.name)) is not None:
                # helm lint requires a templates folder, which an umbrella does not have; packages omit an empty one.
                (built.folder / "templates").mkdir(exist_ok=True)
                folders[ct_lint.with_ci_values(built.folder, chart, self.scratch)] = chart
                requests += [case.request for case in cases_of(inputs.builder, chart)]
        calls = ct_lint.calls_of(inputs.ct, folders) if inputs.ct.answers is not None else []
        linted = inputs.renderer.ahead(requests, calls)
        return ct_lint.run_ct_lint(inputs.ct, folders, linted, self.scratch / "answers")

    def renderable(self) -> list[Chart]:
        """Built charts without a problem, of their own or of a chart that they vendor, that helm would repeat."""
        blocked = {name for name, found in self.found.items() if any(problem.rule in BLOCKING for problem in found)}
        return [
            chart
            for chart in self.charts
            if chart.name in self.inputs.built
            and not blocked & {chart.name, *(dependency.name for dependency in chart.dependencies)}
        ]

    def check_renders(self) -> None:
        """Every render, and its objects against their schemas and against the published version."""
        inputs = self.inputs
        cases = [case for chart in self.renderable() for case in cases_of(inputs.builder, chart)]
        rendered: list[tuple[RenderCase, Rendered]] = []
        for case, result in zip(cases, inputs.renderer.render_all([case.request for case in cases]), strict=True):
            if result.error:
                self.add(case.chart.name, problems_of(case, result.error, inputs.builder.workspace))
            else:
                rendered.append((case, result))
        # Several charts may render the same object, so an invalid one is a problem of the workspace.
        self.add(WORKSPACE, self.schema_problems(rendered))
        if (published := inputs.published) is not None:
            for case, result in rendered:
                if case.label == DEFAULTS:
                    archive = published(case.chart.name)
                    changes = changed_since_published(inputs.renderer, case, result.objects, archive, self.scratch)
                    self.add(case.chart.name, changes)

    def schema_problems(self, rendered: Sequence[tuple[RenderCase, Rendered]]) -> tuple[Problem, ...]:
        """Findings of kubeconform."""
        inputs = self.inputs
        workspace = inputs.builder.workspace
        folders = {str(name): chart.folder for name, chart in workspace.charts.items()}
        return kubeconform.schema_problems(
            inputs.kubeconform,
            [
                kubeconform.Manifests(
                    chart=case.chart.name,
                    folders=folders,
                    label=case.label,
                    objects=result.objects,
                    kube_range=range_of(case.chart),
                )
                for case, result in rendered
            ],
            schemas=Schemas(root=workspace.root, folder=inputs.folder / "schemas"),
            versions=versions_to_check(inputs.kube_version, known_versions()),
            scratch=self.scratch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a run."""

    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]
    """Part → duration."""
    checked: tuple[ChartName, ...]
    """Without the charts that the cache has."""


def lint(inputs: LintInputs, names: Sequence[ChartName]) -> Report:
    """Run every check of these charts.

    Raises:
        ToolMissing: helm, ct, kubeconform or gitleaks is missing.
    """
    clean = cache.Cache(folder=inputs.folder / "clean")
    keys = cache_keys(inputs, names)
    charts = tuple(inputs.builder.workspace.charts[name] for name in names if clean.get(keys[name]) is None)
    inputs.builder.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lint-", dir=inputs.builder.folder) as scratch:
        run = Run(inputs=inputs, charts=charts, scratch=Path(scratch))
        run.timed("workspace", run.check_workspace)
        if charts:
            run.timed("charts, ct lint", run.check_charts)
            run.timed("renders", run.check_renders)
    for chart in charts:
        if not run.found.get(chart.name) and not run.found.get(WORKSPACE) and chart.name in inputs.built:
            clean.put(keys[chart.name], "")
    for area in ("clean", "render", "tokens", "packages"):
        cache.Cache(folder=inputs.folder / area).trim()
    return Report(problems=run.problems, seconds=run.seconds, checked=tuple(chart.name for chart in charts))


def cache_keys(inputs: LintInputs, names: Iterable[ChartName]) -> dict[ChartName, str]:
    """Chart → the digest of everything that its checks depend on.

    That is our source, the tools, their settings, the custom resource definitions, and the chart's files, with the
    charts that it vendors and its environments.
    """
    workspace = inputs.builder.workspace
    settings = sorted(yaml_style.config_folder(workspace.root, workspace.profile).iterdir())
    common = cache.key_of(
        cache.source_digest(),
        workspace.profile.name,
        sorted(inputs.versions.items()),
        inputs.kube_version,
        cache.files_digest(settings),
        cache.files_digest(definition_files(workspace.root)),
    )

    def key_of(chart: Chart) -> str:
        files = read_tree(workspace.root, source_folders(chart))
        parts = [part for path_and_content in files.items() for part in path_and_content]
        release = release_of(workspace, chart)
        return cache.key_of(common, inputs.builder.digests[chart.name], release, *parts)

    return {name: key_of(workspace.charts[name]) for name in names}
