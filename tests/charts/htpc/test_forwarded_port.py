"""The client listens on the port that the provider forwards: gluetun's commands, with a real wget and a server for the client."""

import json
import shlex
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.tools.run import Command, run_process
from testing.servers import POLL_S, WAIT_S

pytestmark = pytest.mark.helm

CLOSED, OPEN = (0, "lo"), (51413, "tun0")


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client's API at a port, and what it was told."""

    port: int
    answer: list[tuple[int, str]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While it answers."""
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                ((name, value),) = urllib.parse.parse_qsl(body)
                assert (self.path, name) == ("/api/v2/app/setPreferences", "json")
                settings = json.loads(value)
                answer.append((settings["listen_port"], settings["current_network_interface"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self_port = server.server_address[1]
        assert self_port == self.port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def until(self, *answer: tuple[int, str]) -> None:
        """Wait until it was told something."""
        end = time.monotonic() + WAIT_S
        while self.answer[-len(answer) :] != list(answer):
            assert time.monotonic() < end, self.answer
            time.sleep(POLL_S)


@dataclass(frozen=True, kw_only=True)
class Gluetun:
    """The sidecar's commands, below a folder."""

    folder: Path
    env: dict[str, str]
    script: str
    client: Client

    def run(self, variable: str) -> int:
        """What it runs when the port comes or goes; returns when it would go on."""
        moved = self.script.replace("127.0.0.1:8080", f"127.0.0.1:{self.client.port}")
        for path in ("/tmp/gluetun", "/proc/1/fd/1"):
            moved = moved.replace(path, str(self.folder / path.rpartition("/")[2]))
        (self.folder / "tell.sh").write_text(moved.replace("sleep 5", "sleep 0.1").replace("sleep 1 ", "sleep 0.1 "))
        command = self.env[variable].replace("/etc/forwarding", str(self.folder))
        command = command.replace("{{PORT}}", str(OPEN[0])).replace("{{VPN_INTERFACE}}", OPEN[1])
        return run_process(Command(argv=tuple(shlex.split(command)), timeout_s=30.0)).code

    def goes_on(self) -> bool:
        """Whether a command still waits for the client."""
        script = f"{self.folder}/tell.sh".encode()
        return any(script in path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())


@pytest.fixture
def gluetun(render, tmp_path: Path) -> Gluetun:
    """The sidecar, and a client that does not run yet."""
    objects = render("qbittorrent")
    free = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    free.server_close()
    return Gluetun(
        folder=tmp_path,
        env=objects.pod("qbittorrent").env("gluetun"),
        script=objects.one("ConfigMap", "qbittorrent-forwarding")["data"]["tell.sh"],
        client=Client(port=free.server_address[1]),
    )


def up(gluetun: Gluetun) -> None:
    assert gluetun.run("VPN_PORT_FORWARDING_UP_COMMAND") == 0


def down(gluetun: Gluetun) -> None:
    assert gluetun.run("VPN_PORT_FORWARDING_DOWN_COMMAND") == 0


@pytest.fixture(autouse=True)
def _nothing_goes_on(gluetun: Gluetun) -> Iterator[None]:
    """Nobody is told anything after the test."""
    (gluetun.folder / "gluetun").mkdir()
    yield
    down(gluetun)


def test_a_client_that_starts_late_is_told_the_port(gluetun: Gluetun) -> None:
    # gluetun renews the port only after the command: it must not wait for the client.
    up(gluetun)

    with gluetun.client.running():
        gluetun.client.until(OPEN)


def test_a_client_that_knows_the_port_opens_it_again(gluetun: Gluetun) -> None:
    with gluetun.client.running():
        up(gluetun)
        gluetun.client.until(CLOSED, OPEN)
        down(gluetun)
        up(gluetun)
        gluetun.client.until(CLOSED, OPEN, CLOSED, CLOSED, OPEN)


def test_a_port_that_is_gone_is_no_longer_told(gluetun: Gluetun) -> None:
    up(gluetun)
    assert gluetun.goes_on()
    down(gluetun)

    end = time.monotonic() + WAIT_S
    while gluetun.goes_on():
        assert time.monotonic() < end
        time.sleep(POLL_S)


def test_the_end_of_the_pod_waits_for_no_client(gluetun: Gluetun) -> None:
    down(gluetun)

    assert gluetun.client.answer == []


def test_the_client_is_told_at_the_port_of_its_web_interface(render, gluetun: Gluetun) -> None:
    web = render("qbittorrent").pod("qbittorrent").env("app")["QBT_WEBUI_PORT"]

    assert f"http://127.0.0.1:{web}/api/v2/app/setPreferences" in gluetun.script
