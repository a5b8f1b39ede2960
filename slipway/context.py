"""The wiring: one value that holds the configuration, the workspace and every tool. Built in `open_context`, nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.build.builder import Builder
from slipway.config import Config, load_config
from slipway.core.errors import Problem, ProblemsFound, RegistryError
from slipway.core.model import ChartKind, ChartName, Digest, Published, Workspace
from slipway.registry.client import Registry
from slipway.toolchain.toolbox import Toolbox
from slipway.tools.helm import Helm
from slipway.tools.run import Runner, run_process
from slipway.util.progress import Progress
from slipway.workspace import digest, discover, graph

if TYPE_CHECKING:
    from slipway.build.render import Renderer
    from slipway.tools.kubectl import Kubectl

RELEASE_TOOLS = ("helm", "ct", "kubeconform", "registry")
"""The programs that a release runs."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything a task needs; the expensive parts are made when they are first asked for."""

    config: Config
    environ: Mapping[str, str]
    run: Runner
    progress: Progress
    edited: Workspace | None = None
    """The monorepo with edits that are not written yet; as it is on disk when None."""
    programs: Toolbox | None = None
    """The programs of another checkout, where this one is only looked at; its own when None."""

    @cached_property
    def workspace(self) -> Workspace:
        """The monorepo, read once.

        Raises:
            WorkspaceError: a file cannot be understood.
        """
        return self.edited or discover.load(self.config)

    @cached_property
    def digests(self) -> Mapping[ChartName, Digest]:
        """Input digest of every chart.

        Raises:
            WorkspaceError: the dependencies form a cycle.
        """
        return digest.digest_all(self.workspace)

    @cached_property
    def toolbox(self) -> Toolbox:
        """The pinned programs; found or built at their first use."""
        return self.programs or Toolbox(
            root=self.config.root,
            tools=self.config.tools,
            run=self.run,
            progress=self.progress,
            environ=self.environ,
        )

    @cached_property
    def helm(self) -> Helm:
        """The pinned helm."""
        return Helm(run=self.run, program=lambda: self.toolbox.path("helm"), home=self.config.build / "helm")

    def kubectl(self, kubeconfig: Path) -> Kubectl:
        """The pinned kubectl for a cluster; found or built now, since whoever waits asks several times a second.

        Raises:
            ToolFailed: it cannot be built.
        """
        from slipway.tools.kubectl import Kubectl

        program = self.toolbox.path("kubectl")
        return Kubectl(run=self.run, program=lambda: program, kubeconfig=kubeconfig)

    @cached_property
    def registry(self) -> Registry:
        """The configured registry; the embedded one is started if it does not run.

        Raises:
            RegistryError: the embedded registry cannot be started.
        """
        if self.config.registry.embedded:
            from slipway.registry import embedded

            # On a fresh machine this is the first program that is missed: one build makes all that a release needs.
            embedded.ensure_running(self.config, lambda: self.toolbox.ensure(RELEASE_TOOLS)["registry"])
        return Registry.open(self.config.registry, self.environ, run=self.run)

    def pull(self, published: Published) -> bytes:
        """The archive of a published chart, by digest.

        Raises:
            RegistryError: the registry does not have it.
        """
        archive = self.registry.archive(published.name, published.manifest)
        if archive is None:
            fact = f"{published.version} ({published.manifest}) is not there"
            raise RegistryError(Problem(where=f"{self.config.registry.base}/{published.name}", fact=fact))
        return archive

    def builder(self) -> Builder:
        """What stages and packs the workspace's charts."""
        return Builder(
            workspace=self.workspace,
            digests=self.digests,
            base=self.config.registry.base,
            folder=self.config.build,
            helm=self.helm,
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Renders staged and unpacked charts, with the pinned helm and for the configured Kubernetes version."""
        from slipway.build import render

        return render.Renderer(
            helm=self.helm,
            helm_version=self.config.tools.get("helm", ""),
            kube_version=self.config.kube_version,
            folder=render.kept_below(self.config.build),
        )

    def require_sound(self) -> None:
        """Refuse a workspace whose charts do not fit together.

        Raises:
            ProblemsFound: every broken invariant.
        """
        if problems := graph.check(self.workspace):
            raise ProblemsFound(problems)

    def published(self) -> Mapping[ChartName, Published | None]:
        """What the registry has under each chart's present version."""
        return self.registry.published({name: chart.version for name, chart in self.workspace.charts.items()})

    def reload(self) -> Context:
        """The same wiring over the files as they are now."""
        return replace(self, edited=None)

    def umbrella_of(self, name: ChartName) -> tuple[ChartName, ...]:
        """The umbrellas that a chart is released with: itself, or those that vendor it."""
        if self.workspace.charts[name].kind is ChartKind.UMBRELLA:
            return (name,)
        above = graph.dependents(self.workspace, [name])
        return tuple(other for other in above if self.workspace.charts[other].kind is ChartKind.UMBRELLA)

    def umbrellas_of(self, names: Sequence[ChartName]) -> tuple[ChartName, ...]:
        """The umbrellas that some charts are released with, each once; all of them when no chart is named."""
        chosen = dict.fromkeys(other for name in names for other in self.umbrella_of(name))
        return tuple(chosen) or tuple(umbrella.name for umbrella in self.workspace.umbrellas)


def open_context(
    root: Path,
    environ: Mapping[str, str],
    *,
    quiet: bool = False,
    run: Runner = run_process,
    progress: Progress | None = None,
) -> Context:
    """Wire everything for a checkout.

    Raises:
        WorkspaceError: pyproject.toml is not understood.
    """
    return Context(
        config=load_config(root, environ), environ=environ, run=run, progress=progress or Progress(quiet=quiet)
    )


Effect = Callable[[str], None]
"""Called after every external effect, with its name; tests stop a release there."""
