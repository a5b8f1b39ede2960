"""Signals at chosen moments of a process: after so many reads, as the kernel counts them, and never after a time."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    code: int
    stdout: str
    stderr: str
    reads: int
    """How many it had done when it was last looked at."""


def reads(pid: int) -> int | None:
    """The read system calls of a process; None when it has ended. Source: proc(5), /proc/PID/io."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return int(next(line for line in lines if line.startswith("syscr")).split()[1])


def program(pid: int) -> str:
    """The name of the program that a process runs now; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def interrupted(
    argv: Sequence[str],
    environ: Mapping[str, str],
    after: int,
    number: signal.Signals = signal.SIGINT,
    *,
    within: str = "",
    folder: Path | None = None,
) -> Ended:
    """Send a signal to a process after some reads, and wait for its end.

    Args:
        argv: what is started.
        environ: its environment.
        after: the number of reads.
        number: the signal.
        within: count from the first moment at which it runs a program whose name starts so.
        folder: its working folder.
    """
    process = subprocess.Popen(  # noqa: S603 - the tests' own argument vector
        argv, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    seen, base = 0, None if within else 0
    while process.poll() is None:
        now = reads(process.pid)
        if now is None:
            break
        seen = now
        if base is None and program(process.pid).startswith(within):
            base = now
        if base is not None and now - base >= after:
            process.send_signal(number)
            break
    out, err = process.communicate(timeout=DEADLINE_S)
    return Ended(code=process.returncode, stdout=out.decode(), stderr=err.decode(), reads=seen - (base or 0))
