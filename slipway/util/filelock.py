"""Lock files: one release, one build and one set-up at a time in a checkout.

The lock is the kernel's (`flock`), so it ends with the processes that have it open, however they die. The file's text
only names the holder. Standard library only: the set-up of `.venv` uses it before anything is installed.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.core.errors import Busy, Problem
from slipway.util.files import running

POLL_S = 0.1


@contextmanager
def hold(
    path: Path,
    *,
    what: str = "another release",
    wait_s: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Iterator[int]:
    """Hold the lock while the block runs.

    Args:
        path: the lock file; made when missing, never removed.
        what: the task that holds it, for messages.
        wait_s: how long to wait for the holder, in seconds.
        on_wait: called once with a line for the user before waiting.
        sleep: waits this many seconds.
        clock: the time, in seconds since 1970.

    Yields:
        The file's descriptor: a child process that inherits it holds the lock, too, also when this process is killed.

    Raises:
        Busy: another process still holds it after `wait_s` seconds.
    """
    waited_s = 0.0
    while (handle := take(path)) is None:
        if waited_s >= wait_s:
            raise Busy(busy(path, what, waited_s))
        if not waited_s:
            name = holder(path)
            on_wait(f"waiting for {what}{f' ({name})' if name else ''} …")
        sleep(POLL_S)
        waited_s += POLL_S
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f'{{"pid": {os.getpid()}, "started": {round(clock())}}}'.encode())
        yield handle
    finally:
        os.ftruncate(handle, 0)
        os.close(handle)


def take(path: Path) -> int | None:
    """The open, locked file; None while another process holds it.

    Between opening and locking the file may have been deleted with its folder; then the lock would protect nothing.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
        os.close(handle)


def share(path: Path) -> None:
    """Hold the lock together with others until the process ends; waits while another process holds it alone.

    Nothing is locked where this user can write no file, and so replaces nothing that the lock protects.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
    fcntl.flock(handle, fcntl.LOCK_SH)


def holder(path: Path) -> str:
    """`process 123, since 2026-11-23 05:48:00`; empty when the file names none, or one that is gone."""
    import json

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        pid, since = int(data["pid"]), time.localtime(int(data["started"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ""
    if not running(pid):
        return ""
    return f"process {pid}, since {time.strftime('%Y-%m-%d %H:%M:%S', since)}"


def busy(path: Path, what: str, waited_s: float) -> Problem:
    """The problem of a lock that another process holds."""
    waited = f"after waiting {waited_s:g} s" if waited_s else ""
    return Problem(
        where=str(path),
        fact=f"{what} is running here{f', still {waited}' if waited else ''}",
        evidence=(holder(path) or "the lock file names no process",),
        hint="wait until it ends, then run the command again",
    )
