"""Progress for people: one spinning line on a terminal, plain lines elsewhere. Nothing here decides anything."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Announces steps on a stream; silent when the output is for a program."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Say]:
        """A piece of work: `title …` while it runs, one line with its time when it is done.

        Yields:
            A function that replaces what is said about the work's result.
        """
        started = time.monotonic()
        results: list[str] = []
        if self.quiet:
            yield results.append
            return
        if self.stream.isatty():
            from rich.console import Console

            with Console(file=self.stream).status(f"{title} …"):
                yield results.append
        else:
            yield results.append
        said = results[-1] if results else "done"
        self.say(f"✔ {title:<10} {said} ({time.monotonic() - started:.1f} s)")
