"""The values of one chart as layers of files, lowest first: what wins, what lies below, and on which line it stands."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.core.model import Chart, ChartKind, Environment, Workspace
from slipway.util import yaml
from slipway.util.mapping import type_name

Path = tuple[str, ...]

ABSENT = object()
"""Differs from every value, also from null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of one file, as values of a chart."""

    document: yaml.Document
    inside: Path = ()
    """Where the part starts in the file."""
    placed: Path = ()
    """Where it is put in the chart's values."""

    @property
    def values(self) -> Mapping[str, object]:
        """The part, in its place; empty when the file does not have it."""
        part = value_at(self.document.data, self.inside)
        if not isinstance(part, Mapping):
            return {}
        values: Mapping[str, object] = part
        for key in reversed(self.placed):
            values = {key: values}
        return values

    def has(self, path: Path) -> bool:
        """Whether the layer sets a path."""
        return value_at(self.values, path) is not ABSENT

    def where(self, path: Path) -> str:
        """`file:line` of a path of the chart's values, or of its nearest parent there."""
        own = path[len(self.placed) :] if path[: len(self.placed)] == self.placed else ()
        return self.document.at(*self.inside, *own)


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


def merge(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    """As Helm merges: mappings by key, everything else replaced, null removes."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def coalesce(layers: Sequence[Layer]) -> dict[str, object]:
    """The values that win."""
    return (
        functools.reduce(lambda low, layer: merge(low, layer.values), layers[1:], dict(layers[0].values))
        if layers
        else {}
    )


def top_layer(layers: Sequence[Layer], path: Path) -> Layer | None:
    """The highest layer that sets a path, or the nearest parent of it."""
    for end in range(len(path), 0, -1):
        for layer in reversed(layers):
            if layer.has(path[:end]):
                return layer
    return layers[-1] if layers else None


def leaves(data: Mapping[str, object], path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Path → value of everything that is not a mapping; an empty mapping is a leaf."""
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, str(key)))
        else:
            yield (*path, str(key)), value


def same(one: object, other: object) -> bool:
    """Equal, with the types told apart that YAML tells apart."""
    return type_name(one) == type_name(other) and one == other


def library_of(workspace: Workspace) -> Chart | None:
    """The library chart."""
    return next(iter(workspace.of_kind(ChartKind.LIBRARY)), None)


@functools.lru_cache(maxsize=2048)
def parsed(text: bytes, where: str) -> yaml.Document:
    """A document, read once for every check that looks at it; nobody changes it.

    Raises:
        WorkspaceError: see `yamls.parse`.
    """
    return yaml.parse(text, where)


def chart_document(chart: Chart) -> yaml.Document:
    """A chart's values.yaml.

    Raises:
        WorkspaceError: it is not YAML.
    """
    return parsed(chart.files.get("values.yaml", b""), f"{chart.folder}/values.yaml")


def platform_document(environment: Environment) -> yaml.Document:
    """An environment's platform.yaml.

    Raises:
        WorkspaceError: it is not YAML.
    """
    return parsed(environment.platform.text, environment.platform.path)


def namespace_document(environment: Environment, umbrella: str) -> yaml.Document | None:
    """An environment's file for an umbrella, if it has one.

    Raises:
        WorkspaceError: it is not YAML.
    """
    file = environment.namespaces.get(umbrella)
    return None if file is None else parsed(file.text, file.path)


def library_default(library: Chart | None, path: Path) -> tuple[Path, ...]:
    """Where the library keeps the default of a value of a service, best first.

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
