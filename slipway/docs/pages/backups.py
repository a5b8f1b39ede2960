"""The page of backups: everything that holds data, how it is kept, or why it is not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, section, site_page, table
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import mapping, merge
from slipway.workspace import backups

INTRO = """\
Every PVC and database of the platform, with its backup method or the reason for having no backup.
`./inv lint` rejects one without either.
`./inv backups` adds sizes and schedules of an environment; [the guide](../guides/backups.md) describes a restore."""


def text(book: Book) -> str:
    """The whole page."""
    return site_page(
        "# Backups",
        INTRO,
        *(section(2, entry.chart.name, held(book, entry), empty="No persistent data.") for entry in umbrellas(book)),
    )


def umbrellas(book: Book) -> tuple[Entry, ...]:
    """The umbrellas, by name."""
    return book.of_kind(ChartKind.UMBRELLA)


def held(book: Book, entry: Entry) -> str:
    """A namespace's table."""
    return table(("Service", "Volume or database", "Backup"), rows(book, entry))


def rows(book: Book, entry: Entry) -> Iterator[tuple[str, str, str]]:
    """What each member holds."""
    for dependency in entry.chart.dependencies:
        member = book.entries[dependency.name]
        values = merge(member.values, mapping(entry.values.get(dependency.key)))
        kept = backups.kept(values)
        for item in backups.holdings(values):
            known = kept.get((item.kind, item.identifier), backups.Kept(reason="not declared"))
            yield f"[{dependency.key}](../charts/{dependency.name}.md)", code(".".join(item.path)), prose(known.said)
