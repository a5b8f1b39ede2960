"""The enabled members of an umbrella."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.model import Chart, Environment
from slipway.lint.positions import value_position
from slipway.workspace.values import Path, Scope, Scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledMember:
    """A member that is enabled, with its merged values."""

    umbrella: Chart
    key: str
    """Name or alias."""
    scope: Scope
    values: Mapping[str, object]

    def position(self, path: Path) -> str:
        """`file:line` of a value."""
        return value_position(self.scope.layers, path, self.scope.chart.folder)


def enabled_members(scopes: Scopes, umbrella: Chart, environment: Environment | None) -> Iterator[EnabledMember]:
    """The members that are enabled by the umbrella's own values, or in an environment."""
    for dependency, scope in scopes.members(umbrella, environment):
        values = scope.values
        if values.get("enabled") is not False:
            yield EnabledMember(umbrella=umbrella, key=dependency.key, scope=scope, values=values)
