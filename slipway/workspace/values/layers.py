"""The values of one chart as layers of files, lowest first: what wins, what a layer overrides, and on which line it is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.core.model import Chart, ChartKind, Workspace
from slipway.util import yaml
from slipway.util.mapping import type_name
from slipway.workspace.values import helm
from slipway.workspace.values.helm import ChartValues

Path = tuple[str, ...]

ABSENT = object()
"""Differs from every value, also from null."""

MEMBER = "member"
"""The key of the chart in a parent that exists for the merge alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of one file, as values of a chart."""

    document: yaml.Document
    inside: Path = ()
    """Where the part starts in the file."""
    parent: bool = False
    """Whether these are defaults of the parent chart; what lies above the chart's own defaults is otherwise a values file."""

    @property
    def part(self) -> object:
        """The part, whatever it is; ABSENT when the file does not have it."""
        return value_at(self.document.data, self.inside)

    @property
    def values(self) -> Mapping[str, object]:
        """The part as values; empty when the file does not have it."""
        part = self.part
        return part if isinstance(part, Mapping) else {}

    def has(self, path: Path) -> bool:
        """Whether the layer sets a path."""
        return value_at(self.values, path) is not ABSENT

    def where(self, path: Path) -> str:
        """`file:line` of a path of the chart's values, or of its nearest parent there."""
        return self.document.at(*self.inside, *path)


def value_at(data: object, path: Sequence[str]) -> object:
    """The value at a path, through mappings and lists, or ABSENT."""
    for key in path:
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return ABSENT
    return data


def coalesce(layers: Sequence[Layer]) -> dict[str, object]:
    """The values that win, without the globals that a parent passes on.

    Args:
        layers: the chart's own defaults, then those of its parent, then values files.
    """
    if not layers:
        return {}
    own, *above = layers
    if not any(layer.parent for layer in above):
        chart = ChartValues(name=MEMBER, values=own.values)
        return helm.ordered(helm.render_values(chart, [layer.values for layer in above]), own.values)
    defaults = [{MEMBER: layer.values} for layer in above if layer.parent and isinstance(layer.part, Mapping)]
    files = [{MEMBER: layer.values} for layer in above if not layer.parent and isinstance(layer.part, Mapping)]
    chart = ChartValues(name=MEMBER, values=own.values)
    parent = ChartValues(name="", values=helm.merge_files(defaults), dependencies=(chart,))
    found: dict[str, object] = helm.render_values(parent, files)[MEMBER]
    if not any(layer.has((helm.GLOBAL,)) for layer in layers):
        del found[helm.GLOBAL]
    return helm.ordered(found, own.values)


def merge(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    """Values over the defaults of a chart that has no subchart."""
    return helm.render_values(ChartValues(name=MEMBER, values=low), [high])


def top_layer(layers: Sequence[Layer], path: Path) -> Layer | None:
    """The highest layer that sets a path, or the nearest parent of it."""
    for end in range(len(path), 0, -1):
        for layer in reversed(layers):
            if layer.has(path[:end]):
                return layer
    return layers[-1] if layers else None


def same(one: object, other: object) -> bool:
    """Equal, with equal YAML types."""
    return type_name(one) == type_name(other) and one == other


def library_of(workspace: Workspace) -> Chart | None:
    """The library chart."""
    return next(iter(workspace.of_kind(ChartKind.LIBRARY)), None)


def library_default(library: Chart | None, path: Path) -> tuple[Path, ...]:
    """Where the library has the default of a value of a service, best first.

    The library merges its own `controller`, `pod` and `container` below every controller, pod and container.
    """
    match path:
        case ("global", *_):
            place: Path = path
        case ("controllers", _, "pod", *rest) if rest:
            place = ("pod", *rest)
        case ("controllers", _, "containers" | "sidecars" | "init", _, *rest) if rest:
            place = ("container", *rest)
        case ("controllers", _, *rest) if rest:
            place = ("controller", *rest)
        case ("common", *rest) if rest:
            place = tuple(rest)
        case _:
            return ()
    return (place,) if library is not None else ()
