"""A program of the platform on loopback with the configuration that its pod would have: started, asked, ended."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.tools.background import spawn_child
from slipway.tools.process import wait_until
from slipway.tools.run import Command, tail

READY_S = 90.0
"""How long a program may take until it serves; on a machine that is busy with other tests too."""
PATIENCE_S = 30.0
"""How long what was sent may take until it can be asked for."""
ENDING_S = 10.0
"""How long a program may take to end before it is killed."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A port on loopback that speaks HTTP."""

    port: int

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        """Status and text of an answer: to a GET, or to a POST of JSON; status 0 while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            if body is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            return 0, ""
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        """An answer that must be a good one."""
        status, text = self.ask(path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def ready(self, path: str) -> bool:
        """Whether a path answers with 200."""
        return self.ask(path)[0] == 200


@contextmanager
def running(argv: Sequence[str], log: Path, server: Server, ready: str) -> Iterator[Server]:
    """The program while it serves; when it does not, the failure has the end of its log."""
    child = spawn_child(Command(argv=tuple(argv), cwd=log.parent), log)
    try:
        wait_until(lambda: child.poll() is not None or server.ready(ready), READY_S)
        assert child.poll() is None, f"ended with {child.poll()}\n" + "\n".join(tail(log.read_text()))
        assert server.ready(ready), f"{ready} is not ready\n" + "\n".join(tail(log.read_text()))
        yield server
    finally:
        child.end()
        if not wait_until(lambda: child.poll() is not None, ENDING_S):
            child.kill()
            wait_until(lambda: child.poll() is not None, ENDING_S)
