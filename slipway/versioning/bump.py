"""Versions with the real registry and the real helm behind them: what is published, and what it rendered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from slipway.build import render
from slipway.build.archive import read_archive
from slipway.build.builder import Builder
from slipway.context import Context
from slipway.core.errors import ProblemsFound, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Digest, Workspace
from slipway.util.files import remove_unfinished
from slipway.util.text import counted
from slipway.versioning import version
from slipway.versioning.evidence import DEFAULTS, Snapshot, compare
from slipway.versioning.levels import ChangeKind, Evidence, Level
from slipway.workspace import digest, environments

UNREADABLE = Evidence(
    level=Level.PATCH, kind=ChangeKind.FIXED, fact="packaged again; what is published is not a chart archive"
)


@dataclass(frozen=True, kw_only=True)
class Comparer:
    """Evidence between the last published version of a chart and the working tree."""

    context: Context
    workspace: Workspace
    digests: Mapping[ChartName, Digest]

    @cached_property
    def builder(self) -> Builder:
        """Builds the working tree's charts as they would be published, before their versions are raised."""
        return replace(self.context.builder(), workspace=self.workspace, digests=self.digests)

    def evidence(self, name: ChartName, published: str, versions: Mapping[str, str]) -> Sequence[Evidence]:
        """What differs from a published version.

        Raises:
            ProblemsFound: the chart cannot be built or rendered.
            RegistryError: the published version cannot be had.
        """
        found = self.context.registry.published({name: published})[name]
        if found is None:
            return ()
        chart = self.workspace.charts[name]
        old_archive = self.context.pull(found)
        built, problems = self.builder.build([name])
        if problems:
            raise ProblemsFound(problems)
        try:
            old = self.snapshot(chart, old_archive, str(found.manifest))
        except WorkspaceError:
            return (UNREADABLE,)
        new = self.snapshot(chart, built[name].archive.path.read_bytes(), self.builder.key(name))
        return compare(old, new, versions)

    def snapshot(self, chart: Chart, archive: bytes, key: str) -> Snapshot:
        """An archive and what it renders with its defaults and in every environment."""
        members = read_archive(archive)
        if chart.kind is ChartKind.LIBRARY:
            return Snapshot.of(chart.kind, members)
        with tempfile.TemporaryDirectory(prefix=".old-", dir=self.context.config.build) as scratch:
            for path, content in members.items():
                target = Path(scratch) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            folder = Path(scratch) / chart.name
            targets: dict[str, tuple[Path, ...]] = {DEFAULTS: ()}
            if chart.kind is ChartKind.UMBRELLA:
                for environment in self.workspace.environments:
                    if (values_file := folder / environments.file_name(environment)).is_file():
                        targets[environment] = (values_file,)
            requests = [
                render.Request(chart=folder, digest=key, release=chart.name, namespace=chart.name, values=values)
                for values in targets.values()
            ]
            done = self.context.renderer.render_all(requests)
        # A side that does not render has no objects to compare; the checks of the release name its fault.
        renders = {
            label: tuple(found.data for found in item.objects)
            for label, item in zip(targets, done, strict=True)
            if not item.error
        }
        return Snapshot.of(chart.kind, members, renders)


def bumps_of(context: Context, only: tuple[ChartName, ...], level: str, note: str = "") -> tuple[version.Bump, ...]:
    """Every chart that `version` touches.

    Args:
        context: the wiring.
        only: begin with these; everything that changed when empty.
        level: at least this; empty leaves it to the evidence.
        note: a line for the changelog of the changed charts.

    Raises:
        WorkspaceError: there is no such level, or the dependencies form a cycle.
        ProblemsFound: a chart cannot be built.
        RegistryError: the registry does not answer.
    """
    context.config.build.mkdir(parents=True, exist_ok=True)
    workspace = version.aligned(context.workspace)
    digests = digest.digest_all(workspace)
    comparer = Comparer(context=context, workspace=workspace, digests=digests)
    published = replace(context, edited=workspace).judged(
        context.registry.published({name: chart.version for name, chart in workspace.charts.items()})
    )
    bumps = version.plan_bumps(
        context.workspace,
        digests,
        published,
        context.registry.tags,
        comparer.evidence,
        only=only,
        level=Level.parse(level),
        note=note,
    )
    return version.effective(context.config.root, bumps, today())


def raise_versions(
    context: Context, only: tuple[ChartName, ...], level: str, note: str, *, dry_run: bool
) -> tuple[version.Bump, ...]:
    """Raise the versions of what changed, or find out what would be raised.

    Raises:
        BuildError: see `bumps_of` and `apply`.
    """
    with context.progress.step("compare") as done:
        bumps = bumps_of(context, only, level, note)
        done(f"{counted(len(bumps), 'chart')} to raise")
    if not dry_run:
        apply(context, bumps)
        for folder in context.config.chart_folders:
            remove_unfinished(context.config.root / folder)
    return bumps


def with_bumps(context: Context, bumps: Sequence[version.Bump]) -> Context:
    """The context as it is once the bumps are written, whether they are or not.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program.
    """
    return replace(context, edited=version.raised(context.workspace, bumps, today()))


def today() -> date:
    """The day that changelogs name."""
    return datetime.now(tz=UTC).date()


def apply(context: Context, bumps: Sequence[version.Bump]) -> tuple[str, ...]:
    """Write versions and changelogs; returns the written paths.

    Raises:
        WorkspaceError: a Chart.yaml cannot be edited by a program; nothing was written.
    """
    return version.apply(context.config.root, bumps, today())
