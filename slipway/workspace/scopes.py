"""The values of a chart in each place where it is used, layer by layer; what the rules about values look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from slipway.core.model import Chart, Dependency, Environment, Workspace
from slipway.util import yaml
from slipway.workspace import values as lay
from slipway.workspace.values import Layer, Path


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The values of one chart in one place: a member of an umbrella in an environment, or a service by itself."""

    chart: Chart
    layers: tuple[Layer, ...]
    prefix: Path = ()


@dataclass(frozen=True, kw_only=True)
class Scopes:
    """The places of a workspace; each values.yaml is parsed once."""

    workspace: Workspace
    documents: dict[str, yaml.Document] = field(default_factory=dict)

    def values_of(self, chart: Chart) -> yaml.Document:
        """A chart's values.yaml, parsed once.

        Raises:
            WorkspaceError: it is not YAML.
        """
        if chart.name not in self.documents:
            self.documents[chart.name] = lay.chart_document(chart)
        return self.documents[chart.name]

    def of_service(self, chart: Chart) -> Iterator[Scope]:
        """A service with its own values, and with each variation.

        Raises:
            WorkspaceError: one of the files is not YAML.
        """
        own = Layer(document=self.values_of(chart))
        yield Scope(chart=chart, layers=(own,))
        for path, text in chart.variations.items():
            variation = Layer(document=yaml.parse(text, f"{chart.folder}/{path}"))
            yield Scope(chart=chart, layers=(own, variation))

    def members(self, umbrella: Chart, environment: Environment | None = None) -> Iterator[tuple[Dependency, Scope]]:
        """Each member with its layers: its own values, the umbrella's, and those of an environment's file when there is one.

        Raises:
            WorkspaceError: one of the files is not YAML.
        """
        above = None if environment is None else lay.namespace_document(environment, umbrella.name)
        documents = (self.values_of(umbrella), *(() if above is None else (above,)))
        for member in umbrella.dependencies:
            chart = self.workspace.charts.get(member.name)
            if chart is not None:
                own = Layer(document=self.values_of(chart))
                layers = (own, *(Layer(document=document, inside=(member.key,)) for document in documents))
                yield member, Scope(chart=chart, layers=layers, prefix=(member.key,))
