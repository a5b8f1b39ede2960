"""An HTTP server in a thread that answers as a test wants; for registries that are slow, broken or hostile."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from slipway.config import RegistryConfig
from slipway.core.errors import RegistryError
from slipway.core.model import ChartName
from slipway.registry.client import Registry

DRIP_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request."""

    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """A list of values is as many headers of one name."""
    announced: int | None = None
    """Content-Length when it differs from the body."""
    hang: bool = False
    """Send nothing until the test ends."""
    drip: bool = False
    """After `raw`, one byte again and again until the test ends."""
    raw: bytes | None = None
    """These bytes in place of HTTP, then the end of the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server and its requests."""

    port: int
    seen: list[Seen]

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def config(self) -> RegistryConfig:
        """As a plain-HTTP registry."""
        return RegistryConfig(host=self.address, prefix="charts", plain_http=True, timeout_s=5.0, attempts=3)

    @property
    def requests(self) -> list[str]:
        """`METHOD path` of every request."""
        return [f"{seen.method} {seen.path}" for seen in self.seen]

    def last(self, host: str) -> Seen:
        """The last request to a host."""
        return [seen for seen in self.seen if seen.headers["host"] == host][-1]


@contextmanager
def serving(respond: Callable[[Seen], Answer]) -> Iterator[Server]:
    """Serve on a free loopback port for the time of a block."""
    seen: list[Seen] = []
    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(respond, seen, over))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001}, daemon=True)
    thread.start()
    try:
        yield Server(port=server.server_port, seen=seen)
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def handler(respond: Callable[[Seen], Answer], seen: list[Seen], over: threading.Event) -> type[BaseHTTPRequestHandler]:
    """Records each request, then sends the answer for it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for an answer: head and body apart would wait for each other

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Seen(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
            seen.append(request)
            answer = respond(request)
            if answer.hang:
                over.wait()
            self.close_connection = answer.hang or answer.raw is not None or answer.announced is not None
            if answer.raw is not None:
                pour(self.wfile, answer.raw, over if answer.drip else None)
            elif not answer.hang:
                self.write(answer)

        def write(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                for one in (value,) if isinstance(value, str) else value:
                    self.send_header(key, one)
            self.send_header("Content-Length", str(answer.announced or len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - names that the base class calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Log nothing."""

    return Handler


def pour(file: BufferedIOBase, raw: bytes, over: threading.Event | None) -> None:
    """Send some bytes, then one after the other until the test ends, unless the client has enough of it."""
    with suppress(ConnectionError):
        file.write(raw)
        while over is not None and not over.wait(DRIP_S):
            file.write(b"x")
            file.flush()


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def failure_of(config: RegistryConfig, waits: list[float] | None = None) -> str:
    """The text of the error that a look-up of sonarr 1.0.0 ends in, with HOST for the host.

    Args:
        config: the registry.
        waits: gets the seconds of each wait; nothing really waits.
    """
    registry = Registry.open(config, {}, sleep=(waits if waits is not None else []).append)
    try:
        registry.published({ChartName("sonarr"): "1.0.0"})
    except RegistryError as error:
        return str(error).replace(config.host, "HOST")
    finally:
        registry.close()
    raise AssertionError("the look-up succeeded")


def forward(port: int, request: Seen) -> Answer:
    """Pass a request on to the real registry."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    hop = {"connection", "host", "content-length", "transfer-encoding"}
    headers = {key: value for key, value in request.headers.items() if key not in hop}
    connection.request(request.method, request.path, body=request.body, headers=headers)
    reply = connection.getresponse()
    body = reply.read()
    kept = {key: value for key, value in reply.getheaders() if key.lower() not in hop}
    size = int(reply.headers.get("Content-Length") or len(body))
    connection.close()
    return Answer(status=reply.status, body=body, headers=kept, announced=size if request.method == "HEAD" else None)
