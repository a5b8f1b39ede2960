"""The workspace with the values, schema and comments of each chart parsed once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slipway.build import schema, stage
from slipway.core.model import Chart, ChartKind, ChartName, Pin, Workspace
from slipway.docs.source import resources
from slipway.docs.source.schema import Map
from slipway.docs.source.value_rows import ValueRow, comments, rows
from slipway.util import yaml
from slipway.util.files import decode
from slipway.util.mapping import dig
from slipway.workspace import graph
from slipway.workspace.documents import chart_document
from slipway.workspace.values import Effective, members_in, service_with

TITLE = "title"
"""Annotation with the display name of a chart that has no entry on the start page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChart:
    """A chart with its values, schema and comments."""

    chart: Chart
    values: Map
    """values.yaml."""
    schema: Map
    comments: Mapping[yaml.Path, str]
    """Key of values.yaml → the comment above it."""
    umbrellas: tuple[str, ...]
    environments: Mapping[str, Map]
    """Environment → the effective values of the chart, with `global`."""

    @property
    def description(self) -> str:
        """The description in Chart.yaml."""
        return str(self.chart.metadata.get("description", ""))

    @property
    def title(self) -> str:
        """The display name."""
        annotated = self.chart.annotation(TITLE)
        return str(dig(self.values, "dashboard").get("name") or annotated or self.chart.name)

    def rows(self) -> Iterator[ValueRow]:
        """Every value that can be set."""
        return rows(self.values, self.schema, self.comments)

    def routes(self) -> Iterator[tuple[str, Map]]:
        """The enabled routes."""
        return resources.routes(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedWorkspace:
    """All charts of a workspace, parsed, with the pins of each environment."""

    workspace: Workspace
    entries: Mapping[ChartName, ParsedChart]
    fragments: Mapping[str, Map]
    """Name without `.json` → schema fragment of the library chart."""
    pins: Mapping[str, Mapping[ChartName, Pin]] = field(default_factory=dict)
    """Environment → umbrella → its pin in `deploy/`; empty before the first release."""

    def members(self, umbrella: Chart, environment: str = "") -> tuple[Effective, ...]:
        """The members of an umbrella with their values, in an environment or with the umbrella's defaults.

        Raises:
            WorkspaceError: see `members_in`.
        """
        return members_in(self.workspace, umbrella, self.workspace.environments[environment] if environment else None)

    def member(self, umbrella: Chart, key: str, environment: str = "") -> Effective:
        """One member; see `members`."""
        return next(member for member in self.members(umbrella, environment) if member.key == key)

    def member_keys(self, name: ChartName) -> tuple[str, ...]:
        """The keys of a chart in the umbrellas: its name or its aliases."""
        found = (dep for umbrella in self.workspace.umbrellas for dep in umbrella.dependencies if dep.name == name)
        return tuple(dict.fromkeys(dep.key for dep in found))

    def of_kind(self, kind: ChartKind) -> tuple[ParsedChart, ...]:
        """The charts of a kind, sorted by name."""
        return tuple(self.entries[chart.name] for chart in self.workspace.of_kind(kind))


def parse_workspace(workspace: Workspace, pins: Mapping[str, Mapping[ChartName, Pin]] | None = None) -> ParsedWorkspace:
    """Parse every chart of a workspace.

    Args:
        workspace: as read from disk.
        pins: environment → umbrella → its pin in `deploy/`.

    Raises:
        WorkspaceError: a values file or a schema cannot be parsed.
    """
    fragments = stage.fragments(workspace)
    effective = in_environments(workspace)
    entries = {}
    for name, chart in workspace.charts.items():
        document = chart_document(chart)
        text = decode(chart.files.get("values.yaml", b""), f"{chart.folder}/values.yaml")
        entries[name] = ParsedChart(
            chart=chart,
            values=document.mapping,
            schema=schema_of(workspace, chart),
            comments=comments(text, document.lines),
            umbrellas=tuple(parent.name for parent in graph.umbrellas_with(workspace, name)),
            environments=effective[name],
        )
    named = {path.removesuffix(".json"): fragment_of(text, path) for path, text in sorted(fragments.items())}
    return ParsedWorkspace(workspace=workspace, entries=entries, fragments=named, pins=pins or {})


def fragment_of(text: bytes, where: str) -> Map:
    """A parsed schema fragment.

    Raises:
        WorkspaceError: it is not JSON.
    """
    return schema.parse(text, where)


def schema_of(workspace: Workspace, chart: Chart) -> Map:
    """The bundled schema; empty for a chart without one."""
    if chart.kind is ChartKind.UMBRELLA:
        return stage.umbrella_schema(workspace, chart)
    return stage.service_schema(workspace, chart) if "values.schema.json" in chart.files else {}


def in_environments(workspace: Workspace) -> dict[ChartName, dict[str, Map]]:
    """Chart → environment → effective values: of its first member, or of the chart alone if no umbrella has it."""
    found: dict[ChartName, dict[str, Map]] = {}
    for name, environment in workspace.environments.items():
        for umbrella in workspace.umbrellas:
            for member in members_in(workspace, umbrella, environment):
                found.setdefault(member.chart.name, {}).setdefault(name, member.values)
    for chart in workspace.charts.values():
        if chart.name not in found:
            found[chart.name] = dict.fromkeys(workspace.environments, service_with(workspace, chart).values)
    return found
