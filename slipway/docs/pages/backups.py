"""The page of backups: every volume and database with its backup method. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, section, site_page, table
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.workspace import backups

INTRO = """\
Every PVC and database of the platform, with its backup method or the reason for having no backup.
`./inv lint` rejects one without either.
`./inv backups` adds sizes and schedules of an environment; [the guide](../guides/backups.md) describes a restore."""


def text(parsed: ParsedWorkspace) -> str:
    """The page."""
    return site_page(
        "# Backup coverage",
        INTRO,
        *(
            section(2, entry.chart.name, namespace_table(parsed, entry), empty="No persistent data.")
            for entry in umbrellas(parsed)
        ),
    )


def umbrellas(parsed: ParsedWorkspace) -> tuple[ParsedChart, ...]:
    """The umbrellas, sorted by name."""
    return parsed.of_kind(ChartKind.UMBRELLA)


def namespace_table(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The volumes and databases of a namespace."""
    return table(("Service", "Volume or database", "Backup"), rows(parsed, entry))


def rows(parsed: ParsedWorkspace, entry: ParsedChart) -> Iterator[tuple[str, str, str]]:
    """Member, volume or database, and backup method."""
    for member in parsed.members(entry.chart):
        kept = backups.kept(member.values)
        for item in backups.holdings(member.values):
            known = kept.get((item.kind, item.identifier), backups.Kept(reason="not declared"))
            yield (
                f"[{member.key}](../charts/{member.chart.name}.md)",
                code(".".join(item.path)),
                prose(known.description),
            )
