"""Changelogs of an umbrella and its members. Pure.

The source is CHANGELOG.md; for a version without a section it is the annotation in Chart.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import CHANGES, Chart, ChartKind, ChartName
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.util import yaml
from slipway.util.files import decode
from slipway.util.mapping import dig
from slipway.versioning import changelog
from slipway.workspace.chart_folder import CHANGELOG

FOLDER = "changelog"
SITE_ROOT = "../"
"""Relative path from these pages to the root of the site."""

INTRO = """\
Changes of each namespace, from the changelogs of its umbrella chart and of its members.
`./inv version` writes an entry from the difference between the rendered objects; [the guide](../guides/release.md) describes
a release."""

NOTHING_PINNED = "No environment pins a version yet: nothing is released from this repository."


def pages(parsed: ParsedWorkspace) -> dict[str, str]:
    """Path below docs/ → text: a page for each umbrella, and their index."""
    umbrellas = parsed.of_kind(ChartKind.UMBRELLA)
    made = {f"{FOLDER}/{entry.chart.name}.md": page(parsed, entry) for entry in umbrellas}
    return {f"{FOLDER}/index.md": index(parsed, umbrellas), **made}


def index(parsed: ParsedWorkspace, umbrellas: tuple[ParsedChart, ...]) -> str:
    """The index of the changelogs."""
    rows = (
        (
            f"[{entry.chart.name}]({entry.chart.name}.md)",
            code(entry.chart.version),
            *(pinned_version(parsed, name, entry.chart.name) for name in parsed.workspace.environments),
        )
        for entry in umbrellas
    )
    head = ("Namespace", "Version in git", *(f"Pinned in {name}" for name in parsed.workspace.environments))
    return site_page("# Changelogs", INTRO, table(head, rows))


def pinned_version(parsed: ParsedWorkspace, environment: str, name: ChartName) -> str:
    """The version that an environment pins."""
    pin = parsed.pins.get(environment, {}).get(name)
    return code(pin.version) if pin else EMPTY


def page(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The page of an umbrella."""
    chart = entry.chart
    pinned = {name: pins[chart.name].version for name, pins in parsed.pins.items() if chart.name in pins}
    members = tuple(dict.fromkeys(dep.name for dep in chart.dependencies if dep.name in parsed.entries))
    return site_page(
        f"# Changelog of {chart.name}",
        f"Changes of the umbrella chart [{chart.name}]({SITE_ROOT}charts/{chart.name}.md), newest version first.",
        *(() if pinned else (NOTHING_PINNED,)),
        *(section(2, title, *blocks) for title, blocks in versions(chart, pinned)),
        section(2, "Members", "Changes of the member charts, independent of the umbrella's version."),
        *(member(parsed, parsed.entries[name].chart) for name in members),
    )


def member(parsed: ParsedWorkspace, chart: Chart) -> str:
    """The changes of a member."""
    blocks = (f"#### {chart.name} {title}\n\n" + "\n\n".join(below) for title, below in versions(chart, {}))
    title = f"[{parsed.entries[chart.name].title}]({SITE_ROOT}charts/{chart.name}.md)"
    return section(3, title, *blocks)


def versions(chart: Chart, pinned: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Heading and text of each version.

    Args:
        chart: an umbrella or a member.
        pinned: environment → pinned version.
    """
    text = decode(chart.beside.get(CHANGELOG, b""), f"{chart.folder}/{CHANGELOG}")
    sections = changelog.parse(text).sections if text else ()
    if all(one.version != chart.version for one in sections):
        yield chart.version, (*where(pinned, chart.version), *annotated(chart))
    for one in sections:
        title = " - ".join(part for part in (one.version, one.day) if part)
        yield f"{title} {one.rest}".strip(), (*where(pinned, one.version), *groups(one))


def where(pinned: Mapping[str, str], version: str) -> Iterator[str]:
    """The environments that pin a version, if any."""
    if environments := [name for name, one in pinned.items() if one == version]:
        yield f"Pinned in {', '.join(environments)}."


def groups(one: changelog.Section) -> Iterator[str]:
    """The groups of a version: added, changed, removed."""
    for title, lines in one.groups().items():
        listed = "\n".join(lines)
        yield f"**{title}**\n\n{listed}" if title else listed


def annotated(chart: Chart) -> Iterator[str]:
    """The changes in the annotation of Chart.yaml, or that there are none.

    Raises:
        WorkspaceError: the annotation is not YAML.
    """
    text = str(dig(chart.metadata, "annotations").get(CHANGES, ""))
    where = chart.line_of("annotations")
    items = yaml.parse(f"changes:\n{text}".encode(), where).mapping.get("changes") if text.strip() else None
    if not isinstance(items, list) or not items:
        yield "This version has no changelog entry yet; `./inv version` writes it."
        return
    yield "\n".join(
        f"- {str(dig(item).get('kind', 'changed')).capitalize()}: {prose(str(dig(item).get('description', item)))}"
        for item in items
    )
