"""Redis starts from the configuration that we render: with its password, and with what was written before if it shall.

Valkey has no package; its configuration is read by Redis, whose words it has.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slipway.util.mapping import dig
from testing import servers
from testing.servers import run

pytestmark = pytest.mark.helm

PASSWORD = "Of1Test"  # slipway: not-a-secret of a server that lives for a second


class Pod:
    """The folders of a pod, and its server."""

    def __init__(self, folder: Path, chart: str, objects, container) -> None:
        self.folder, self.chart = folder, chart
        self.workload = next(item for item in objects if item.kind == "StatefulSet")
        config = next(item for item in objects if item.kind == "ConfigMap")
        for name in ("data", "run", "etc"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)
        for name, text in dig(config.data, "data").items():
            (folder / "etc" / name).write_text(self.moved(str(text)))
        self.container = container
        self.socket = str(folder / "socket")
        self.cli = str(servers.programs("redis") / "redis-cli")

    def moved(self, text: str) -> str:
        """A text with the pod's paths below the folder."""
        for path, name in ((f"/etc/{self.chart}", "etc"), (f"/run/{self.chart}", "run"), ("/data", "data")):
            text = text.replace(path, str(self.folder / name))
        return text

    def words(self, name: str) -> list[str]:
        """What a container runs."""
        held = self.container(self.workload, name)
        return [self.moved(word) for key in ("command", "args") for word in held.get(key, ())]

    def ask(self, *words: str, password: str = PASSWORD) -> str:
        """An answer of the server."""
        env = {"REDISCLI_AUTH": password} if password else {}
        return run(self.cli, "-s", self.socket, *words, env=env).stdout.strip()

    @contextmanager
    def served(self) -> Iterator[None]:
        """The server, started as the pod does it, but on a socket."""
        run(*self.words("auth"), env={"PASSWORD": PASSWORD})
        program, *rest = self.words("app")
        argv = (str(servers.programs("redis") / program.replace("valkey", "redis")), *rest, "--port", "0")
        ready = ("sh", "-c", f"{self.cli} -s {self.socket} ping | grep -q PONG")
        log = self.folder / "log"
        child = servers.started((*argv, "--unixsocket", self.socket), log, ready, {"REDISCLI_AUTH": PASSWORD})
        try:
            yield
        finally:
            servers.stopped(child)


@pytest.fixture(params=["redis", "valkey"])
def pod(request: pytest.FixtureRequest, objects, container):
    """Makes a pod of a chart with some values."""
    with servers.folder_of_nobody() as folder:
        yield lambda values: Pod(folder, request.param, objects(request.param, values), container)


def test_nobody_gets_in_without_the_password(pod) -> None:
    server = pod("its own values")
    with server.served():
        assert server.ask("PING") == "PONG"
        assert "NOAUTH" in server.ask("PING", password="")
        assert "WRONGPASS" in server.ask("AUTH", "other", password="")


def test_the_password_is_in_a_file_of_the_servers_own(pod) -> None:
    server = pod("its own values")
    with server.served():
        path = server.folder / "run" / "auth.conf"

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert PASSWORD not in " ".join(server.words("app"))


def test_a_cache_begins_empty_after_a_restart(pod) -> None:
    server = pod("its own values")
    with server.served():
        server.ask("SET", "key", "value")
    with server.served():
        assert server.ask("GET", "key") == ""


def test_what_is_persistent_survives_a_restart(pod) -> None:
    server = pod("ci/persistent-values.yaml")
    with server.served():
        server.ask("SET", "key", "value")
    with server.served():
        assert server.ask("GET", "key") == "value"


def test_the_server_takes_the_memory_that_the_configuration_gives(pod) -> None:
    server = pod("its own values")
    with server.served():
        limit = int(server.ask("CONFIG", "GET", "maxmemory").splitlines()[1])
        policy = server.ask("CONFIG", "GET", "maxmemory-policy").splitlines()[1]

    memory = dig(server.container(server.workload, "app"), "resources", "limits")["memory"]
    assert 0.7 < limit / (int(str(memory).removesuffix("Mi")) * 2**20) < 0.9
    assert policy == "noeviction"


def test_a_full_server_refuses_a_key_and_forgets_no_session(pod) -> None:
    server = pod("its own values")
    ten_mebibytes = "for i = 1, 10 do redis.call('setex', KEYS[1] .. i, 86400, string.rep('x', 1048576)) end"
    with server.served():
        server.ask("SETEX", "session", "86400", "of somebody")
        message = next(
            text
            for number in range(100)
            if "OOM" in (text := server.ask("EVAL", ten_mebibytes, "1", f"cache-{number}-"))
        )

        assert "OOM command not allowed" in message
        assert server.ask("GET", "session") == "of somebody"


def test_a_word_that_the_server_does_not_know_is_found(pod) -> None:
    server = pod("its own values")
    (server.folder / "etc" / "memory.conf").write_text("maxmemry 1mb\n")

    with pytest.raises(AssertionError, match="maxmemry"), server.served():
        pass
