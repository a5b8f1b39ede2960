"""The navigation that is made when the site is built."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slipway.docs.hook import ALERT_WORDS, on_config, on_page_content, on_page_markdown


@dataclass
class Site:
    """What MkDocs hands to its hooks."""

    nav: list[object] | None
    docs_dir: str
    config_file_path: str


def test_charts_follow_their_catalogue_and_the_pages_of_a_folder_its_first_one(tmp_path: Path) -> None:
    folders = ("runbooks", "changelog", "reference/values")
    for name in ("charts/index.md", *(f"{folder}/{page}.md" for folder in folders for page in ("index", "B", "A"))):
        page = tmp_path / "docs" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("[b](b.md) [a](a.md)" if name == "charts/index.md" else "text", encoding="utf-8")
    site = Site(
        nav=[
            "index.md",
            {"Charts": ["charts/index.md"]},
            {"Runbooks": ["runbooks/index.md"]},
            {"Reference": [{"x": "x.md"}, {"Values": ["reference/values/index.md"]}, "changelog/index.md"]},
        ],
        docs_dir=str(tmp_path / "staged"),
        config_file_path=str(tmp_path / "mkdocs.yml"),
    )

    assert on_config(site).nav == [
        "index.md",
        {"Charts": ["charts/index.md", "charts/b.md", "charts/a.md"]},
        {"Runbooks": ["runbooks/index.md", "runbooks/A.md", "runbooks/B.md"]},
        {
            "Reference": [
                {"x": "x.md"},
                {"Values": [f"reference/values/{name}.md" for name in ("index", "A", "B")]},
                *(f"changelog/{name}.md" for name in ("index", "A", "B")),
            ]
        },
    ]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<td><code>a.b.c</code></td>", "<td><code>a.<wbr>b.<wbr>c</code></td>"),
        ('<td style="x"><code>SONARR__AUTH</code>', '<td style="x"><code>SONARR__AUTH</code>'),
        ("<td>a.b <code>SONARR__AUTH</code></td>", "<td>a.b <code>SONARR__<wbr>AUTH</code></td>"),
        ("<td><code>https://x/</code></td>", "<td><code>https://<wbr>x/</code></td>"),
        ("<td><code>aB</code></td>", "<td><code>a<wbr>B</code></td>"),
        ("<p><code>a.b</code></p>", "<p><code>a.b</code></p>"),
    ],
)
def test_long_names_may_be_broken_in_tables_and_nowhere_else(cell: str, shown: str) -> None:
    assert on_page_content(cell) == shown


@dataclass
class File:
    """What MkDocs knows of a file."""

    src_uri: str


@dataclass
class Page:
    """What MkDocs hands to its hooks for a page."""

    file: File
    meta: dict[str, object] = field(default_factory=dict)
    url: str = ""


@pytest.mark.parametrize(
    ("path", "search"),
    [
        ("guides/backups.md", {"boost": 3.0}),
        ("index.md", {"boost": 1.0}),
        ("charts/sonarr.md", {"boost": 3.0}),
        ("charts/sonarr/values.md", {"exclude": True}),
        ("reference/library/pod.md", {"boost": 0.2}),
        ("reference/tasks.md", {"boost": 0.5}),
        ("reference/values/htpc.md", {"exclude": True}),
        ("changelog/index.md", {"exclude": True}),
    ],
)
def test_the_search_prefers_guides_and_leaves_lists_out(path: str, search: dict[str, object]) -> None:
    page = Page(file=File(src_uri=path))

    assert on_page_markdown("text", page=page) == "text"
    assert page.meta == {"search": search}


def test_a_page_may_have_a_weight_of_its_own() -> None:
    page = Page(file=File(src_uri="guides/backups.md"), meta={"search": {"boost": 9}})

    on_page_markdown("text", page=page)

    assert page.meta == {"search": {"boost": 9}}


def test_a_runbook_is_found_by_the_words_of_its_alert() -> None:
    page = Page(file=File(src_uri="runbooks/NodeDiskFull.md"))

    on_page_markdown("text", page=page)

    assert page.meta["tags"] == ["Node Disk Full"]


def test_words_of_alerts_belong_to_alerts_that_there_are() -> None:
    runbooks = Path(__file__).resolve().parents[2] / "docs" / "runbooks"

    assert [alert for alert in ALERT_WORDS if not (runbooks / f"{alert}.md").is_file()] == []
