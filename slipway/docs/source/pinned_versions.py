"""What the environments run: the pins of `deploy/`, held against what lies here. Pure; no registry is asked.

A pin names an umbrella's version and what it was made from. When that is what lies here, its members run at the versions that
Chart.yaml names; otherwise only the package knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.model import ChartName
from slipway.docs.markdown import EMPTY, code
from slipway.docs.source.parsing import Book, Entry
from slipway.workspace.digest import digest_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An umbrella as an environment is pinned to it."""

    version: str
    same: bool
    """Whether it was made from what lies here."""


State = Mapping[str, Mapping[ChartName, Held]]
"""Environment → umbrella → what is pinned."""


def state(book: Book) -> State:
    """Every pin.

    Raises:
        WorkspaceError: see `digest_all`.
    """
    here = digest_all(book.workspace) if any(book.pins.values()) else {}
    return {
        environment: {
            name: Held(version=pin.version, same=here.get(name) == pin.input_digest)
            for name, pin in book.pins.get(environment, {}).items()
        }
        for environment in book.workspace.environments
    }


def umbrella(held: Held | None) -> str:
    """A pin in a table."""
    if held is None:
        return EMPTY
    return code(held.version) if held.same else f"{code(held.version)}, changed in git since"


def rows(known: State, entry: Entry) -> Iterator[tuple[str, str]]:
    """For the table of a chart: each environment with what it runs of it."""
    for environment, pins in known.items():
        said = [told for name in entry.umbrellas if (told := member(pins.get(ChartName(name)), name, entry))]
        if said:
            yield f"Pinned in {environment}", ", ".join(said)


def member(held: Held | None, umbrella_name: str, entry: Entry) -> str:
    """A chart in a pinned umbrella: its version where that is certain."""
    if held is None:
        return ""
    where = f"{umbrella_name} {held.version}"
    return f"{code(entry.chart.version)} in {where}" if held.same else f"the version packaged in {where}"


def card(known: State, entry: Entry) -> str:
    """For the catalogue: the chart's version, and the environments that run it as it lies here."""
    pinned = [
        name
        for name, pins in known.items()
        if any((held := pins.get(ChartName(one))) is not None and held.same for one in entry.umbrellas)
    ]
    return f"chart {entry.chart.version}, {'pinned in ' + ' and '.join(pinned) if pinned else 'not pinned'}"
