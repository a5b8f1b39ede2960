"""Processes and ports of this machine: does that daemon still run, is it still ours, does it listen?

A number alone does not identify a process, because the system gives it to others later.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
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


def alive(pid: int, argument: str) -> bool:
    """Whether a process runs and has this argument on its command line; a process that ended has no command line.

    Without /proc (macOS) only the number can be checked.
    """
    if not PROC.joinpath("self").exists():
        return pid > 0 and reap(pid)
    try:
        return argument.encode() in PROC.joinpath(str(pid), "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def reap(pid: int) -> bool:
    """Whether a process runs; one that ended is collected when it is our child, and never counts as running."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass  # somebody else's child: started by an earlier task
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        # The state follows the program's name, which stands in brackets and may hold any character.
        return PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(condition: Callable[[], bool], deadline_s: float) -> bool:
    """Ask until it is true; False when the time is over."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True
