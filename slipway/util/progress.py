"""Progress of a task on a stream: a line with the elapsed time on a terminal, plain lines elsewhere.

Standard library only: the set-up of `.venv` uses it before anything is installed.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

LIVE_EVERY_S = 0.5
PLAIN_EVERY_S = 30.0
"""Without a terminal, how often a long step prints a line: build servers end jobs that are silent."""
ERASE = "\r\x1b[K"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Announces steps on a stream; silent when the output is for a program."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False

    @property
    def live(self) -> bool:
        """Whether the stream is a terminal that is written to."""
        return not self.quiet and self.stream.isatty()

    def say(self, text: str) -> None:
        """Print a line."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    @contextmanager
    def step(self, title: str, note: str | None = None) -> Iterator[RunningStep]:
        """A piece of work: one line with its result and its time when it has succeeded.

        Args:
            title: what is done.
            note: printed behind the title at the start, such as why it takes long; None prints nothing at the start.

        Yields:
            The step, which is called with its result.
        """
        step = RunningStep(title=title, progress=self)
        if note or (note is not None and not self.live):
            self.say(f"{title}{note} …")
        display = threading.Thread(target=step.display, daemon=True)
        if not self.quiet:
            display.start()
        try:
            yield step
        finally:
            step.over.set()
            if not self.quiet:
                display.join()
        result = f"{title:<10} {step.results[-1]} ({step.seconds:.1f} s)" if step.results else ""
        self.say(f"{'✘' if step.failures else '✔'} {result or f'{title} ({step.seconds:.0f} s)'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStep:
    """A piece of work under way."""

    title: str
    progress: Progress
    started: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)
    positions: list[str] = field(default_factory=lambda: [""])
    results: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Why the work counts as failed although no error was raised."""

    def __call__(self, result: str) -> None:
        """Set the result; the last one is shown."""
        self.results.append(result)

    def position(self, text: str) -> None:
        """Set how far the work is, such as its last line of output."""
        self.positions[-1] = text

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def display(self) -> None:
        """Show the elapsed time until the work is over."""
        live = self.progress.live
        while not self.over.wait(LIVE_EVERY_S if live else PLAIN_EVERY_S):
            line = f"  {self.title} … {self.seconds:.0f} s  {self.positions[-1]}"
            if live:
                width = shutil.get_terminal_size().columns - 1
                print(f"{ERASE}{line[:width]}", end="", file=self.progress.stream, flush=True)
            else:
                self.progress.say(line)
        if live:
            print(ERASE, end="", file=self.progress.stream, flush=True)
