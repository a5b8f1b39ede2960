"""Charts as the registry and the working tree have them, packed and rendered, for `evidence` to compare."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway import evidence, package, yamls
from slipway.build import Builder
from slipway.errors import Problem, ProblemsFound, RegistryError, ToolFailed
from slipway.evidence import DEFAULTS, Snapshot
from slipway.evidence_objects import Object
from slipway.levels import Evidence
from slipway.model import ChartKind, ChartName
from slipway.oci import Registry
from slipway.parallel import each
from slipway.tools.helm import Helm, template_args


def _call(side: Callable[[], Snapshot]) -> Snapshot:
    return side()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Where both sides of a comparison come from."""

    registry: Registry
    builder: Builder
    """Over the aligned workspace, see `version.aligned`."""
    helm: Helm
    kube_version: str

    def evidence(self, name: ChartName, version: str, versions: Mapping[str, str]) -> tuple[Evidence, ...]:
        """What differs between a published version of a chart and the working tree; fits `version.plan_bumps`.

        Args:
            name: the chart.
            version: the published version.
            versions: what its dependencies will be.

        Raises:
            RegistryError: the published chart cannot be read.
            ProblemsFound: the present chart cannot be built.
            ToolFailed: the present chart cannot be rendered.
        """
        sides: tuple[Callable[[], Snapshot], ...] = (lambda: self.published(name, version), lambda: self.present(name))
        old, new = each(_call, sides, len(sides))
        return evidence.compare(old, new, versions)

    def published(self, name: ChartName, version: str) -> Snapshot:
        """A chart as the registry has it.

        A chart that cannot be rendered any more has no objects: what it is compared with then decides by values alone.

        Raises:
            RegistryError: it is not there, or is no chart.
        """
        content = self.registry.archive(name, version)
        if content is None:
            raise RegistryError(
                Problem(where=f"{self.registry.where(name)}:{version}", fact="is listed, but is not a chart")
            )
        try:
            return self.snapshot(name, content)
        except ToolFailed:
            return Snapshot.of(self.builder.workspace.charts[name].kind, package.read(content))

    def present(self, name: ChartName) -> Snapshot:
        """A chart of the working tree.

        Raises:
            ProblemsFound: it cannot be built.
            ToolFailed: it cannot be rendered.
        """
        built, problems = self.builder.build([name])
        if problems:
            raise ProblemsFound(problems)
        return self.snapshot(name, built[name].archive.path.read_bytes())

    def snapshot(self, name: ChartName, archive: bytes) -> Snapshot:
        """An archive with what it renders: by its own values, and an umbrella also by each environment's.

        Raises:
            ToolFailed: helm cannot render it.
        """
        kind = self.builder.workspace.charts[name].kind
        members = package.read(archive)
        if kind is ChartKind.LIBRARY:
            return Snapshot.of(kind, members)
        self.builder.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".compare-", dir=self.builder.folder) as scratch:
            path = Path(scratch) / f"{name}.tgz"
            path.write_bytes(archive)
            renders = {DEFAULTS: self.render(name, path, ())}
            for member, content in sorted(members.items()):
                environment = member.removeprefix(f"{name}/values-").removesuffix(".yaml")
                if member == f"{name}/values-{environment}.yaml":
                    values = Path(scratch) / f"values-{environment}.yaml"
                    values.write_bytes(content)
                    renders[environment] = self.render(name, path, (values,))
        return Snapshot.of(kind, members, renders)

    def render(self, name: ChartName, chart: Path, values: tuple[Path, ...]) -> tuple[Object, ...]:
        """The objects of one render.

        Raises:
            ToolFailed: helm cannot render it.
        """
        done = self.helm(
            *template_args(chart, release=name, namespace=name, kube_version=self.kube_version, values=values)
        )
        return tuple(item for item in yamls.load_all(done.stdout) if isinstance(item, dict))
