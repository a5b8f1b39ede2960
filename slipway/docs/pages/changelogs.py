"""What changed in an umbrella and in its members, version by version. Pure.

The source is CHANGELOG.md; a version that it does not speak of is told by the annotation that travels in the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import CHANGES, Chart, ChartKind, ChartName
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import mapping
from slipway.util import yaml
from slipway.util.files import decode
from slipway.versioning import changelog
from slipway.workspace.discover import CHANGELOG

FOLDER = "changelog"
ABOVE = "../"
"""From these pages to the root of the site."""

INTRO = """\
Changes of each namespace, from the changelogs of its umbrella chart and of its members.
`./inv version` writes an entry from the difference between the rendered objects; [the guide](../guides/release.md) describes
a release."""

NOTHING_PINNED = "No environment pins a version yet: nothing is released from this repository."


def pages(book: Book) -> dict[str, str]:
    """Path below the site's sources → text: a page for each umbrella, and their list."""
    umbrellas = book.of_kind(ChartKind.UMBRELLA)
    made = {f"{FOLDER}/{entry.chart.name}.md": page(book, entry) for entry in umbrellas}
    return {f"{FOLDER}/index.md": index(book, umbrellas), **made}


def index(book: Book, umbrellas: tuple[Entry, ...]) -> str:
    """The list of the pages."""
    rows = (
        (
            f"[{entry.chart.name}]({entry.chart.name}.md)",
            code(entry.chart.version),
            *(pinned(book, name, entry.chart.name) for name in book.workspace.environments),
        )
        for entry in umbrellas
    )
    head = ("Namespace", "Version in git", *(f"Pinned in {name}" for name in book.workspace.environments))
    return site_page("# Changelogs", INTRO, table(head, rows))


def pinned(book: Book, environment: str, name: ChartName) -> str:
    """The version that an environment runs."""
    held = book.pins.get(environment, {}).get(name)
    return code(held.version) if held else EMPTY


def page(book: Book, entry: Entry) -> str:
    """The page of an umbrella."""
    chart = entry.chart
    held = {name: pins[chart.name].version for name, pins in book.pins.items() if chart.name in pins}
    members = tuple(dict.fromkeys(dep.name for dep in chart.dependencies if dep.name in book.entries))
    return site_page(
        f"# Changelog of {chart.name}",
        f"Changes of the umbrella chart [{chart.name}]({ABOVE}charts/{chart.name}.md), newest version first.",
        *(() if held else (NOTHING_PINNED,)),
        *(section(2, title, *blocks) for title, blocks in versions(chart, held)),
        section(2, "Members", "Changes of the member charts, independent of the umbrella's version."),
        *(member(book, book.entries[name].chart) for name in members),
    )


def member(book: Book, chart: Chart) -> str:
    """The changes of a member, below its name."""
    blocks = (f"#### {chart.name} {title}\n\n" + "\n\n".join(below) for title, below in versions(chart, {}))
    title = f"[{book.entries[chart.name].title}]({ABOVE}charts/{chart.name}.md)"
    return section(3, title, *blocks)


def versions(chart: Chart, held: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Heading and text of each version.

    Args:
        chart: whose.
        held: environment → the version that is pinned there.
    """
    text = decode(chart.beside.get(CHANGELOG, b""), f"{chart.folder}/{CHANGELOG}")
    told = changelog.parse(text).sections if text else ()
    if all(one.version != chart.version for one in told):
        yield chart.version, (*where(held, chart.version), *annotated(chart))
    for one in told:
        title = " - ".join(part for part in (one.version, one.day) if part)
        yield f"{title} {one.rest}".strip(), (*where(held, one.version), *groups(one))


def where(held: Mapping[str, str], version: str) -> Iterator[str]:
    """Which environments run a version; nothing when none does."""
    if there := [name for name, one in held.items() if one == version]:
        yield f"Pinned in {', '.join(there)}."


def groups(one: changelog.Section) -> Iterator[str]:
    """The parts of a version: what was added, changed, removed."""
    for title, lines in one.groups().items():
        listed = "\n".join(lines)
        yield f"**{title}**\n\n{listed}" if title else listed


def annotated(chart: Chart) -> Iterator[str]:
    """What the package's annotation says of the present version, or that nothing does.

    Raises:
        WorkspaceError: the annotation is not YAML.
    """
    text = str(mapping(chart.metadata.get("annotations")).get(CHANGES, ""))
    where = chart.line_of("annotations")
    items = yaml.parse(f"changes:\n{text}".encode(), where).mapping.get("changes") if text.strip() else None
    if not isinstance(items, list) or not items:
        yield "This version has no changelog entry yet; `./inv version` writes it."
        return
    yield "\n".join(
        f"- {str(mapping(item).get('kind', 'changed')).capitalize()}: {prose(str(mapping(item).get('description', item)))}"
        for item in items
    )
