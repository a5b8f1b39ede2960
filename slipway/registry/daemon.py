"""One registry process and its folder: CNCF distribution, started so that it outlives the task that starts it.

Everything is in one folder: `data/` (what was published), `config.yml`, `registry.log`, and `registry.json`, which identifies
the process. It listens on loopback only, deletes nothing, and sends no telemetry.

Source: distribution v3.1.2 configuration/configuration.go; it exports traces to localhost:4318 by default.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.tools.background import spawn_daemon
from slipway.tools.process import (
    LOOPBACK,
    Process,
    alive,
    end,
    find_processes,
    listening,
    listens,
    reap,
    wait_until,
)
from slipway.tools.run import Command, tail
from slipway.util import filelock
from slipway.util.files import write_atomic

READY_S = 15.0
"""How long it may take to listen; it takes 0.1 s."""
STOP_S = 5.0
"""How long it may take to end before it is killed."""
GRACE_S = 0.5
"""How long a port that is in use may take to become free."""
LOG_LIMIT_BYTES = 1024 * 1024
"""A longer log is moved to `registry.log.1` at the next start or task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """It runs since now."""

    process: Process


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyRunning:
    """It ran before."""

    process: Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What `registry status` shows."""

    process: Process | None
    """None when it does not run."""
    port: int
    folder: Path
    log: Path
    size_bytes: int
    """Of everything that was ever published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """One registry process and its folder."""

    folder: Path
    """Absolute."""
    port: int
    htpasswd: Path | None = None
    """bcrypt password file; None allows anonymous access."""
    certificate: Path | None = None
    """PEM; None is plain HTTP."""
    key: Path | None = None
    host: str = LOOPBACK
    """Address that it listens on."""

    @property
    def config(self) -> RegistryConfig:
        """How to reach it; a private certificate authority is the caller's to add."""
        plain_http = self.certificate is None
        return RegistryConfig(host=f"{LOOPBACK}:{self.port}", prefix="charts", plain_http=plain_http, embedded=True)

    @property
    def config_file(self) -> Path:
        """What the process reads; rewritten at every start."""
        return self.folder / "config.yml"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Command line of the process, which identifies it."""
        return "serve", str(self.config_file)

    @property
    def log(self) -> Path:
        """Log of the process."""
        return self.folder / "registry.log"

    @property
    def state_file(self) -> Path:
        """Which process it is; written when it listens."""
        return self.folder / "registry.json"

    def running(self) -> Process | None:
        """The process that we started and that still runs; None when there is none.

        A process of that number with another command line is somebody else's: the file is then left over from before
        a restart of the machine.
        """
        try:
            process = Process.parse(self.state_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return process if alive(process.pid, self.arguments) else None

    def ensure_running(self, binary: Callable[[], Path]) -> Started | AlreadyRunning:
        """Start it unless it runs; the program is looked for only when it has to be started.

        Raises:
            RegistryError: the port is taken, it runs on another port, or it does not start.
            Busy: another start is still running.
        """
        if (process := self.running()) is not None:
            self._limit_log()
            return AlreadyRunning(process=self._on_our_port(process))
        self.folder.mkdir(parents=True, exist_ok=True)
        with filelock.hold(self.folder / "start.lock", what="another start of the registry", wait_s=2 * READY_S):
            if (process := self.running()) is not None:
                return AlreadyRunning(process=self._on_our_port(process))
            for orphan in find_processes(self.arguments):
                # A killed start, or a deleted folder, left it behind; it occupies the port.
                end(orphan, self.arguments, STOP_S)
            self._refuse_taken_port()
            program = binary()
            # The first start builds it, which takes minutes: time enough for another checkout to take the port.
            self._refuse_taken_port()
            return Started(process=self._start(program))

    def stop(self) -> Process | None:
        """End our process, and only ours; returns it, or None when it does not run."""
        process = self.running()
        if process is not None:
            end(process.pid, self.arguments, STOP_S)
        self.state_file.unlink(missing_ok=True)
        return process

    def status(self) -> Status:
        """Whether it runs, and the size of its data."""
        files = (path for path in (self.folder / "data").rglob("*") if path.is_file())
        size_bytes = sum(path.stat().st_size for path in files)
        return Status(process=self.running(), port=self.port, folder=self.folder, log=self.log, size_bytes=size_bytes)

    def _on_our_port(self, process: Process) -> Process:
        if process.port != self.port:
            raise RegistryError(
                Problem(
                    where=f"{LOOPBACK}:{self.port}",
                    fact=f"the embedded registry of this checkout runs on port {process.port}",
                    evidence=(f"process {process.pid}, folder {self.folder}",),
                    hint="./inv registry stop",
                )
            )
        return process

    def _refuse_taken_port(self) -> None:
        # A process that was killed a moment ago still occupies its port.
        if wait_until(lambda: not listening(self.port), GRACE_S):
            return
        raise RegistryError(
            Problem(
                where=f"{LOOPBACK}:{self.port}",
                fact="the port is in use by a program that this checkout did not start",
                evidence=("perhaps the embedded registry of another checkout",),
                hint=f"stop it, or set SLIPWAY_REGISTRY_PORT={self.port + 1} or embedded-port in pyproject.toml",
            )
        )

    def _start(self, binary: Path) -> Process:
        self._prepare()
        log_size = self.log.stat().st_size if self.log.exists() else 0
        pid = spawn_daemon(self.command(binary), self.log)
        try:
            wait_until(lambda: self._answers(pid) or not reap(pid), READY_S)
            self._check_started(pid, log_size)
            process = Process(pid=pid, port=self.port, binary=str(binary), started=round(time.time()))
            write_atomic(self.state_file, process.text)
        except BaseException:
            end(pid, self.arguments, STOP_S)
            raise
        return process

    def _prepare(self) -> None:
        try:
            (self.folder / "data").mkdir(parents=True, exist_ok=True)
            self._limit_log()
            write_atomic(self.config_file, self.configuration())
        except OSError as error:
            raise RegistryError(
                Problem(
                    where=f"{LOOPBACK}:{self.port}",
                    fact="the embedded registry cannot use its folder",
                    evidence=(f"{error.filename or self.folder}: {error.strerror}",),
                    hint="move it away, then ./inv registry start",
                )
            ) from error

    def _answers(self, pid: int) -> bool:
        if self.certificate is not None or not listens(pid, self.port):
            return listens(pid, self.port)
        import http.client

        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=1.0)
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status in {200, 401}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _check_started(self, pid: int, log_size: int) -> None:
        if reap(pid) and self._answers(pid):
            return
        output = self.log.read_bytes()[log_size:].decode("utf-8", "replace")
        raise RegistryError(
            Problem(
                where=f"{LOOPBACK}:{self.port}",
                fact="the embedded registry did not start",
                evidence=(*tail(output, 5), f"log {self.log}"),
                hint="./inv doctor, then ./inv registry start",
            )
        )

    def _limit_log(self) -> None:
        """Keep one old log. The process appends, so the file can be emptied under it."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes()[-LOG_LIMIT_BYTES:])
                os.truncate(self.log, 0)

    def command(self, binary: Path) -> Command:
        """With an empty environment: distribution lets the caller's REGISTRY_* variables win over its file."""
        return Command(
            argv=("env", "-i", "OTEL_TRACES_EXPORTER=none", str(binary.absolute()), *self.arguments),
            cwd=self.folder,
        )

    def configuration(self) -> str:
        """config.yml; JSON is YAML, and quotes every path rightly."""
        http: dict[str, object] = {"addr": f"{self.host}:{self.port}", "relativeurls": True}
        if self.certificate is not None:
            http["tls"] = {"certificate": str(self.certificate), "key": str(self.key)}
        sections: dict[str, object] = {
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": False}},
            "http": http,
        }
        if self.htpasswd is not None:
            sections["auth"] = {"htpasswd": {"realm": "charts", "path": str(self.htpasswd)}}
        lines = [f"{key}: {json.dumps(value)}" for key, value in sections.items()]
        return "\n".join(("# Written at every start of the embedded registry.", "version: 0.1", *lines, ""))
