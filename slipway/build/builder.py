"""Charts → staged folders and archives, level by level, with one or two helm processes for each level.

Everything below build/ is named by content and compared with it before it is used: what is there and right starts no process,
what is damaged is built again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway.build import contents, stage
from slipway.build.archive import read_member, repack_archive
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.core.model import Archive, Chart, ChartName, Digest, Workspace
from slipway.tools.helm import Helm, package_args
from slipway.util import cache, parallel, yaml
from slipway.util.files import SOURCE_DATE_EPOCH, clear_way, remove, write_atomic
from slipway.workspace import graph, vendored

SPLIT_FROM = 8
"""Charts of one level from which a second helm process gains more than its start costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A chart ready to check, render and publish."""

    chart: Chart
    folder: Path
    """The staged copy, with its dependencies as archives under charts/."""
    archive: Archive


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Where things are built, and with what."""

    workspace: Workspace
    digests: Mapping[ChartName, Digest]
    base: str
    """`oci://host/prefix` written into dependencies."""
    folder: Path
    helm: Helm

    @cached_property
    def source(self) -> str:
        """What compares archives: another version of it may say otherwise."""
        return cache.source_digest()

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

    def build(
        self, names: Sequence[ChartName], exact: Collection[ChartName] = ()
    ) -> tuple[dict[ChartName, Built], tuple[Problem, ...]]:
        """Stage and pack these charts and what they vendor.

        Args:
            names: which charts.
            exact: those that will be published, so that even their compression must be ours; others may be published ones.

        Returns:
            What was built, and a problem for each chart that could not be; its dependents are left out.

        Raises:
            ToolMissing: helm is not there.
        """
        wanted = set(graph.closure(self.workspace, names))
        members: dict[ChartName, contents.Members] = {}
        built: dict[ChartName, Built] = {}
        problems: list[Problem] = []
        for level in graph.levels(self.workspace):
            mine = [name for name in level if name in wanted]
            ready = [
                name
                for name in mine
                if all(
                    dep.name in built or dep.name not in self.workspace.charts
                    for dep in self.workspace.charts[name].dependencies
                )
            ]
            problems.extend(self._stage(ready, built, members))
            there = {name: self._packed_right(name, members[name], exact) for name in ready if name in members}
            problems.extend(self._pack([name for name, content in there.items() if content is None]))
            for name, known in there.items():
                if known is None and not self.packed(name).is_file():
                    continue
                content = known or self.packed(name).read_bytes()
                if known is None and (found := contents.differences(members[name], content)):
                    problems.append(self._other_content(name, found))
                else:
                    built[name] = self._built(name, content)
        return built, tuple(problems)

    def _stage(
        self, names: Iterable[ChartName], below: Mapping[ChartName, Built], members: dict[ChartName, contents.Members]
    ) -> Iterator[Problem]:
        for name in names:
            chart = self.workspace.charts[name]
            try:
                files = stage.files_of(self.workspace, chart, self.digests[name], self.base)
            except WorkspaceError as error:
                yield from error.problems
                continue
            members[name] = contents.joined(self.workspace, name, files, members)
            archives = {
                f"{dep.name}-{dep.version}.tgz": below[dep.name].archive.path.read_bytes()
                for dep in chart.dependencies
                if dep.name in below
            }
            archives |= vendored.archives(self.workspace, chart)
            if not stage.holds(self.staged(name), files, archives):
                clear_way(self.staged(name), self.folder)
                stage.write(self.staged(name), files, archives)

    def _packed_right(self, name: ChartName, members: contents.Members, exact: Collection[ChartName]) -> bytes | None:
        """The archive that is there, if it holds what it should; anything else in its place is removed."""
        place = self.packed(name)
        clear_way(place, self.folder)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            content = b""  # a folder in its place, or a bad sector
        # Reading an archive takes longer than hashing it with everything that it is compared with.
        right = cache.Cache(folder=self.folder / "cache" / "packages")
        parts = (part for member in members.items() for part in member)
        key = cache.key_of(self.source, name in exact, content, *parts)
        if right.get(key) is not None:
            return content
        if not contents.differences(members, content) and (name not in exact or repack_archive(content) == content):
            right.put(key, "")
            return content
        remove(place)
        return None

    def _other_content(self, name: ChartName, found: tuple[str, ...]) -> Problem:
        return Problem(
            where=self.workspace.charts[name].folder,
            fact="helm package makes something else of it",
            evidence=found,
            hint="rename or move what it names: Helm leaves it out, or writes it differently",
            rule="package.content",
        )

    def _pack(self, todo: Sequence[ChartName]) -> Iterator[Problem]:
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
                write_atomic(
                    self.packed(name), repack_archive(raw.read_bytes()), mtime=SOURCE_DATE_EPOCH, durable=False
                )
        return problems

    def _helm_package(self, names: Sequence[ChartName], scratch: Path) -> Iterator[Problem]:
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

    def _built(self, name: ChartName, content: bytes) -> Built:
        return Built(chart=self.workspace.charts[name], folder=self.staged(name), archive=self._archive(name, content))

    def _archive(self, name: ChartName, content: bytes) -> Archive:
        return Archive(
            name=name,
            version=self.workspace.charts[name].version,
            path=self.packed(name),
            content=Digest(f"sha256:{hashlib.sha256(content).hexdigest()}"),
            input_digest=self.digests[name],
            metadata=read_metadata(content, name),
        )

    def archive(self, name: ChartName) -> Archive | None:
        """The archive that is there for a chart's present content, whatever it holds; None when it cannot be read."""
        try:
            return self._archive(name, self.packed(name).read_bytes())
        except (OSError, WorkspaceError):
            return None

    def adopt(self, name: ChartName, content: bytes) -> None:
        """Take a published archive as the archive of a chart's present content; `build` compares it as any other."""
        clear_way(self.packed(name), self.folder)
        if self.packed(name).is_dir():
            remove(self.packed(name))
        write_atomic(self.packed(name), content, mtime=SOURCE_DATE_EPOCH, durable=False)


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
