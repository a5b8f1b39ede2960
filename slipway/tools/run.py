"""Starting processes: run to the end, streamed line by line, or in the background. No other module starts one.

A `Command` goes in, a `Completed` comes out; there is never a shell. Tools take a `Runner` as a parameter, so a test
can count, refuse or interrupt calls without replacing a module. A process inherits this process's environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import Problem, ToolFailed, ToolMissing

if TYPE_CHECKING:
    import subprocess

PR_SET_PDEATHSIG = 1
"""Source: linux/prctl.h."""

TAIL_LINES = 20
"""How many of the last output lines an error shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start: argument vector, folder, extra environment, input, and which exit codes count as success."""

    argv: tuple[str, ...]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of this process."""
    stdin: bytes | None = None
    ok_codes: frozenset[int] | None = frozenset({0})
    """None accepts every exit code."""
    timeout_s: float | None = None
    on_line: Callable[[str], None] | None = field(default=None, repr=False, compare=False)
    """Called with each line of the joined stdout and stderr as it appears; both are then in `Completed.stdout`."""

    def __str__(self) -> str:
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a command ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float


Runner = Callable[[Command], Completed]


def tail(text: str, lines: int = TAIL_LINES) -> tuple[str, ...]:
    """The last lines of an output, for error messages; `(none)` when there is nothing."""
    kept = [line.rstrip() for line in text.strip().splitlines()][-lines:]
    return tuple(kept) or ("(none)",)


def run_process(command: Command) -> Completed:
    """Run a command to its end and return its output.

    Raises:
        ToolMissing: the program is missing or cannot be executed.
        ToolFailed: it ended with a code outside `ok_codes`, or ran longer than `timeout_s` seconds.
    """
    import subprocess

    started = time.monotonic()
    try:
        code, stdout, stderr = collect(command) if command.on_line is None else stream(command, command.on_line)
    except (FileNotFoundError, PermissionError) as error:
        raise missing(command, error) from error
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(
            Problem(
                where=program_name(command),
                fact=f"did not end within {command.timeout_s:g} s",
                evidence=(f"+ {command}",),
            )
        ) from error
    completed = Completed(
        argv=command.argv,
        code=code,
        stdout=stdout,
        stderr=stderr,
        seconds=time.monotonic() - started,
    )
    if command.ok_codes is not None and completed.code not in command.ok_codes:
        raise ToolFailed(failure(command, completed))
    return completed


def collect(command: Command) -> tuple[int, str, str]:
    """Run a command to its end; returns its exit code, stdout and stderr."""
    import subprocess

    done = subprocess.run(  # noqa: S603 - an argument vector, which no shell parses
        command.argv,
        cwd=command.cwd,
        env=environment_of(command),
        input=command.stdin,
        stdin=subprocess.DEVNULL if command.stdin is None else None,
        capture_output=True,
        timeout=command.timeout_s,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def stream(command: Command, on_line: Callable[[str], None]) -> tuple[int, str, str]:
    """Run a command and pass on each line of its joined output as it appears; returns its exit code and output."""
    import subprocess
    import threading

    process = subprocess.Popen(  # noqa: S603 - an argument vector, which no shell parses
        command.argv,
        cwd=command.cwd,
        env=environment_of(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(command.timeout_s or 0, expire)
    timer.daemon = True
    if command.timeout_s is not None:
        timer.start()
    lines: list[str] = []
    with process:
        try:
            for line in process.stdout or ():
                lines.append(line)
                on_line(line.rstrip("\n"))
        except BaseException:
            process.terminate()
            raise
        finally:
            timer.cancel()
    if expired.is_set():
        raise subprocess.TimeoutExpired(command.argv, command.timeout_s or 0)
    return process.returncode, "".join(lines), ""


def environment_of(command: Command) -> dict[str, str]:
    """The environment of the new process."""
    return {**os.environ, **command.env}


def failure(command: Command, completed: Completed) -> Problem:
    """The problem that a failed command is shown as."""
    output = completed.stderr if completed.stderr.strip() else completed.stdout
    return Problem(
        where=program_name(command),
        fact=f"ended with exit code {completed.code}",
        evidence=(f"+ {command}", *tail(output)),
    )


def missing(command: Command, error: OSError) -> ToolMissing:
    """The error for a program that cannot be started."""
    evidence = (str(error),)
    return ToolMissing(Problem(where=command.argv[0], fact="cannot be started", evidence=evidence, hint="./inv doctor"))


def program_name(command: Command) -> str:
    """The base name of the program, for errors."""
    return Path(command.argv[0]).name


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


def which(program: str, path: str | None = None) -> Path | None:
    """Where a program is on PATH, or None."""
    found = shutil.which(program, path=path)
    return Path(found) if found else None
