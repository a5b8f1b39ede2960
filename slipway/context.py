"""The context of a task: configuration, workspace and tools in one value. Only `open_context` makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.build.builder import Builder
from slipway.config import Config, load_config
from slipway.core.errors import Problem, ProblemsFound, RegistryError, WorkspaceError
from slipway.core.model import ChartKind, ChartName, Digest, Published, Workspace
from slipway.registry.client import Registry
from slipway.toolchain.catalogue import tool_of
from slipway.toolchain.toolbox import Toolbox
from slipway.tools.helm import Helm
from slipway.tools.run import Runner, run_process
from slipway.util.progress import Progress
from slipway.workspace import digest, discover, graph
from slipway.workspace.pinned import pins_here

if TYPE_CHECKING:
    from slipway.build.render import Renderer
    from slipway.registry.adoption import Adoption
    from slipway.tools.kubectl import Kubectl

RELEASE_TOOLS = ("helm", "helm-batch", "helm-answers", "ct", "kubeconform", "gitleaks", "registry")
"""The programs that a release runs."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that a task works with; the expensive parts are made at their first use."""

    config: Config
    environ: Mapping[str, str]
    run: Runner
    progress: Progress
    edited: Workspace | None = None
    """The monorepo with edits that are not written yet; as it is on disk when None."""
    programs: Toolbox | None = None
    """The toolbox of another checkout, for one that is only read; None for the one of this checkout."""

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
        return Helm(
            run=self.run,
            program=lambda: self.toolbox.path("helm"),
            batch=lambda: self.toolbox.path("helm-batch"),
            home=self.config.build / "helm",
        )

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

            # On a new machine this is the first missing program: one build makes every program of a release.
            embedded.ensure_running(self.config, lambda: self.toolbox.ensure(RELEASE_TOOLS)["registry"])
        return Registry.open(self.config.registry, self.environ, run=self.run)

    def pull(self, published: Published) -> bytes:
        """The archive of a published chart, by digest.

        Raises:
            RegistryError: it is not in the registry.
        """
        archive = self.registry.archive(published.name, published.manifest)
        if archive is None:
            fact = f"{published.version} ({published.manifest}) is missing"
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
            helm_version=self.toolbox.version("helm"),
            kube_version=self.config.kube_version,
            folder=render.kept_below(self.config.build),
        )

    def require_sound(self) -> None:
        """Check the dependencies and versions of the charts.

        Raises:
            ProblemsFound: every broken invariant.
        """
        if problems := graph.check(self.workspace):
            raise ProblemsFound(problems)

    @property
    def adoption(self) -> Adoption:
        """Compares what is published with the workspace."""
        from slipway.registry.adoption import Adoption

        return Adoption(
            registry=self.registry,
            workspace=self.workspace,
            digests=self.digests,
            folder=self.config.build / "cache" / "published",
        )

    def published(self) -> Mapping[ChartName, Published | None]:
        """What the registry has under each chart's present version, compared with the workspace and the pins.

        Raises:
            RegistryError: the registry does not answer.
        """
        return self.judged(
            self.registry.published({name: chart.version for name, chart in self.workspace.charts.items()})
        )

    def judged(self, found: Mapping[ChartName, Published | None]) -> dict[ChartName, Published | None]:
        """What was found, with how it differs from what the workspace is packed to, and from what is pinned.

        Raises:
            RegistryError: an archive cannot be read.
        """
        judged = self.adoption.judged(found)
        for environment in self.config.environments:
            for name, pin in pins_here(self.config, environment).items():
                there = judged.get(name)
                if there is not None and there.version == pin.version and there.manifest != pin.manifest:
                    moved = (*there.differs, f"deploy/{environment} pins {pin.manifest}")
                    judged[name] = replace(there, differs=moved)
        return judged

    def reload(self) -> Context:
        """A context that reads the files again."""
        return replace(self, edited=None)

    def umbrella_of(self, name: ChartName) -> tuple[ChartName, ...]:
        """The umbrellas that a chart is released with: itself, or those that vendor it."""
        if self.workspace.charts[name].kind is ChartKind.UMBRELLA:
            return (name,)
        above = graph.dependents(self.workspace, [name])
        return tuple(other for other in above if self.workspace.charts[other].kind is ChartKind.UMBRELLA)

    def umbrellas_of(self, names: Sequence[ChartName]) -> tuple[ChartName, ...]:
        """The umbrellas that some charts are released with, each once; all of them when no chart is named.

        Raises:
            WorkspaceError: a chart is in no umbrella.
        """
        if not names:
            return tuple(umbrella.name for umbrella in self.workspace.umbrellas)
        found = {name: self.umbrella_of(name) for name in names}
        if alone := [name for name in names if not found[name]]:
            raise WorkspaceError(
                Problem(
                    where=self.workspace.charts[name].where,
                    fact=f"{name} is in no umbrella",
                    evidence=("no environment runs it",),
                    hint=f"add {name} to `dependencies` of umbrella/<namespace>/Chart.yaml",
                )
                for name in alone
            )
        return tuple(dict.fromkeys(umbrella for above in found.values() for umbrella in above))


def open_context(
    root: Path,
    environ: Mapping[str, str],
    *,
    quiet: bool = False,
    run: Runner = run_process,
    progress: Progress | None = None,
) -> Context:
    """Open a checkout.

    Raises:
        WorkspaceError: pyproject.toml is missing or not valid, or pins an unknown program.
    """
    config = load_config(root, environ)
    for name in config.tools:
        tool_of(name)
    return Context(config=config, environ=environ, run=run, progress=progress or Progress(quiet=quiet))


Effect = Callable[[str], None]
"""Called with the name of each change outside the process; tests interrupt a release there."""
