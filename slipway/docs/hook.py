"""MkDocs' hook: pages of charts and runbooks get their place in the navigation, pages with drawings the program that
draws them, console blocks lose their marks, and what `serve` sees change is staged."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

SLOT = "charts/index.md"
"""The entry of mkdocs.yml that the pages of charts follow, in the order in which it links to them."""

LINK = re.compile(r"\]\(([a-z0-9-]+\.md)\)")

RUNBOOKS = "runbooks/index.md"
"""The entry of mkdocs.yml that the runbooks follow, by name: one for each alert, so that no list is kept by hand."""

FOLDERS = (RUNBOOKS, "reference/values/index.md", "changelog/index.md")
"""Entries that the other pages of their folder follow, by name."""

VERSIONED = "MIKE_DOCS_VERSION"
"""Set by mike while it builds one version. Only then the theme offers the others: it asks for versions.json beside them."""

SEARCH = 'role="dialog"'
"""The theme's dialog without a name."""
DRAWING = '<pre class="mermaid">'
MERMAID = "assets/mermaid.min.js"
"""Draws in the browser, in the colours of the page; the theme would ask another host for it where it is not loaded."""


CELL = re.compile(r"<td[ >].*?</td>", re.DOTALL)
CODE = re.compile(r"<code([^>]*)>([^<]*)</code>")
BREAKS = re.compile(r"(?<=[./:_,=])(?![./:_,=]|$)|(?<=[a-z])(?=[A-Z])")
"""Where a long name may be broken: behind the last of such signs but not at its end, and before a new word in it."""


class Settings(Protocol):
    """The part of MkDocs' configuration that is used here."""

    nav: list[object] | None
    docs_dir: str
    extra: dict[str, object]
    config_file_path: str


def on_config(config: Settings) -> Settings:
    """Put the pages of charts behind their catalogue, and the runbooks behind their page; called before each build."""
    docs = Path(config.docs_dir)
    stage_written(Path(config.config_file_path).parent / "docs", docs)
    catalogue = (docs / SLOT).read_text(encoding="utf-8")
    pages = {
        SLOT: [f"charts/{name}" for name in dict.fromkeys(LINK.findall(catalogue))],
        **{entry: beside(docs, entry) for entry in FOLDERS},
    }
    if os.environ.get(VERSIONED):
        config.extra["version"] = {"provider": "mike", "default": "latest"}
    config.nav = [extended(entry, pages) for entry in config.nav or []]
    return config


def on_page_markdown(markdown: str, **_: object) -> str:
    """Take the marks of console blocks off: they are for the tests, and MkDocs would not know the blocks any more."""
    if (here := str(Path(__file__).resolve().parents[2])) not in sys.path:
        # mike starts MkDocs as a program of its own, which does not look into the checkout.
        sys.path.append(here)
    from slipway.docs.checks.console_blocks import unmarked

    return unmarked(markdown)


def on_page_content(html: str, **_: object) -> str:
    """Let long names in tables go on in the next line, where a part of them ends."""
    return CELL.sub(
        lambda cell: CODE.sub(lambda found: f"<code{found[1]}>{BREAKS.sub('<wbr>', found[2])}</code>", cell[0]), html
    )


def beside(docs: Path, entry: str) -> list[str]:
    """The other pages of an entry's folder."""
    pages = sorted((docs / entry).parent.glob("*.md"))
    return [path.relative_to(docs).as_posix() for path in pages if path.name != "index.md"]


class Page(Protocol):
    """The part of MkDocs' page that is used here."""

    url: str


def on_post_page(output: str, page: Page, config: Settings) -> str:
    """Name the theme's search for screen readers, and load Mermaid where there is something to draw: it is larger than any
    page."""
    output = output.replace(SEARCH, f'{SEARCH} aria-label="Search"', 1)
    if DRAWING not in output:
        return output
    script = f"{'../' * page.url.count('/')}{MERMAID}"
    return output.replace("</head>", f'<script src="{script}"></script></head>', 1)


def on_post_template(output: str, *, template_name: str, **_: object) -> str:
    """Let the map of the site name the first page by its folder: from that the theme's switch of versions tells where the
    other version begins, and without it leads to that version's first page, whatever page one was on."""
    if template_name != "sitemap.xml":
        return output
    return output.replace("/index.html</loc>", "/</loc>", 1)


def stage_written(source: Path, target: Path) -> None:
    """Copy the pages that people write, when they have changed."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and (not place.is_file() or place.read_bytes() != path.read_bytes()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def extended(entry: object, pages: Mapping[str, list[str]]) -> object:
    """A section that holds a slot, with the pages that follow it."""
    if isinstance(entry, dict):
        return {title: followed(below, pages) if isinstance(below, list) else below for title, below in entry.items()}
    return entry


def followed(below: list[object], pages: Mapping[str, list[str]]) -> list[object]:
    """The entries of a section, those of sections in it too, each slot with its pages behind it."""
    return [
        page
        for item in below
        for page in (extended(item, pages), *(pages.get(item, ()) if isinstance(item, str) else ()))
    ]
