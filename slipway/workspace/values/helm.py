"""Helm's own merge of values: files over each other, and a chart's defaults below them, through every subchart. Pure.

A port of Helm 4.3: `pkg/chart/common/util/coalesce.go`, `pkg/chart/v2/util/dependencies.go` and `MergeMaps` of
`pkg/chart/v2/loader/load.go`. It works in place and shares mappings where Helm does, because that can be seen in the
result. `tests/charts/test_values.py` compares it with the helm binary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

GLOBAL = "global"

Table = dict[str, Any]
"""A mapping of YAML that may be changed."""


SCALARS = frozenset({str, int, bool, float, type(None)})


class TypeMismatch(ValueError):
    """Values that a parent sets for a subchart are no mapping; Helm refuses to render."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the values of {path} are not a mapping")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartValues:
    """A chart as far as the merge is concerned."""

    name: str
    """The key under which its parent has its values: its alias or its name."""
    values: Mapping[str, object] = field(repr=False)
    dependencies: tuple[ChartValues, ...] = ()
    condition: str = ""
    """Path in the parent's values, such as `sonarr.enabled`."""


def render_values(chart: ChartValues, files: Sequence[Mapping[str, object]]) -> Table:
    """`.Values` of a chart's templates; those of a subchart are under its name.

    Args:
        chart: with all of its dependencies.
        files: as `--values` names them, the last one wins.

    Raises:
        TypeMismatch: Helm refuses these values.
    """
    given = merge_files(files)
    return coalesce(imported(enabled(chart, given)), given)


def merge_files(files: Sequence[Mapping[str, object]]) -> Table:
    """Values files over each other; a null stays, since it removes a default of a chart later."""
    merged: Table = {}
    for file in files:
        merged = merge_maps(merged, table(file))
    return merged


def merge_maps(low: Table, high: Table) -> Table:
    """`MergeMaps`."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        merged[key] = merge_maps(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def enabled(chart: ChartValues, given: Mapping[str, object]) -> ChartValues:
    """A chart without the dependencies whose condition is false."""
    if not chart.dependencies:
        return chart
    values = coalesce(chart, given)
    return replace(chart, dependencies=tuple(item for item in chart.dependencies if is_enabled(item, values)))


def is_enabled(dependency: ChartValues, values: Mapping[str, object]) -> bool:
    """Whether a condition leaves a dependency in: one that is unset, or no boolean, does."""
    found: object = values
    for key in dependency.condition.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found is not False


def imported(chart: ChartValues) -> ChartValues:
    """A chart whose defaults include those of its dependencies, nulls and all, as Helm prepares it for rendering."""
    if not chart.dependencies:
        return chart
    below = replace(chart, dependencies=tuple(map(imported, chart.dependencies)))
    return replace(below, values=coalesced(below, {}, merge=True))


def coalesce(chart: ChartValues, given: Mapping[str, object]) -> Table:
    """`CoalesceValues`: a chart's defaults below values, and globals passed on to every subchart.

    Raises:
        TypeMismatch: Helm refuses these values.
    """
    return coalesced(chart, table(given), merge=False)


def coalesced(chart: ChartValues, target: Table, *, merge: bool, path: str = "") -> Table:
    """`coalesce`: `target` has the higher values and receives the others; with `merge`, nulls are kept."""
    coalesce_defaults(chart, target, merge=merge)
    for dependency in chart.dependencies:
        here = f"{path}.{dependency.name}".lstrip(".")
        below = target.setdefault(dependency.name, {})
        if not isinstance(below, dict):
            raise TypeMismatch(here)
        coalesce_globals(below, target)
        target[dependency.name] = coalesced(dependency, below, merge=merge, path=here)
    return target


def coalesce_globals(target: Table, source: Table) -> None:
    """`coalesceGlobals`: a parent's globals win over those of a subchart."""
    mine, theirs = target.get(GLOBAL, {}), source.get(GLOBAL, {})
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return
    for key, value in theirs.items():
        if isinstance(value, dict):
            # Helm copies one level: deeper mappings are shared by the parent and all of its subcharts.
            copied = dict(value)
            if key not in mine:
                mine[key] = copied
            elif isinstance(mine[key], dict):
                mine[key] = coalesce_tables(copied, mine[key], merge=True)
        elif not isinstance(mine.get(key), dict):
            mine[key] = value
    target[GLOBAL] = mine


def coalesce_defaults(chart: ChartValues, target: Table, *, merge: bool) -> None:
    """`coalesceValues`: the chart's own defaults below values."""
    subcharts = {item.name for item in chart.dependencies}
    for key, default in table(chart.values).items():
        if key not in target:
            if not merge:
                if default is None:
                    continue
                clean_nulls(default)
            target[key] = default
            continue
        value = target[key]
        if value is None and not merge:
            del target[key]
        elif isinstance(value, dict) and isinstance(default, dict):
            keep_nulls = merge or key in subcharts
            if not keep_nulls:
                clean_nulls(default)
            coalesce_tables(value, default, merge=keep_nulls)


def coalesce_tables(high: Table, low: Table, *, merge: bool = False) -> Table:
    """`coalesceTables`: `high` wins and receives the rest of `low`.

    A null of `high` removes the value of `low`, unless both are null, `low` has none, or `merge` keeps it.
    """
    present = {key for key, value in low.items() if value is not None}
    low |= {key: None for key, value in high.items() if value is None}
    for key, value in low.items():
        if key not in high:
            high[key] = value
        elif high[key] is None and not merge and key in present:
            del high[key]
        elif isinstance(value, dict) and isinstance(high[key], dict):
            coalesce_tables(high[key], value, merge=merge)
    return high


def clean_nulls(value: object) -> None:
    """Remove every null of nested mappings."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
        for item in value.values():
            clean_nulls(item)


def table(values: Mapping[str, object]) -> Table:
    """A copy to work on, with text as keys, which is how Helm reads YAML."""
    return {key if type(key) is str else text_key(key): copied(value) for key, value in values.items()}


def copied(value: object) -> Any:
    """A deep copy of mappings and lists."""
    # The exact types first: a merge copies some thousand values, and nearly all of them are of these.
    if type(value) in SCALARS:
        return value
    if type(value) is dict or isinstance(value, Mapping):
        return table(value)
    return [copied(item) for item in value] if isinstance(value, list) else value


def ordered(values: Mapping[str, object], like: Mapping[str, object]) -> Table:
    """Values with the keys in the order of other values, and what these lack after that; Helm keeps no order."""
    known = {text_key(key): value for key, value in like.items()}
    keys = [*(key for key in known if key in values), *(key for key in values if key not in known)]
    return {key: ordered_value(values[key], known.get(key)) for key in keys}


def ordered_value(value: object, like: object) -> object:
    """A value, ordered when both are mappings."""
    return ordered(value, like) if isinstance(value, Mapping) and isinstance(like, Mapping) else value


def text_key(key: object) -> str:
    """A key of YAML as one of JSON."""
    return str(key).lower() if isinstance(key, bool) else str(key)
