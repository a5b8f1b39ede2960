"""The values that the members of an umbrella get in an environment: every layer merged as Helm does it. Pure.

library < service < umbrella < values/<env>/platform.yaml (`global`) < values/<env>/<namespace>.yaml
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Dependency, Environment, Workspace
from slipway.util.mapping import dig
from slipway.workspace import declarations
from slipway.workspace.documents import chart_document
from slipway.workspace.environments import environment_values
from slipway.workspace.values import helm
from slipway.workspace.values.helm import GLOBAL, ChartValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What the templates of one chart see in one place."""

    chart: Chart
    key: str
    """What Helm calls it: its name, or its alias in an umbrella."""
    values: Mapping[str, object] = field(repr=False)
    """`.Values`, without what belongs to its own dependencies; `global` has the library's defaults."""

    @property
    def enabled(self) -> bool:
        """Whether the umbrella renders it, and what it requires of the platform is enabled."""
        return self.values.get("enabled") is not False and declarations.required(self.values, self.facts)

    @property
    def facts(self) -> Mapping[str, object]:
        """The platform's facts, over the library's defaults."""
        return dig(self.values, GLOBAL)


def effective(
    workspace: Workspace, umbrella: Chart, member: Dependency, environment: Environment | None = None
) -> Effective:
    """The values of a member, in an environment or with the umbrella's own defaults.

    Raises:
        WorkspaceError: a file is not YAML, or Helm refuses the values.
    """
    return next(item for item in members_in(workspace, umbrella, environment) if item.key == member.key)


def members_in(workspace: Workspace, umbrella: Chart, environment: Environment | None = None) -> tuple[Effective, ...]:
    """The values of every member, also of those that are switched off.

    Raises:
        WorkspaceError: a file is not YAML, or Helm refuses the values.
    """
    known = workspace.charts.get(umbrella.name) is umbrella and (
        environment is None or workspace.environments.get(environment.name) is environment
    )
    # Each page and each rule asks member by member, and one merge gives all of them.
    key = (members_in, umbrella.name, environment.name if environment is not None else None)
    if known and (found := workspace.results.get(key)) is not None:
        return cast(tuple[Effective, ...], found)
    files = () if environment is None else (environment_values(environment, umbrella.name),)
    made = members_with(workspace, umbrella, files)
    if known:
        workspace.results[key] = made
    return made


def members_with(workspace: Workspace, umbrella: Chart, files: Sequence[Mapping[str, object]]) -> tuple[Effective, ...]:
    """The values of every member with values files over the umbrella's defaults.

    Raises:
        WorkspaceError: a file is not YAML, or Helm refuses the values.
    """
    rendered = rendered_with(workspace, umbrella, files)
    known = [member for member in umbrella.dependencies if member.name in workspace.charts]
    off = {member.key for member in known if dig(rendered, member.key).get("enabled") is False}
    # Helm leaves out what is switched off; what such a member would get is what it gets when every member is on.
    otherwise = rendered_with(workspace, umbrella, files, conditions=False) if off else rendered
    return tuple(
        as_seen(
            workspace,
            workspace.charts[member.name],
            member.key,
            (otherwise if member.key in off else rendered)[member.key],
        )
        for member in known
    )


def service_with(workspace: Workspace, chart: Chart, files: Sequence[Mapping[str, object]] = ()) -> Effective:
    """The values of a service by itself.

    Raises:
        WorkspaceError: a file is not YAML, or Helm refuses the values.
    """
    return as_seen(workspace, chart, chart.name, rendered_with(workspace, chart, files))


def rendered_with(
    workspace: Workspace, chart: Chart, files: Sequence[Mapping[str, object]], *, conditions: bool = True
) -> dict[str, object]:
    """`.Values` of a chart that is rendered with values files."""
    try:
        return helm.render_values(chart_values(workspace, chart, chart.name, conditions=conditions), files)
    except helm.TypeMismatch as error:
        fact = f"the values of {error.path} are not a mapping"
        raise WorkspaceError(
            Problem(where=f"{chart.folder}/values.yaml", fact=fact, hint="write {} for none", rule="values.schema")
        ) from None


def chart_values(
    workspace: Workspace,
    chart: Chart,
    key: str,
    *,
    condition: str = "",
    conditions: bool = True,
    above: tuple[ChartName, ...] = (),
) -> ChartValues:
    """A chart of the workspace for the merge; a dependency that the workspace lacks, or that closes a circle, is left out."""
    below = (member for member in chart.dependencies if member.name in workspace.charts and member.name not in above)
    return ChartValues(
        name=key,
        values=chart_document(chart).mapping,
        dependencies=tuple(
            chart_values(
                workspace,
                workspace.charts[member.name],
                member.key,
                condition=(member.condition or "") if conditions else "",
                above=(*above, chart.name),
            )
            for member in below
        ),
        condition=condition,
    )


def as_seen(workspace: Workspace, chart: Chart, key: str, values: object) -> Effective:
    """A chart's part of Helm's values, with the facts as the library's templates read them."""
    found = dict(dig(values))
    for dependency in chart.dependencies:
        below = dig(found.pop(dependency.key, {}))
        if (target := workspace.charts.get(dependency.name)) is not None and target.kind is ChartKind.LIBRARY:
            found[GLOBAL] = below.get(GLOBAL, {})
    return Effective(chart=chart, key=key, values=helm.ordered(found, chart_document(chart).mapping))
