"""Charts → staged folders and archives, level by level, with one or two helm processes for each level.

Everything below build/ is addressed by content: a folder that exists is right, and a chart whose inputs did not change
starts no process.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.build import stage
from slipway.build.archive import read_member, repack_archive
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.core.model import Archive, Chart, ChartName, Digest, Workspace
from slipway.tools.helm import Helm, package_args
from slipway.util import parallel, yaml
from slipway.util.files import SOURCE_DATE_EPOCH, write_atomic
from slipway.workspace import graph

SPLIT_FROM = 8
"""Charts of one level from which a second helm process gains more than its start costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A chart ready to check, render and publish."""

    chart: Chart
    folder: Path
    """The staged copy, with its dependencies as archives under charts/."""
    archive: Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Where things are built, and with what."""

    workspace: Workspace
    digests: Mapping[ChartName, Digest]
    base: str
    """`oci://host/prefix` written into dependencies."""
    folder: Path
    helm: Helm

    def key(self, name: ChartName) -> str:
        """Folder name: a digest of a chart's content and of its registry."""
        chart = self.workspace.charts[name]
        content = hashlib.sha256(f"{self.digests[name]} {self.base}".encode()).hexdigest()
        return f"{name}-{chart.version}-{content[:12]}"

    def staged(self, name: ChartName) -> Path:
        """The staged folder of a chart; helm wants it to be called as the chart is."""
        return self.folder / "stage" / self.key(name) / name

    def packed(self, name: ChartName) -> Path:
        """The archive of a chart."""
        return self.folder / "packages" / self.key(name) / f"{name}-{self.workspace.charts[name].version}.tgz"

    def build(self, names: Sequence[ChartName]) -> tuple[dict[ChartName, Built], tuple[Problem, ...]]:
        """Stage and pack these charts and what they vendor.

        Returns:
            What was built, and a problem for each chart that could not be; its dependents are left out.

        Raises:
            ToolMissing: helm is not there.
        """
        wanted = set(graph.closure(self.workspace, names))
        built: dict[ChartName, Built] = {}
        problems: list[Problem] = []
        for level in graph.levels(self.workspace):
            mine = [name for name in level if name in wanted]
            ready = [
                name for name in mine if all(dep.name in built for dep in self.workspace.charts[name].dependencies)
            ]
            problems.extend(self._stage(ready, built))
            problems.extend(self._pack([name for name in ready if self.staged(name).is_dir()]))
            for name in ready:
                if self.staged(name).is_dir() and self.packed(name).is_file():
                    built[name] = self._built(name)
        return built, tuple(problems)

    def _stage(self, names: Iterable[ChartName], below: Mapping[ChartName, Built]) -> Iterable[Problem]:
        for name in names:
            if self.staged(name).is_dir():
                continue
            chart = self.workspace.charts[name]
            vendored = {f"{dep.name}-{dep.version}.tgz": below[dep.name].archive.path for dep in chart.dependencies}
            try:
                files = stage.files_of(self.workspace, chart, self.digests[name], self.base)
            except WorkspaceError as error:
                yield from error.problems
                continue
            stage.write(self.staged(name), files, vendored)

    def _pack(self, names: Sequence[ChartName]) -> Iterable[Problem]:
        todo = [name for name in names if not self.packed(name).is_file()]
        if not todo:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".pack-", dir=self.folder) as scratch:
            count = 1 if len(todo) < SPLIT_FROM else 2
            shares = [todo[start::count] for start in range(count)]
            for found in parallel.each(lambda share: self._pack_share(share, Path(scratch)), shares, count):
                yield from found

    def _pack_share(self, names: Sequence[ChartName], scratch: Path) -> list[Problem]:
        problems = list(self._helm_package(names, scratch))
        for name in names:
            raw = scratch / self.packed(name).name
            if raw.is_file():
                write_atomic(self.packed(name), repack_archive(raw.read_bytes()), mtime=SOURCE_DATE_EPOCH)
        return problems

    def _helm_package(self, names: Sequence[ChartName], scratch: Path) -> Iterable[Problem]:
        try:
            self.helm(*package_args([self.staged(name) for name in names], scratch))
        except ToolFailed:
            # Helm stops at the first chart that it refuses: ask for each alone, so that every problem is found.
            for name in names:
                done = self.helm(*package_args([self.staged(name)], scratch), ok_codes=None)
                if done.code:
                    output = done.stderr.strip().replace(str(self.staged(name)), self.workspace.charts[name].folder)
                    yield Problem(
                        where=self.workspace.charts[name].folder,
                        fact="helm package refuses it",
                        evidence=tuple(output.splitlines()[-5:]),
                        rule="package.helm",
                    )

    def _built(self, name: ChartName) -> Built:
        archive = self.archive(name)
        assert archive is not None
        return Built(chart=self.workspace.charts[name], folder=self.staged(name), archive=archive)

    def archive(self, name: ChartName) -> Archive | None:
        """The archive of a chart's present content, if it was packed before."""
        path = self.packed(name)
        if not path.is_file():
            return None
        return Archive(
            name=name,
            version=self.workspace.charts[name].version,
            path=path,
            input_digest=self.digests[name],
            metadata=read_metadata(path.read_bytes(), name),
        )

    def adopt(self, name: ChartName, content: bytes) -> None:
        """Take a published archive as the archive of a chart's present content."""
        write_atomic(self.packed(name), content, mtime=SOURCE_DATE_EPOCH)

    def prune(self) -> None:
        """Remove what other contents left behind."""
        current = {self.key(name) for name in self.workspace.charts}
        for parent in (self.folder / "stage", self.folder / "packages"):
            for folder in parent.iterdir() if parent.is_dir() else ():
                if folder.name not in current:
                    shutil.rmtree(folder, ignore_errors=True)


def read_metadata(archive: bytes, name: ChartName) -> Mapping[str, object]:
    """Chart.yaml of an archive.

    Raises:
        WorkspaceError: the archive has none.
    """
    path = f"{name}/Chart.yaml"
    content = read_member(archive, path)
    if content is None:
        raise WorkspaceError(Problem(where=f"{name}.tgz", fact="has no Chart.yaml"))
    return yaml.parse(content, path).mapping
