"""Processes and ports of this machine: whether a daemon still runs, and whether it listens.

A process ID alone does not identify a process, because the kernel reuses it; so the command line is compared, too.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")
LOOPBACK = "127.0.0.1"
POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A daemon as its state file describes it."""

    pid: int
    port: int
    binary: str
    started: int
    """Seconds since 1970."""

    @classmethod
    def parse(cls, text: str) -> Process:
        """Read a state file.

        Raises:
            ValueError, KeyError, TypeError: it is not one.
        """
        data = json.loads(text)
        return cls(
            pid=int(data["pid"]), port=int(data["port"]), binary=str(data["binary"]), started=int(data["started"])
        )

    @property
    def text(self) -> str:
        """The state file."""
        return json.dumps(asdict(self), indent=2) + "\n"


def alive(pid: int, ending: tuple[str, ...]) -> bool:
    """Whether a process runs and its command line ends so; a process that ended has no command line.

    Without /proc (macOS) only the number can be checked.
    """
    if not PROC.joinpath("self").exists():
        return pid > 0 and reap(pid)
    try:
        arguments = PROC.joinpath(str(pid), "cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return False
    return tuple(arguments[-len(ending) :]) == tuple(os.fsencode(part) for part in ending)


def find_processes(ending: tuple[str, ...]) -> tuple[int, ...]:
    """Every process whose command line ends so; none where there is no /proc."""
    numbers = (int(path.name) for path in PROC.glob("[0-9]*") if path.name.isdigit())
    return tuple(number for number in numbers if alive(number, ending)) if PROC.joinpath("self").exists() else ()


def end(pid: int, ending: tuple[str, ...], patience_s: float) -> None:
    """End a process that still has this command line, kill it when it ignores that, and wait until it is gone.

    Its command line goes first and its sockets last, so a port is free only after the end of the process.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not alive(pid, ending):
            break
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not reap(pid), patience_s):
            break


def reap(pid: int) -> bool:
    """Whether a process runs; one that ended is collected when it is a child of this process, and never counts as running."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != pid
    except ChildProcessError:
        pass  # the child of another process: started by an earlier task
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        # State and number of threads follow the program's name, which is in brackets and may contain any character.
        fields = PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return not PROC.joinpath("self").exists()
    # The first thread may have ended while others still have the sockets open.
    return fields[0] != "Z" or int(fields[17]) > 1


def free_port() -> int:
    """A port that no process listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether a process accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def listens(pid: int, port: int) -> bool:
    """Whether this very process listens on a loopback port; without /proc (macOS), whether any process does.

    Source: proc(5): the sockets of /proc/net/tcp by inode, state 0A is LISTEN; /proc/PID/fd links to the inodes.
    """
    if not PROC.joinpath("self").exists():
        return listening(port)
    local = f"0100007F:{port:04X}"
    rows = (line.split() for line in PROC.joinpath("net", "tcp").read_text(encoding="utf-8").splitlines()[1:])
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1] == local and row[3] == "0A"}
    for link in PROC.joinpath(str(pid)).glob("fd/*") if sockets else ():
        with suppress(OSError):  # closed meanwhile
            if str(link.readlink()) in sockets:
                return True
    return False


def wait_until(condition: Callable[[], bool], deadline_s: float) -> bool:
    """Poll until it is true; False at the deadline."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True
