"""What a dashboard is: rows of panels, each with its questions. Pure values; `write` makes Grafana's JSON of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The data sources that charts/grafana provisions; the value is both its type and its uid."""

    PROMETHEUS = "prometheus"
    LOKI = "loki"


class Kind(StrEnum):
    """How a panel shows its answers."""

    STAT = "stat"
    SERIES = "timeseries"
    TABLE = "table"
    BARS = "bargauge"
    LOGS = "logs"
    TEXT = "text"


class Colour(StrEnum):
    """What a value says about the platform."""

    GOOD = "green"
    WATCH = "orange"
    BAD = "red"
    PLAIN = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to a data source."""

    expr: str
    legend: str = ""
    """Grafana's template of a series' name, `{{label}}`."""
    source: Source = Source.PROMETHEUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From this value on, this colour."""

    at: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a label of the answer, or `Value`."""

    field: str
    title: str
    unit: str = ""
    steps: tuple[Step, ...] = ()
    words: tuple[tuple[float, str, Colour], ...] = ()
    """Value → what it means."""
    link: str = ""
    """Where a click leads; `${__data.fields.<title>}` is the cell of another column."""
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture."""

    title: str
    kind: Kind
    queries: tuple[Query, ...] = ()
    about: str = ""
    """What it means and what to do about it; shown behind the title."""
    unit: str = "short"
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    steps: tuple[Step, ...] = ()
    base: Colour = Colour.GOOD
    """Colour below the first step."""
    words: tuple[tuple[float, str, Colour], ...] = ()
    columns: tuple[Column, ...] = ()
    stacked: bool = False
    link: str = ""
    markdown: str = ""
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]
    needs: tuple[str, ...] = ()
    """Charts without which there is nothing to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A variable that the reader chooses, from the values of a label or a fixed list."""

    name: str
    title: str
    metric: str = ""
    """Series whose label it is; may have a selector."""
    label: str = ""
    multiple: bool = True
    free: bool = False
    """The reader writes it; an empty one finds everything."""
    source: Source = Source.PROMETHEUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One page."""

    uid: str
    title: str
    folder: str
    about: str
    rows: tuple[Row, ...]
    choices: tuple[Choice, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Title and address, beside the list of the folder's other pages."""
    needs: tuple[str, ...] = ()
    """Charts without which there is nothing to see."""
    since: str = "now-6h"

    @property
    def file(self) -> str:
        """Its file below the folder of dashboards."""
        return f"{self.folder}/{self.uid.partition('-')[2]}.json"


def metric(expr: str, legend: str = "") -> Query:
    """A question to Prometheus."""
    return Query(expr=expr, legend=legend)


def lines(expr: str, legend: str = "") -> Query:
    """A question to Loki."""
    return Query(expr=expr, legend=legend, source=Source.LOKI)


def rising(watch: float, bad: float) -> tuple[Step, ...]:
    """More is worse."""
    return (Step(at=watch, colour=Colour.WATCH), Step(at=bad, colour=Colour.BAD))


def bad_from(value: float) -> tuple[Step, ...]:
    """From this value on something is broken."""
    return (Step(at=value, colour=Colour.BAD),)


def falling(watch: float, good: float) -> tuple[Step, ...]:
    """Less is worse; below the first step it is bad, which the panel's base says."""
    return (Step(at=watch, colour=Colour.WATCH), Step(at=good, colour=Colour.GOOD))


def stat(
    title: str,
    expr: str,
    *,
    about: str,
    legend: str = "",
    unit: str = "short",
    steps: Sequence[Step] = (),
    base: Colour = Colour.GOOD,
    words: tuple[tuple[float, str, Colour], ...] = (),
    decimals: int | None = None,
    link: str = "",
    width: int = 4,
) -> Panel:
    """One number."""
    return Panel(
        title=title,
        kind=Kind.STAT,
        queries=(metric(expr, legend),),
        about=about,
        unit=unit,
        steps=tuple(steps),
        base=base,
        words=words,
        decimals=decimals,
        link=link,
        width=width,
        height=4,
    )


def series(
    title: str,
    *queries: Query,
    about: str = "",
    unit: str = "short",
    minimum: float | None = 0,
    maximum: float | None = None,
    steps: Sequence[Step] = (),
    stacked: bool = False,
    link: str = "",
    width: int = 12,
) -> Panel:
    """Values over time."""
    return Panel(
        title=title,
        kind=Kind.SERIES,
        queries=queries,
        about=about,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        steps=tuple(steps),
        stacked=stacked,
        link=link,
        width=width,
    )


def table(
    title: str, *queries: Query, columns: Sequence[Column], about: str = "", width: int = 12, height: int = 8
) -> Panel:
    """Values of now, one thing a line; several questions are joined by the labels that they share."""
    return Panel(
        title=title,
        kind=Kind.TABLE,
        queries=queries,
        about=about,
        columns=tuple(columns),
        base=Colour.PLAIN,
        width=width,
        height=height,
    )


def bars(
    title: str,
    query: Query,
    *,
    about: str = "",
    unit: str = "short",
    maximum: float | None = None,
    steps: Sequence[Step] = (),
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Values of now side by side."""
    return Panel(
        title=title,
        kind=Kind.BARS,
        queries=(query,),
        about=about,
        unit=unit,
        minimum=0,
        maximum=maximum,
        steps=tuple(steps),
        width=width,
        height=height,
    )


def log(title: str, expr: str, *, about: str = "", width: int = 24, height: int = 12) -> Panel:
    """Lines, the newest first."""
    return Panel(title=title, kind=Kind.LOGS, queries=(lines(expr),), about=about, width=width, height=height)


def text(title: str, markdown: str, *, width: int = 24, height: int = 6) -> Panel:
    """Markdown."""
    return Panel(title=title, kind=Kind.TEXT, markdown=markdown, width=width, height=height)
