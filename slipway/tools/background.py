"""Starting processes that are not waited for: daemons that outlive this one, and children that end with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.tools.run import Command, environment_of, missing

if TYPE_CHECKING:
    import subprocess

PR_SET_PDEATHSIG = 1
"""Source: linux/prctl.h."""


def spawn_daemon(command: Command, log: Path) -> int:
    """Start a program that outlives this process, in a new session, with its output in a log file; returns its process id.

    Raises:
        ToolMissing: the program is missing or cannot be executed.
    """
    process = in_background(command, log)
    # The child continues to run: without this the interpreter would warn about it at exit.
    process.returncode = 0
    return process.pid


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child process that ends with this process at the latest."""

    pid: int
    poll: Callable[[], int | None]
    """Its exit code, negative for a signal; None while it runs."""
    end: Callable[[], None]
    """Send SIGTERM."""
    kill: Callable[[], None]


def spawn_child(command: Command, log: Path) -> Child:
    """Start a program in the background, with its output in a log file; the kernel kills it when this process ends.

    Must be called from the main thread: the kernel means the thread that started it.

    Raises:
        ToolMissing: the program is missing or cannot be executed.
    """
    import signal

    parent = os.getpid()

    def prepare() -> None:
        # A blocked signal would stay blocked in the program.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        with_parent(parent, signal.SIGKILL)

    process = in_background(command, log, prepare)
    return Child(pid=process.pid, poll=process.poll, end=process.terminate, kill=process.kill)


def in_background(command: Command, log: Path, prepare: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    """Start a program in a new session, with its output in a log file.

    Args:
        command: what to start.
        log: appended to; its folder is made.
        prepare: called in the new process before the program.

    Raises:
        ToolMissing: the program is missing or cannot be executed.
    """
    import subprocess

    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        try:
            return subprocess.Popen(  # noqa: S603 - an argument vector, which no shell parses
                command.argv,
                cwd=command.cwd,
                env=environment_of(command),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                preexec_fn=prepare,  # noqa: PLW1509 - given only by a process of one thread
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise missing(command, error) from error


def with_parent(parent: int, number: int) -> None:
    """Have the kernel send this process a signal when its parent ends; at once, when that has happened already.

    Source: prctl(2), PR_SET_PDEATHSIG. Elsewhere than on Linux nothing is done.
    """
    import ctypes
    import sys

    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)
