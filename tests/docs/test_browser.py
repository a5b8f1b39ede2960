"""What a reader sees: pages in a real browser, light and dark, wide and narrow, by mouse and by keyboard."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
WIDE = """
[...document.querySelectorAll(".md-typeset__scrollwrap, .highlight code:has(.gp)")]
    .filter(frame => frame.scrollWidth > frame.clientWidth + 1)
    .map(frame => frame.innerText.slice(0, 60))
"""
"""What of a page scrolls sideways: frames of tables, and commands."""
PAGES = (
    "index.html",
    "getting-started.html",
    "404.html",
    "architecture/index.html",
    "architecture/networking.html",
    "architecture/overview.html",
    "architecture/security.html",
    "charts/index.html",
    "charts/sonarr.html",
    "charts/qbittorrent.html",
    "charts/qbittorrent/access.html",
    "charts/qbittorrent/values.html",
    "guides/index.html",
    "guides/release.html",
    "guides/single-sign-on.html",
    "reference/library.html",
    "reference/library/container.html",
    "reference/secrets.html",
    "reference/tasks.html",
    "runbooks/TargetDown.html",
    "runbooks/index.html",
)
PAPER = {"width": 718, "height": 1046}
"""A4 without margins of 1 cm, in CSS pixels of 1/96 inch."""
AROUND = ":is(.md-header, .md-tabs, .md-sidebar, .md-footer__inner)"
"""What is on the screen only."""
CUT_OFF = """
[...document.querySelectorAll("article *")]
  .filter((one) => one.checkVisibility() && one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
  .filter((one) => getComputedStyle(one).overflowX !== "visible")
  .map((one) => one.outerHTML.slice(0, 200))
"""
"""What a reader of the screen would scroll in, and a reader of the paper cannot."""
BROKEN_WORDS = r"""
[...document.querySelectorAll(".catalogue > li, .platform li")].flatMap((card) => {
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (walker.nextNode()) {
    for (const { 0: word, index } of walker.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + word.length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) broken.push(word);
    }
  }
  return broken;
})
"""
"""Words in cards that go on in the next line."""
TALLEST = 30_000
"""CSS pixels: some 40 screens of a phone; the lists of rules, tasks and examples are that long."""
SCHEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a page was like on a phone."""

    errors: tuple[str, ...]
    elsewhere: tuple[str, ...]
    height: int
    """CSS pixels."""


@pytest.fixture(scope="session")
def opened(browser: Any, built_site: Path) -> dict[str, Opened]:
    """Every page of the site, visited once."""
    pages = [page.relative_to(built_site).as_posix() for page in sorted(built_site.rglob("*.html"))]
    found = {}
    with browser.visit("index.html", size=PHONE) as visit:
        for path in (path for path in pages if path != "404.html"):
            visit.errors.clear()
            visit.elsewhere.clear()
            browser.go(visit, path)
            height = visit.page.evaluate("document.documentElement.scrollHeight")
            found[path] = Opened(errors=tuple(visit.errors), elsewhere=tuple(visit.elsewhere), height=height)
    return found


def test_every_page_opens_without_an_error_or_a_request_to_another_host(opened: dict[str, Opened]) -> None:
    assert len(opened) > 100
    assert {path: page for path, page in opened.items() if page.errors or page.elsewhere} == {}


def test_no_page_is_endless_on_a_phone(opened: dict[str, Opened]) -> None:
    assert {path: page.height for path, page in opened.items() if page.height > TALLEST} == {}


def test_a_request_to_another_host_would_be_seen(browser: Any) -> None:
    with browser.visit("index.html") as visit:
        visit.page.evaluate("fetch('http://192.0.2.1/canary').catch(() => 0)")

        assert visit.elsewhere == ["http://192.0.2.1/canary"]


@SCHEMES
@pytest.mark.parametrize(
    "path", ["reference/connections.html", "architecture/infrastructure.html", "architecture/storage.html"]
)
def test_drawings_become_pictures_in_both_colour_schemes(browser: Any, path: str, dark: bool) -> None:
    with browser.visit(path, dark=dark) as visit:
        assert visit.page.locator("pre.mermaid").count() == 0
        drawings = visit.page.locator("div.mermaid").all()
        assert drawings
        for drawing in drawings:
            size = drawing.locator("svg").first.bounding_box()
            assert size["width"] > 50
            assert size["height"] > 50
            assert drawing.locator("svg .node").count() > 0


@pytest.mark.parametrize("path", PAGES)
def test_a_page_does_not_scroll_sideways_on_a_phone(browser: Any, path: str) -> None:
    with browser.visit(path, size=PHONE) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", ["index.html", "architecture/index.html", "charts/index.html"])
def test_no_word_of_a_card_is_broken(browser: Any, path: str, size: dict[str, int]) -> None:
    with browser.visit(path, size=size) as visit:
        assert visit.page.evaluate(BROKEN_WORDS) == []


def test_a_broken_word_would_be_seen(browser: Any) -> None:
    with browser.visit("charts/index.html", size=PHONE) as visit:
        visit.page.add_style_tag(content=".catalogue > li { width: 3rem; } .catalogue * { overflow-wrap: anywhere; }")

        assert visit.page.evaluate(BROKEN_WORDS) != []


def test_an_address_that_does_not_exist_leads_to_a_search_for_its_words(browser: Any) -> None:
    with browser.visit("404.html") as visit:
        links = [link.get_attribute("href") for link in visit.page.locator("article a").all()]

        assert {"/index.html?q=404", "/guides/index.html", "/runbooks/index.html"} <= set(links)


@pytest.mark.parametrize("path", PAGES)
def test_tables_and_commands_fit_beside_the_navigation_on_a_desk(browser: Any, path: str) -> None:
    with browser.visit(path, size=DESK) as visit:
        assert visit.page.evaluate(WIDE) == []


def test_the_catalogue_narrows_down_by_words_namespace_and_access(browser: Any) -> None:
    with browser.visit("charts/index.html") as visit:
        cards = visit.page.locator(".catalogue > li:visible")
        every = cards.count()
        visit.page.get_by_label("Name or description").fill("jelly")
        assert [card.inner_text().split("\n")[0].strip() for card in cards.all()] == ["Jellyfin"]
        visit.page.get_by_label("Name or description").fill("")
        visit.page.get_by_label("Namespace").select_option("htpc")
        in_htpc = cards.count()
        visit.page.locator("select[name=access]").select_option("external")
        assert 0 < cards.count() < in_htpc < every
        assert visit.page.locator(".catalogue-filter output").inner_text() == f"{cards.count()} of {every} services"


def test_without_scripts_the_catalogue_shows_every_card(browser: Any, built_site: Path) -> None:
    page = (built_site / "charts" / "index.html").read_text(encoding="utf-8")

    assert 'class="catalogue-filter" hidden' in page
    assert "<li hidden" not in page


def test_the_search_finds_a_page_and_leads_there(browser: Any) -> None:
    with browser.visit("index.html") as visit:
        visit.page.locator("input.md-search__input").click()
        visit.page.keyboard.type("qbittorrent", delay=20)
        visit.page.locator(".md-search-result__link").first.wait_for()
        links = visit.page.locator(".md-search-result__link").all()
        assert any("charts/qbittorrent.html" in link.get_attribute("href") for link in links)
        links[0].click()
        visit.page.wait_for_url("**/*.html*")


def test_one_copies_the_commands_of_a_console_without_prompts_and_answers(browser: Any) -> None:
    with browser.visit("guides/lab.html") as visit:
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visit.page.locator("button.md-code__button").first.click()
        visit.page.locator(".md-dialog", has_text="Copied").wait_for()

        assert visit.page.evaluate("navigator.clipboard.readText()").splitlines() == [
            "./inv lab up",
            "./inv lab kubectl get pods -n htpc",
        ]


def test_the_keyboard_leads_to_the_content(browser: Any) -> None:
    with browser.visit("charts/sonarr.html") as visit:
        visit.page.keyboard.press("Tab")
        assert "md-skip" in visit.page.evaluate("document.activeElement.className")


@SCHEMES
@pytest.mark.parametrize("path", ["index.html", "charts/index.html"])
def test_one_sees_where_the_keyboard_is(browser: Any, path: str, dark: bool) -> None:
    with browser.visit(path, dark=dark) as visit:
        visited = []
        for _ in range(25):
            visit.page.keyboard.press("Tab")
            visited.append(visit.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
            assert visit.shows_focus(), visited[-1]

    assert len(set(visited)) > 15


def test_a_focus_that_does_not_show_would_be_noticed(browser: Any) -> None:
    with browser.visit("index.html") as visit:
        visit.page.add_style_tag(content="*, *::before, *::after { outline: none !important; transition: none; }")
        visit.page.evaluate("document.querySelector('article p a').style.cssText = 'color: red !important'")
        visit.page.evaluate("document.querySelector('article p a').focus()")

        assert not visit.shows_focus()


@pytest.mark.parametrize("path", PAGES)
def test_paper_has_the_page_alone_and_all_of_it(browser: Any, path: str) -> None:
    with browser.visit(path, size=PAPER) as visit:
        visit.page.emulate_media(media="print")

        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
        assert visit.page.evaluate(CUT_OFF) == []
        assert visit.page.locator(f"{AROUND} >> visible=true").count() == 0
        assert visit.page.locator("article h1").is_visible()


def test_what_paper_cuts_off_would_be_seen(browser: Any) -> None:
    with browser.visit("reference/library/container.html", size=PHONE) as visit:
        assert visit.page.evaluate(CUT_OFF) != []
        assert visit.page.locator(f"{AROUND} >> visible=true").count() > 0


@SCHEMES
def test_the_switch_changes_the_colours_and_is_remembered(browser: Any, dark: bool) -> None:
    with browser.visit("index.html", dark=dark) as visit:
        scheme = "document.body.dataset.mdColorScheme"
        before = visit.page.evaluate(scheme)
        assert before == ("slate" if dark else "default")
        visit.page.locator("label[for^=__palette_]:visible").click()
        after = visit.page.evaluate(scheme)
        assert after != before
        visit.page.reload()
        assert visit.page.evaluate(scheme) == after


@SCHEMES
@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_the_rules_of_accessibility(browser: Any, path: str, dark: bool) -> None:
    with browser.visit(path, dark=dark) as visit:
        assert visit.judged() == {}


def test_a_broken_rule_of_accessibility_would_be_seen(browser: Any) -> None:
    with browser.visit("index.html") as visit:
        visit.page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"x.png\">')")

        assert list(visit.judged()) == ["image-alt"]
