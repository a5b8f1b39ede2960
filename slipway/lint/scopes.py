"""The values of a chart in each place where it is used, layer by layer; what the rules about values look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slipway import yamls
from slipway.lint import layers as lay
from slipway.lint.layers import Layer, Path
from slipway.model import Chart, Dependency, Workspace


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
    documents: dict[str, yamls.Document] = field(default_factory=dict)

    def values_of(self, chart: Chart) -> yamls.Document:
        """A chart's values.yaml, parsed once.

        Raises:
            WorkspaceError: it is not YAML.
        """
        if chart.name not in self.documents:
            self.documents[chart.name] = lay.chart_document(chart)
        return self.documents[chart.name]

    def members(self, umbrella: Chart, more: Sequence[yamls.Document]) -> Iterator[tuple[Dependency, Scope]]:
        """Each member with its layers: its own values, the umbrella's, and more documents of the umbrella's form."""
        documents = (self.values_of(umbrella), *more)
        for member in umbrella.dependencies:
            chart = self.workspace.charts.get(member.name)
            if chart is not None:
                own = Layer(document=self.values_of(chart))
                above = tuple(Layer(document=document, inside=(member.key,)) for document in documents)
                yield member, Scope(chart=chart, layers=(own, *above), prefix=(member.key,))
