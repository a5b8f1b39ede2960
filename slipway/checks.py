"""What a release checks before it publishes: the lint of the plan's charts, and the contract of what they render.

Everything that starts a process is cached by the content that it judged; a clean result is remembered, a problem never.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from slipway import contract, graph, package, render, values_check
from slipway.build import Builder, Built
from slipway.contract.subject import Subject
from slipway.errors import Problem
from slipway.lint import kube, published, schemas, secrets, styles, templates, tools
from slipway.model import Chart, ChartKind, ChartName
from slipway.render import Object, Rendered, Request
from slipway.tools.ct import ChartTesting
from slipway.tools.kubeconform import Kubeconform
from slipway.yard import Yard

WORKERS = os.cpu_count() or 2


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A chart as it looks with some values."""

    chart: Chart
    label: str
    """How problems call the values, such as `ci/ingress-values.yaml`."""
    request: Request
    done: Rendered | None = None

    @property
    def objects(self) -> tuple[Object, ...]:
        """What it renders; nothing when helm refuses."""
        return self.done.objects if self.done else ()

    @property
    def error(self) -> str:
        """What helm said when it refused."""
        return self.done.error if self.done else ""


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The checks of some charts of a yard."""

    yard: Yard
    builder: Builder
    built: Mapping[ChartName, Built]
    names: tuple[ChartName, ...]

    @cached_property
    def charts(self) -> tuple[Chart, ...]:
        """What is checked; a chart that could not be built has its problem already."""
        return tuple(self.yard.workspace.charts[name] for name in self.names if name in self.built)

    @cached_property
    def renderer(self) -> render.Renderer:
        """Renders with a cache below build/."""
        config = self.yard.config
        return render.renderer_of(
            self.builder, helm_version=config.tools.get("helm", ""), kube_version=config.kube_version
        )

    @property
    def cache(self) -> Path:
        """Where results are kept."""
        return self.yard.config.build / "cache"

    @cached_property
    def rendered(self) -> tuple[View, ...]:
        """Every chart with its defaults, each ci values file and each environment."""
        views = [view for chart in self.charts for view in self.views(chart)]
        done = self.renderer.render_all([view.request for view in views])
        return tuple(replace(view, done=item) for view, item in zip(views, done, strict=True))

    def views(self, chart: Chart) -> Iterator[View]:
        """What of a chart is rendered; a library renders nothing."""
        if chart.kind is ChartKind.LIBRARY:
            return
        umbrellas = self.yard.umbrella_of(chart.name)
        namespace = str(umbrellas[0]) if umbrellas else "default"
        folder, key = self.builder.staged(chart.name), self.builder.key(chart.name)

        def view(label: str, values: tuple[Path, ...] = (), settings: tuple[str, ...] = ()) -> View:
            release = namespace if umbrellas else str(chart.name)
            request = Request(
                chart=folder, digest=key, release=release, namespace=namespace, values=values, settings=settings
            )
            return View(chart=chart, label=label, request=request)

        yield view("defaults")
        for path in sorted((self.yard.config.root / chart.folder).glob("ci/*-values.yaml")):
            yield view(f"ci/{path.name}", (path,))
        if chart.kind is ChartKind.UMBRELLA:
            for environment in self.yard.workspace.environments:
                yield view(environment, (folder / f"values-{environment}.yaml",))
            yield view("every member off", settings=tuple(f"{dep.condition}=false" for dep in chart.dependencies))

    def static(self) -> Iterator[Problem]:
        """What needs no process."""
        workspace = self.yard.workspace
        yield from graph.check(workspace)
        yield from schemas.check(workspace, self.names)
        yield from values_check.check(workspace, self.names)
        yield from templates.check(workspace, self.names)
        yield from styles.check(workspace, self.names)
        sources = secrets.scan_sources(source_files(workspace.root))
        yield from sources.problems
        for name, built in self.built.items():
            if name in self.names:
                yield from secrets.scan_package(built.archive.path, sources.known)
                yield from size(name, built.archive.path.stat().st_size)

    def processes(self) -> Iterator[Problem]:
        """What needs helm, ct and kubeconform."""
        folders = {chart.name: self.builder.staged(chart.name) for chart in self.charts}
        yield from tools.helm_lint(self.yard.helm, folders, self.yard.config.kube_version)
        yield from self.chart_testing(folders)
        for view in self.rendered:
            if view.error:
                yield refused(view)
        yield from self.kubernetes()

    def chart_testing(self, folders: Mapping[ChartName, Path]) -> Iterator[Problem]:
        """ct over copies that carry the ci values, which packages do not."""
        ct = ChartTesting(
            run=self.yard.run,
            program=lambda: self.yard.toolbox.path("ct"),
            helm=lambda: self.yard.toolbox.path("helm"),
            home=self.yard.config.build / "helm",
            path=self.yard.environ.get("PATH", os.defpath),
        )
        with tempfile.TemporaryDirectory(prefix=".ct-", dir=self.yard.config.build) as scratch:
            copies = {}
            for name, folder in folders.items():
                copies[name] = Path(scratch) / name
                shutil.copytree(folder, copies[name])
                tools.staged_with_ci(copies[name], self.yard.config.root / self.yard.workspace.charts[name].folder)
            yield from tools.ct_lint(ct, copies, WORKERS)

    def kubernetes(self) -> Iterator[Problem]:
        """kubeconform over every render."""
        kubeconform = Kubeconform(run=self.yard.run, program=lambda: self.yard.toolbox.path("kubeconform"))
        locations = kube.locations(self.yard.config.root, self.cache / "schemas", self.yard.config.kube_version)
        with tempfile.TemporaryDirectory(prefix=".kube-", dir=self.yard.config.build) as scratch:
            shown = {f"{view.chart.name} ({view.label})": view.objects for view in self.rendered}
            yield from kube.check(kubeconform, shown, locations, Path(scratch))

    def contract(self) -> Iterator[Problem]:
        """The contract of every service, with each of its values files."""
        for view in self.rendered:
            if view.chart.kind is ChartKind.SERVICE and not view.error:
                yield from contract.check(subject_of(view))

    def since_published(self, earlier: Mapping[str, tuple[str, tuple[Object, ...]]]) -> Iterator[Problem]:
        """Immutable fields against the last published versions.

        Args:
            earlier: chart → (version, objects of its defaults).
        """
        for view in self.rendered:
            if view.label == "defaults" and view.chart.name in earlier:
                version, objects = earlier[view.chart.name]
                yield from published.check(view.chart.name, version, objects, view.objects)

    def key(self, what: str) -> str:
        """Everything that the result of a check depends on."""
        parts = [what, source_digest(), self.yard.config.kube_version, repr(sorted(self.yard.config.tools.items()))]
        parts += [self.builder.key(name) for name in self.names]
        for chart in self.charts:
            for path in sorted((self.yard.config.root / chart.folder).glob("ci/*")):
                parts.append(hashlib.sha256(path.read_bytes()).hexdigest())
        for pattern in kube.DEFINITION_FILES:
            parts += [
                hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(self.yard.config.root.glob(pattern))
            ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def remembered(self, what: str, problems: Iterator[Problem]) -> tuple[Problem, ...]:
        """The problems, or none when this very check was clean before."""
        mark = self.cache / "clean" / self.key(what)
        if mark.is_file():
            return ()
        found = tuple(problems)
        if not found:
            package.write_atomic(mark, b"")
        return found


def source_digest() -> str:
    """Digest of this package: another version of a check has to look again."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def size(name: str, size_bytes: int) -> Iterator[Problem]:
    """A package that a release Secret could not hold."""
    if size_bytes > package.MAX_BYTES:
        fact = f"is {size_bytes:,} bytes, more than {package.MAX_BYTES:,}"
        yield Problem(where=f"{name}.tgz", fact=fact, hint="move data out of the chart", rule="package.size")


def refused(view: View) -> Problem:
    """A failed render as a problem that names chart, values and what helm says."""
    lines = [line for line in view.error.splitlines() if line.strip()]
    return Problem(
        where=f"{view.chart.folder} ({view.label})",
        fact="helm template fails",
        evidence=tuple(lines[-12:]),
        rule="render.helm",
    )


def source_files(root: Path) -> dict[str, bytes]:
    """Every file that a release reads or writes, by path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("charts", "umbrella", "values", "deploy")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    }


def subject_of(view: View) -> Subject:
    """A view as what the contract judges."""
    from slipway import yamls

    declared: dict[str, frozenset[str]] = {}
    layers = [view.chart.files.get("values.yaml", b""), *(path.read_bytes() for path in view.request.values)]
    for text in layers:
        entries = yamls.parse(text, view.chart.folder).mapping.get("secrets")
        for name, entry in (entries if isinstance(entries, dict) else {}).items():
            if isinstance(entry, dict):
                declared[str(entry.get("name", name))] = frozenset(map(str, entry.get("keys", ())))
    return Subject(
        chart=view.chart.name,
        label=view.label,
        namespace=view.request.namespace,
        objects=view.objects,
        secrets=declared,
        exceptions=contract.parse_exceptions(view.chart.metadata.get("annotations")),
    )


def everything(yard: Yard, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """Build, lint and judge these charts, and what they vendor.

    Raises:
        ToolMissing: helm, ct or kubeconform is not there.
    """
    builder = yard.builder()
    with yard.progress.step("package") as done:
        built, problems = builder.build(names)
        done(f"{len(built)} charts")
    with yard.progress.step("lint") as done:
        problems += lint(yard, builder, built, names)
        done(f"{len(names)} charts")
    with yard.progress.step("test") as done:
        problems += test(yard, builder, built, names)
        done("the contract of every service")
    return tools.sequence(problems)


def lint(
    yard: Yard, builder: Builder, built: Mapping[ChartName, Built], names: Sequence[ChartName]
) -> tuple[Problem, ...]:
    """Every lint of these charts.

    Raises:
        ToolMissing: helm, ct or kubeconform is not there.
    """
    checks = Checks(yard=yard, builder=builder, built=built, names=tuple(names))
    return tools.sequence([*checks.static(), *checks.remembered("processes", checks.processes())])


def test(
    yard: Yard, builder: Builder, built: Mapping[ChartName, Built], names: Sequence[ChartName]
) -> tuple[Problem, ...]:
    """The contract of these charts.

    Raises:
        ToolMissing: helm is not there.
    """
    checks = Checks(yard=yard, builder=builder, built=built, names=tuple(names))
    return tools.sequence(list(checks.remembered("contract", checks.contract())))
