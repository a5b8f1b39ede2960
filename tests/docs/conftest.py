"""The site, built once for this folder, and a browser that looks at it; no request may leave the machine."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slipway import docs
from slipway.docs import site as sites
from slipway.tools.run import Command, run_process
from slipway.yard import open_yard

ROOT = Path(__file__).resolve().parents[2]
BROWSER_TIMEOUT_S = 120.0
POLICY = "default-src 'self' 'unsafe-inline' data: blob:; script-src 'self' 'unsafe-inline' blob:; report-uri /refused-requests"
"""The browser refuses and reports whatever a page wants from another host."""

MEASURE = """\
<!doctype html><title>measure</title><body style="margin:0">
<iframe src="{path}" style="border:0;width:{width}px;height:{height}px"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => setTimeout(() => {{
  const page = frame.contentDocument;
  const root = page.documentElement;
  page.querySelector("#__palette_" + ({dark} ? 1 : 0)).click();
  document.title = "scroll=" + root.scrollWidth + " client=" + root.clientWidth
    + " scheme=" + page.body.dataset.mdColorScheme;
}}, 500);
</script>
"""
"""A page that shows another one in a frame: a browser's own window cannot be as narrow as a phone."""


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`site/` as `./inv docs build` makes it, from a copy of the sources."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("charts", "umbrella", "values", "docs", "slipway"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "mkdocs.yml", "tasks.py"):
        shutil.copyfile(ROOT / name, root / name)
    pytest.importorskip("mkdocs", reason="the group docs is not installed: ./inv docs build")
    yard = open_yard(root, os.environ, quiet=True)
    docs.stage(yard)
    sites.render(root, run_process, strict=True)
    return root / "site"


@dataclass(kw_only=True)
class Browser:
    """Headless Chromium before a local server of the site."""

    program: str
    address: str
    profile: Path
    refused: list[str] = field(default_factory=list)
    """Reports of requests to other hosts."""

    def run(self, path: str, *arguments: str) -> str:
        """Load a page and return what the browser printed."""
        argv = (
            *(self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--disable-background-networking", "--no-first-run", f"--user-data-dir={self.profile}"),
            *("--virtual-time-budget=4000", *arguments, f"{self.address}/{path}"),
        )
        return run_process(Command(argv=argv, timeout_s=BROWSER_TIMEOUT_S)).stdout

    def dom(self, path: str) -> str:
        """A page's document after its scripts ran."""
        return self.run(path, "--dump-dom")

    def framed(self, path: str, *, width: int = 360, height: int = 780, dark: bool = False) -> str:
        """The address of a page that shows another one in a frame of this size, after light or dark was chosen."""
        return f"measure?{path}&{width}&{height}&{'true' if dark else 'false'}"


@pytest.fixture(scope="session")
def browser(built_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, or a skip when this machine has none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    reports: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, directory=str(built_site), **named)  # type: ignore[arg-type]

        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def do_GET(self) -> None:
            if not self.path.startswith("/measure?"):
                super().do_GET()
                return
            if self.path.startswith("/measure?canary"):
                self.answer(b'<img src="http://192.0.2.1/canary.png">')
                return
            path, width, height, dark = self.path.partition("?")[2].split("&")
            body = MEASURE.format(path=f"/{path}", width=width, height=height, dark=dark).encode()
            self.answer(body)

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            reports.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Browser(
        program=program,
        address=f"http://127.0.0.1:{server.server_address[1]}",
        profile=tmp_path_factory.mktemp("chromium"),
        refused=reports,
    )
    server.shutdown()
    server.server_close()
