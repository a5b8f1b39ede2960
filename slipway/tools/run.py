"""Starting processes: run to the end, or streamed line by line. `background` has those that are not waited for.

A `Command` goes in, a `Completed` comes out; there is never a shell. Tools take a `Runner` as a parameter, so a test
can count, refuse or interrupt calls without replacing a module. A process inherits this process's environment, without
what would change its result.
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
from slipway.tools.environment import without_foreign

if TYPE_CHECKING:
    import subprocess

ENDING_S = 20.0
"""How long an interrupted program may tidy up."""

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
    attached: bool = False
    """Write to stdout and stderr of this process, such as its terminal, instead of to us."""

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
        streamed = command.attached or command.on_line is not None
        code, stdout, stderr = stream(command) if streamed else collect(command)
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


def stream(command: Command) -> tuple[int, str, str]:
    """Run a command and pass on each line of its joined output as it appears; returns its exit code and output.

    It has a process group of its own: a Ctrl-C on the terminal reaches this process alone, which passes it on once, and
    waits until the program and its children have tidied up.
    """
    import subprocess
    import threading

    process = subprocess.Popen(  # noqa: S603 - an argument vector, which no shell parses
        command.argv,
        cwd=command.cwd,
        env=environment_of(command),
        stdin=subprocess.DEVNULL,
        stdout=None if command.attached else subprocess.PIPE,
        stderr=None if command.attached else subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        process_group=0,
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

    def follow() -> None:
        for line in process.stdout or ():
            lines.append(line)
            if command.on_line is not None:
                command.on_line(line.rstrip("\n"))
        process.wait()

    try:
        follow()
    except BaseException as error:
        interrupt(process, follow if isinstance(error, KeyboardInterrupt) else process.wait)
        raise
    finally:
        timer.cancel()
        if process.stdout is not None:
            process.stdout.close()
    if expired.is_set():
        raise subprocess.TimeoutExpired(command.argv, command.timeout_s or 0)
    return process.returncode, "".join(lines), ""


def interrupt(process: subprocess.Popen[str], wait: Callable[[], object]) -> None:
    """Pass an interrupt on to a program and its children, and wait for their end; kill what does not end, or at a second one."""
    import signal
    import threading
    from contextlib import suppress

    def send(number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    timer = threading.Timer(ENDING_S, send, (signal.SIGKILL,))
    timer.daemon = True
    timer.start()
    try:
        send(signal.SIGINT)
        wait()
    except BaseException:
        send(signal.SIGKILL)
        raise
    finally:
        timer.cancel()
        process.wait()


def environment_of(command: Command) -> dict[str, str]:
    """The environment of the new process."""
    return {**without_foreign(os.environ), **command.env}


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


def which(program: str, path: str | None = None) -> Path | None:
    """Where a program is on PATH, or None."""
    found = shutil.which(program, path=path)
    return Path(found) if found else None
