"""Hook of MkDocs: adds generated pages and runbooks to the navigation, weights pages in the search, loads Mermaid on pages with
diagrams, removes the marks of console blocks, and stages changed pages for `serve`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

SLOT = "charts/index.md"
"""The entry of mkdocs.yml after which the pages of charts are inserted, in the order of its links."""

LINK = re.compile(r"\]\(([a-z0-9-]+\.md)\)")

RUNBOOKS = "runbooks/index.md"
"""The entry of mkdocs.yml after which the runbooks are inserted."""

FOLDERS = (RUNBOOKS, "reference/values/index.md", "changelog/index.md")
"""Entries after which the other pages of their folder are inserted, sorted by name."""

VERSIONED = "MIKE_DOCS_VERSION"
"""Set by mike while it builds a version; the version selector requires the versions.json that mike writes."""

WEIGHTS = {
    "architecture/": 3.0,
    "architecture/decisions/": 0.2,
    "changelog/": 0.0,
    "charts/": 3.0,
    "getting-started.md": 3.0,
    "guides/": 3.0,
    "reference/": 0.5,
    "reference/examples.md": 0.0,
    "reference/library/": 0.2,
    "reference/values/": 0.0,
    "runbooks/": 2.0,
}
"""Beginning of a path → weight of its pages in the search, the longest first; 1 for all others, 0 leaves a page out.

Whoever searches wants to do something: guides come first, and generated lists of names and changes would bury them."""

PART = re.compile(r"charts/[^/]+/")
"""A page with the details of a chart; the search leads to the chart's first page."""

HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Where a word of an alert's name begins."""

ALERT_WORDS = {
    "ApplicationSyncFailing": ["sync failed", "OutOfSync"],
    "ClaimPending": ["pending", "unbound"],
    "ContainerCannotStart": ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"],
    "ContainerOutOfMemory": ["OOMKilled", "oom"],
    "NodeDown": ["NotReady"],
    "PodCrashLooping": ["CrashLoopBackOff"],
    "PodNotScheduled": ["pending", "unschedulable"],
    "VpnTunnelDown": ["qbittorrent", "gluetun", "wireguard"],
}
"""Alert → what else one types who has its symptom before the eyes."""

SEARCH = 'role="dialog"'
"""The search dialog of the theme, which has no accessible name."""
DRAWING = '<pre class="mermaid">'
MERMAID = "assets/mermaid.min.js"
"""Renders diagrams in the browser. Without it the theme would load Mermaid from a CDN."""


CELL = re.compile(r"<td[ >].*?</td>", re.DOTALL)
CODE = re.compile(r"<code([^>]*)>([^<]*)</code>")
BREAKS = re.compile(r"(?<=[./:_,=])(?![./:_,=]|$)|(?<=[a-z])(?=[A-Z])")
"""Line break opportunities of a long name: after punctuation, and before a capital letter."""


class Settings(Protocol):
    """The part of MkDocs' configuration that the hook uses."""

    nav: list[object] | None
    docs_dir: str
    extra: dict[str, object]
    config_file_path: str


class File(Protocol):
    """The part of MkDocs' file that the hook uses."""

    src_uri: str


class Page(Protocol):
    """The part of MkDocs' page that the hook uses."""

    url: str
    file: File
    meta: dict[str, object]


def on_config(config: Settings) -> Settings:
    """Insert the generated pages and runbooks into the navigation; called before each build."""
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


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Weight the page in the search, and remove the marks of console blocks, which MkDocs does not recognize."""
    path = page.file.src_uri
    weight = weight_of(path)
    page.meta.setdefault("search", {"boost": weight} if weight else {"exclude": True})
    if path.startswith("runbooks/"):
        alert = Path(path).stem
        page.meta.setdefault("tags", [HUMP.sub(" ", alert), *ALERT_WORDS.get(alert, ())])
    if (root := str(Path(__file__).resolve().parents[2])) not in sys.path:
        # mike starts MkDocs without the checkout on sys.path.
        sys.path.append(root)
    from slipway.docs.checks.console_blocks import without_marks

    return without_marks(markdown)


def weight_of(path: str) -> float:
    """The weight of a page in the search; 0 for one that it leaves out."""
    if PART.match(path):
        return 0.0
    return next((WEIGHTS[start] for start in sorted(WEIGHTS, key=len, reverse=True) if path.startswith(start)), 1.0)


def on_page_content(html: str, **_: object) -> str:
    """Add line break opportunities to long names in tables."""
    return CELL.sub(
        lambda cell: CODE.sub(lambda found: f"<code{found[1]}>{BREAKS.sub('<wbr>', found[2])}</code>", cell[0]), html
    )


def beside(docs: Path, entry: str) -> list[str]:
    """The other pages of an entry's folder."""
    pages = sorted((docs / entry).parent.glob("*.md"))
    return [path.relative_to(docs).as_posix() for path in pages if path.name != "index.md"]


def on_post_page(output: str, page: Page, config: Settings) -> str:
    """Label the search dialog for screen readers, and load Mermaid on pages with diagrams only."""
    output = labelled(output)
    if DRAWING not in output:
        return output
    script = f"{'../' * page.url.count('/')}{MERMAID}"
    return output.replace("</head>", f'<script src="{script}"></script></head>', 1)


def labelled(output: str) -> str:
    """A page whose search dialog has a name for screen readers."""
    return output.replace(SEARCH, f'{SEARCH} aria-label="Search"', 1)


def on_post_template(output: str, *, template_name: str, **_: object) -> str:
    """Label the search dialog of 404.html as that of a page, and have the version selector find the first page.

    Use the folder as the URL of the first page in sitemap.xml: the version selector derives the root of the other version
    from it, and otherwise leads to the other version's first page."""
    if template_name == "404.html":
        return labelled(output)
    if template_name != "sitemap.xml":
        return output
    return output.replace("/index.html</loc>", "/</loc>", 1)


def stage_written(source: Path, target: Path) -> None:
    """Copy the written pages that have changed."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and (not place.is_file() or place.read_bytes() != path.read_bytes()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def extended(entry: object, pages: Mapping[str, list[str]]) -> object:
    """A navigation entry with inserted pages."""
    if isinstance(entry, dict):
        return {title: with_pages(below, pages) if isinstance(below, list) else below for title, below in entry.items()}
    return entry


def with_pages(below: list[object], pages: Mapping[str, list[str]]) -> list[object]:
    """The entries of a section, each slot followed by its pages."""
    return [
        page
        for item in below
        for page in (extended(item, pages), *(pages.get(item, ()) if isinstance(item, str) else ()))
    ]
