"""Dashboards, rows, panels and queries as frozen values. Pure; `write` converts them to Grafana's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The data sources that charts/grafana provisions; the value is both type and uid."""

    PROMETHEUS = "prometheus"
    LOKI = "loki"


class PanelType(StrEnum):
    """Grafana's panel types."""

    STAT = "stat"
    SERIES = "timeseries"
    TABLE = "table"
    BARS = "bargauge"
    LOGS = "logs"
    TEXT = "text"


class Colour(StrEnum):
    """The status that a value has."""

    GOOD = "green"
    WATCH = "orange"
    BAD = "red"
    PLAIN = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query to a data source."""

    expr: str
    legend: str = ""
    """Legend format, with templates such as `{{label}}`."""
    source: Source = Source.PROMETHEUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The colour of values from `at` on."""

    at: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a label, or `Value`."""

    field: str
    title: str
    unit: str = ""
    thresholds: tuple[Threshold, ...] = ()
    mappings: tuple[tuple[float, str, Colour], ...] = ()
    """Value → text and colour."""
    link: str = ""
    """Data link; `${__data.fields.<title>}` is the cell of another column."""
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel."""

    title: str
    type: PanelType
    queries: tuple[Query, ...] = ()
    description: str = ""
    """Meaning and action; shown next to the title."""
    unit: str = "short"
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    base: Colour = Colour.GOOD
    """Colour below the first threshold."""
    mappings: tuple[tuple[float, str, Colour], ...] = ()
    columns: tuple[Column, ...] = ()
    stacked: bool = False
    link: str = ""
    markdown: str = ""
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels below a row title."""

    title: str
    panels: tuple[Panel, ...]
    requires: tuple[str, ...] = ()
    """Charts without which it has no data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A template variable: the values of a label, or free text."""

    name: str
    title: str
    metric: str = ""
    """Metric or selector with the label."""
    label: str = ""
    multiple: bool = True
    free_text: bool = False
    """A text box; empty text matches everything."""
    source: Source = Source.PROMETHEUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard."""

    uid: str
    title: str
    folder: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Title and URL, next to the dropdown of the folder's dashboards."""
    requires: tuple[str, ...] = ()
    """Charts without which it has no data."""
    time_from: str = "now-6h"

    @property
    def file(self) -> str:
        """The file below charts/grafana/files/dashboards."""
        return f"{self.folder}/{self.uid.partition('-')[2]}.json"


def promql(expr: str, legend: str = "") -> Query:
    """A query to Prometheus."""
    return Query(expr=expr, legend=legend)


def logql(expr: str, legend: str = "") -> Query:
    """A query to Loki."""
    return Query(expr=expr, legend=legend, source=Source.LOKI)


def rising(watch: float, bad: float) -> tuple[Threshold, ...]:
    """Thresholds of a value of which more is worse."""
    return (Threshold(at=watch, colour=Colour.WATCH), Threshold(at=bad, colour=Colour.BAD))


def bad_from(value: float) -> tuple[Threshold, ...]:
    """A single threshold, from which the value is bad."""
    return (Threshold(at=value, colour=Colour.BAD),)


def falling(watch: float, good: float) -> tuple[Threshold, ...]:
    """Thresholds of a value of which less is worse; the panel's base colour must be bad."""
    return (Threshold(at=watch, colour=Colour.WATCH), Threshold(at=good, colour=Colour.GOOD))


def stat(
    title: str,
    expr: str,
    *,
    description: str,
    legend: str = "",
    unit: str = "short",
    thresholds: Sequence[Threshold] = (),
    base: Colour = Colour.GOOD,
    mappings: tuple[tuple[float, str, Colour], ...] = (),
    decimals: int | None = None,
    link: str = "",
    width: int = 4,
) -> Panel:
    """A single number."""
    return Panel(
        title=title,
        type=PanelType.STAT,
        queries=(promql(expr, legend),),
        description=description,
        unit=unit,
        thresholds=tuple(thresholds),
        base=base,
        mappings=mappings,
        decimals=decimals,
        link=link,
        width=width,
        height=4,
    )


def series(
    title: str,
    *queries: Query,
    description: str = "",
    unit: str = "short",
    minimum: float | None = 0,
    maximum: float | None = None,
    thresholds: Sequence[Threshold] = (),
    stacked: bool = False,
    link: str = "",
    width: int = 12,
) -> Panel:
    """A time series."""
    return Panel(
        title=title,
        type=PanelType.SERIES,
        queries=queries,
        description=description,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        thresholds=tuple(thresholds),
        stacked=stacked,
        link=link,
        width=width,
    )


def table(
    title: str, *queries: Query, columns: Sequence[Column], description: str = "", width: int = 12, height: int = 8
) -> Panel:
    """Current values, one row for each label set; several queries are joined by their common labels."""
    return Panel(
        title=title,
        type=PanelType.TABLE,
        queries=queries,
        description=description,
        columns=tuple(columns),
        base=Colour.PLAIN,
        width=width,
        height=height,
    )


def bars(
    title: str,
    query: Query,
    *,
    description: str = "",
    unit: str = "short",
    maximum: float | None = None,
    thresholds: Sequence[Threshold] = (),
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Current values as bars."""
    return Panel(
        title=title,
        type=PanelType.BARS,
        queries=(query,),
        description=description,
        unit=unit,
        minimum=0,
        maximum=maximum,
        thresholds=tuple(thresholds),
        width=width,
        height=height,
    )


def log(title: str, expr: str, *, description: str = "", width: int = 24, height: int = 12) -> Panel:
    """Log lines, newest first."""
    return Panel(
        title=title, type=PanelType.LOGS, queries=(logql(expr),), description=description, width=width, height=height
    )


def text(title: str, markdown: str, *, width: int = 24, height: int = 6) -> Panel:
    """A Markdown text."""
    return Panel(title=title, type=PanelType.TEXT, markdown=markdown, width=width, height=height)
