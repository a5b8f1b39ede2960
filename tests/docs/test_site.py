"""The site as a whole: it builds strictly, and a browser shows it without asking anybody else."""

import re
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed
from slipway.docs import site as sites
from slipway.tools.run import run_process

ROOT = Path(__file__).resolve().parents[2]


def test_the_strict_build_makes_a_page_for_every_chart(built_site: Path) -> None:
    made = {path.stem for path in (built_site / "charts").glob("*.html")}

    assert {"sonarr", "qbittorrent", "media", "htpc", "index"} <= made


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("[gone](nowhere.md)", "contains a link 'nowhere.md'"),
        ("[gone](index.md#no-such-place)", "there is no such anchor on this page"),
    ],
    ids=["page", "anchor"],
)
def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path, page: str, message: str) -> None:
    site_of(tmp_path, {"index.md": f"# Home\n\n{page}\n"})

    with pytest.raises(ToolFailed) as caught:
        sites.render(tmp_path, run_process, strict=True)

    assert message in str(caught.value.problems[0])


def test_a_page_that_nobody_reaches_stops_the_build(tmp_path: Path) -> None:
    site_of(tmp_path, {"index.md": "# Home\n", "lost.md": "# Lost\n"})

    with pytest.raises(ToolFailed) as caught:
        sites.render(tmp_path, run_process, strict=True)

    assert "lost.md" in str(caught.value.problems[0])


def site_of(root: Path, pages: dict[str, str]) -> None:
    """A small site with the settings of the real one."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    kept = re.sub(
        r"^(?:hooks|extra_css|extra_javascript|watch|  custom_dir): .*\n",
        "",
        settings.partition("\nnav:")[0],
        flags=re.MULTILINE,
    )
    (root / "mkdocs.yml").write_text(f"{kept}\nnav: [index.md]\n", encoding="utf-8")
    for name, text in pages.items():
        place = root / "build" / "docs" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (root / "build" / "docs" / "assets").mkdir(exist_ok=True)
    (root / "build" / "docs" / "assets" / "favicon.svg").write_text("<svg/>", encoding="utf-8")


def test_the_site_names_no_other_host_in_what_a_browser_loads(built_site: Path) -> None:
    loads = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]+)"')

    found = {
        f"{page.relative_to(built_site)}: {address}"
        for page in built_site.rglob("*.html")
        for address in loads.findall(page.read_text(encoding="utf-8"))
        if 'rel="canonical"' not in address
    }

    assert found == set()


def test_the_drawing_is_part_of_the_page(built_site: Path) -> None:
    home = (built_site / "index.html").read_text(encoding="utf-8")

    assert "<svg viewBox" in home
    assert "drawing-title" in home


def test_every_umbrella_has_a_page_of_its_values_and_one_of_its_changes(built_site: Path) -> None:
    for umbrella in (path.name for path in (ROOT / "umbrella").iterdir()):
        for page in (f"reference/values/{umbrella}.html", f"changelog/{umbrella}.html"):
            name = page.rpartition("/")[2]
            listed = (built_site / page).with_name("index.html").read_text(encoding="utf-8")

            assert f'href="{name}"' in listed, page
            assert f'<a href="../charts/{umbrella}.html"' in (built_site / page).read_text(encoding="utf-8").replace(
                "../../charts", "../charts"
            )


def test_the_page_of_secrets_draws_who_makes_those_of_each_namespace(built_site: Path) -> None:
    page = (built_site / "reference" / "secrets.html").read_text(encoding="utf-8")

    drawn = page.partition('id="producers-and-consumers"')[2].partition("<h2")[0]

    assert drawn.count('class="mermaid"') == len(list((ROOT / "umbrella").iterdir()))
