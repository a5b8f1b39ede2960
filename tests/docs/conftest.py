"""The site, built once for this folder, and a real browser that looks at it; no request may leave the machine."""

import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from slipway import docs
from slipway.context import open_context
from slipway.docs import site as sites
from slipway.docs.source.tasks import load_tasks
from slipway.toolchain import chromium
from slipway.tools.run import run_process
from testing.product import copy_product

ROOT = Path(__file__).resolve().parents[2]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
OPEN_SHADOWS = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: "open" }); };
"""
"""The theme draws in a closed shadow tree, which a test could not look into."""

FOCUSED = """
() => {
  const active = document.activeElement;
  const shown = active.matches("input.md-option") ? active.nextElementSibling : active;
  shown.scrollIntoView({ block: "nearest" });
  const box = shown.getBoundingClientRect();
  const [left, top] = [Math.max(0, box.left - 8), Math.max(0, box.top - 8)];
  return { x: left, y: top, width: box.right + 8 - left, height: box.bottom + 8 - top };
}
"""
"""Where the focus should be seen, with a little around it; a switch of the theme is seen at its label."""


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`site/` as `./inv docs build` makes it, from a copy of the sources."""
    root = tmp_path_factory.mktemp("checkout")
    copy_product(root, "charts", "umbrella", "values", "docs", "slipway", "pyproject.toml", "mkdocs.yml", "tasks.py")
    pytest.importorskip("mkdocs", reason="the group docs is not installed: ./inv docs build")
    context = open_context(root, os.environ, quiet=True)
    docs.stage(context, load_tasks(root))
    sites.render(root, run_process, strict=True)
    return root / "site"


@dataclass(kw_only=True)
class Visit:
    """A page in the browser, and what went wrong there."""

    page: Any
    """Playwright's page."""
    elsewhere: list[str] = field(default_factory=list)
    """Requests to other hosts; none gets through."""
    errors: list[str] = field(default_factory=list)
    """Exceptions of scripts, and errors on the console."""

    def judged(self) -> dict[str, list[str]]:
        """Rule of axe → places that break it; WCAG 2.2 AA and what axe holds for good practice, landmarks among it."""
        self.page.add_script_tag(path=chromium.installed(ROOT).axe)
        result = self.page.evaluate("axe.run()")
        return {
            rule["id"]: [f"{node['html'][:160]} {node['failureSummary']}" for node in rule["nodes"][:5]]
            for rule in result["violations"]
        }

    def shows_focus(self) -> bool:
        """Whether what has the focus looks otherwise than without it; the focus stays there."""
        place = self.page.evaluate(FOCUSED)
        seen = self.page.screenshot(clip=place, animations="disabled")
        self.page.evaluate("(window.focused = document.activeElement).blur()")
        unseen = self.page.screenshot(clip=place, animations="disabled")
        self.page.evaluate("window.focused.focus()")
        return bool(seen != unseen)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Chromium before a local server of the site."""

    program: Any
    """Playwright's browser."""
    address: str

    @contextmanager
    def visit(self, path: str, *, dark: bool = False, size: dict[str, int] | None = None) -> Iterator[Visit]:
        """Open a page in a context of its own and wait until its scripts have run."""
        context = self.program.new_context(
            viewport=size or DESKTOP, color_scheme="dark" if dark else "light", reduced_motion="reduce"
        )
        context.add_init_script(OPEN_SHADOWS)
        made = Visit(page=context.new_page())

        def judge(route: Any) -> None:
            if route.request.url.startswith((self.address, "data:", "blob:")):
                route.continue_()
            else:
                made.elsewhere.append(route.request.url)
                route.abort()

        context.route("**/*", judge)
        made.page.on("pageerror", lambda error: made.errors.append(str(error)))
        made.page.on("console", lambda message: made.errors.append(message.text) if message.type == "error" else None)
        self.go(made, path)
        yield made
        context.close()

    def go(self, visit: Visit, path: str) -> None:
        """Lead the browser to another page of the site, and wait until its drawings are pictures."""
        visit.page.goto(f"{self.address}/{path}")
        visit.page.wait_for_function("!document.querySelector('pre.mermaid')")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Address of a server of a folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, directory=str(folder), **named)  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def server(built_site: Path) -> Iterator[str]:
    """Address of the site."""
    with serving(built_site) as address:
        yield address


@pytest.fixture(scope="session")
def browser(server: str) -> Iterator[Browser]:
    """Chromium, or a skip where there is none to be had."""
    found = chromium.installed(ROOT)
    if found.program is None:
        pytest.skip("no Chromium comes for this kind of machine, and none is on PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root Chromium refuses its sandbox; the pages are our own.
        quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
        launched = playwright.chromium.launch(
            executable_path=found.program,
            args=[*quiet, "--no-sandbox", "--disable-gpu"],
            env={**os.environ, **found.environment},
        )
        yield Browser(program=launched, address=server)
        launched.close()
