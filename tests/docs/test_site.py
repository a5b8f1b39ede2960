"""The site as a whole: it builds strictly, and a browser shows it without asking anybody else."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGES = ("index.html", "charts/index.html", "charts/sonarr.html", "charts/qbittorrent.html", "reference/library.html")


def test_the_strict_build_makes_a_page_for_every_chart(built_site: Path) -> None:
    made = {path.stem for path in (built_site / "charts").glob("*.html")}

    assert {"sonarr", "qbittorrent", "media", "htpc", "index"} <= made


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


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_shows_a_page_without_a_request_to_another_host(browser: Any, path: str) -> None:
    browser.refused.clear()

    document = browser.dom(path)

    assert "<h1" in document
    assert browser.refused == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_does_not_scroll_sideways_on_a_phone(browser: Any, path: str) -> None:
    document = browser.run(browser.framed(path), "--dump-dom")

    measured = re.search(r"scroll=(\d+) client=(\d+)", document)

    assert measured is not None
    assert int(measured[1]) <= int(measured[2]) == 360


def test_a_request_to_another_host_would_be_seen(browser: Any) -> None:
    browser.refused.clear()

    browser.dom("measure?canary")

    assert any("192.0.2.1" in report for report in browser.refused)


@pytest.mark.parametrize(("dark", "scheme"), [(False, "default"), (True, "slate")], ids=["light", "dark"])
@pytest.mark.parametrize("path", ["index.html", "charts/sonarr.html"])
def test_a_browser_takes_a_picture_of_a_page(browser: Any, tmp_path: Path, path: str, dark: bool, scheme: str) -> None:
    picture = tmp_path / "page.png"
    framed = browser.framed(path, width=1280, height=1600, dark=dark)

    browser.run(framed, f"--screenshot={picture}", "--window-size=1280,1600")
    document = browser.run(framed, "--dump-dom")

    assert f"scheme={scheme}" in document
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
