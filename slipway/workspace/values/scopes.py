"""The values of a chart in each place where it is used, layer by layer; what the rules about values look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from slipway.core.model import Chart, Dependency, Environment, Workspace
from slipway.workspace.documents import chart_document, namespace_document, parsed
from slipway.workspace.values.layers import Layer, Path, coalesce


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The values of one chart in one place: a member of an umbrella in an environment, or a service by itself."""

    chart: Chart
    layers: tuple[Layer, ...]
    prefix: Path = ()

    @cached_property
    def values(self) -> Mapping[str, object]:
        """The values that win; merged once, since each rule asks for them."""
        return coalesce(self.layers)


@dataclass(frozen=True, kw_only=True)
class Scopes:
    """The places of a workspace; each is made once, since every rule visits all of them."""

    workspace: Workspace
    made: dict[tuple[str, ...], tuple[tuple[Dependency, Scope], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    variations: dict[str, tuple[Scope, ...]] = field(default_factory=dict, repr=False, compare=False)

    def of_service(self, chart: Chart) -> tuple[Scope, ...]:
        """A service with its own values, and with each variation.

        Raises:
            WorkspaceError: one of the files is not YAML.
        """
        if chart.name not in self.variations:
            self.variations[chart.name] = tuple(scopes_of_service(chart))
        return self.variations[chart.name]

    def members(self, umbrella: Chart, environment: Environment | None = None) -> tuple[tuple[Dependency, Scope], ...]:
        """Each member with its layers: its own values, the umbrella's, and those of an environment's file when there is one.

        Raises:
            WorkspaceError: one of the files is not YAML.
        """
        key = (umbrella.name, *(() if environment is None else (environment.name,)))
        if key not in self.made:
            self.made[key] = tuple(self.scopes_of_members(umbrella, environment))
        return self.made[key]

    def scopes_of_members(self, umbrella: Chart, environment: Environment | None) -> Iterator[tuple[Dependency, Scope]]:
        """As `members`, made anew."""
        above = None if environment is None else namespace_document(environment, umbrella.name)
        for member in umbrella.dependencies:
            chart = self.workspace.charts.get(member.name)
            if chart is not None:
                inside = (member.key,)
                layers = [Layer(document=chart_document(chart))]
                layers.append(Layer(document=chart_document(umbrella), inside=inside, parent=True))
                if above is not None:
                    layers.append(Layer(document=above, inside=inside))
                yield member, Scope(chart=chart, layers=tuple(layers), prefix=inside)


def scopes_of_service(chart: Chart) -> Iterator[Scope]:
    """A service with its own values, and with each variation."""
    own = Layer(document=chart_document(chart))
    yield Scope(chart=chart, layers=(own,))
    for path, text in chart.variations.items():
        variation = Layer(document=parsed(text, f"{chart.folder}/{path}"))
        yield Scope(chart=chart, layers=(own, variation))
