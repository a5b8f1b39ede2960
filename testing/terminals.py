"""Tasks at a terminal, and the person who reads and types there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testing.workspaces import ROOT

ON_A_TERMINAL = """
import os, sys
os.login_tty(int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-m", "invoke", *sys.argv[2:]])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a terminal."""

    screen: int
    """The person's end of it."""
    seen: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """Everything that was read, with the line ends of a file."""
        return "".join(self.seen).replace("\r\n", "\n")

    def reads(self, wanted: str) -> str:
        """Everything that is shown until a text, or until the program has ended."""
        shown = b""
        while wanted.encode() not in shown:
            more = self.more()
            assert more, self.shown + shown.decode()
            shown += more
        self.seen.append(shown.decode())
        return shown.decode()

    def rest(self) -> None:
        """Read until the program has ended."""
        self.seen.append(b"".join(iter(self.more, b"")).decode())

    def more(self) -> bytes:
        """What is shown next; empty when the program has ended."""
        try:
            return os.read(self.screen, 4096)
        except OSError:  # Linux says so when the other end is closed
            return b""

    def answers(self, question: str, text: str = "") -> None:
        """A line, as soon as the question for it is shown."""
        self.reads(question)
        self.types(text)

    def types(self, text: str) -> None:
        """A line."""
        os.write(self.screen, f"{text}\n".encode())


@contextmanager
def at_terminal(environ: Mapping[str, str], *task: str) -> Iterator[tuple[Person, subprocess.Popen[bytes]]]:
    """A task whose terminal is a person's."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", ON_A_TERMINAL, str(theirs), *task]
    with subprocess.Popen(command, cwd=ROOT, env=dict(environ), pass_fds=(theirs,)) as process:  # noqa: S603 - ours
        os.close(theirs)
        try:
            yield Person(screen=ours), process
        finally:
            process.kill()
            os.close(ours)


def environ_of(root: Path) -> dict[str, str]:
    """Variables of a task in another checkout, on a terminal without colours."""
    return {**os.environ, "SLIPWAY_ROOT": str(root), "TERM": "dumb"}
