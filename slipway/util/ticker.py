"""Progress of work that takes minutes, with the standard library only: it is needed before anything is installed.

A ticking line with the elapsed time on a terminal; elsewhere a plain line at the start, now and then, and at the end.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

LIVE_EVERY_S = 0.5
PLAIN_EVERY_S = 30.0
"""Without a terminal, how often a long step says that it lives: build servers end jobs that are silent."""
ERASE = "\r\x1b[K"


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Says on a stream what goes on; silent when the output is for a program."""

    stream: TextIO
    quiet: bool = False

    @property
    def live(self) -> bool:
        """Whether a person watches."""
        return not self.quiet and self.stream.isatty()

    def say(self, text: str) -> None:
        """A line that stays."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    @contextmanager
    def step(self, title: str, note: str = "") -> Iterator[Callable[[str], None]]:
        """Announce a piece of work, and how long it took when it succeeds.

        Args:
            title: what is done.
            note: said at the start only: why it takes long.

        Yields:
            A function that takes a few words about where the work is.
        """
        step = Step(title=title, teller=self)
        if not self.live or note:
            self.say(f"{title}{note} …")
        ticker = threading.Thread(target=step.tick, daemon=True)
        ticker.start()
        try:
            yield step.words.append
        finally:
            step.over.set()
            ticker.join()
        self.say(f"✔ {title} ({step.seconds:.0f} s)")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A piece of work under way."""

    title: str
    teller: Teller
    started: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)
    words: list[str] = field(default_factory=lambda: [""])
    """The last one says where the work is."""

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def tick(self) -> None:
        """Show the time until the work is over."""
        live = self.teller.live
        while not self.over.wait(LIVE_EVERY_S if live else PLAIN_EVERY_S):
            line = f"  {self.title} … {self.seconds:.0f} s  {self.words[-1]}"
            if live:
                width = shutil.get_terminal_size().columns - 1
                print(f"{ERASE}{line[:width]}", end="", file=self.teller.stream, flush=True)
            else:
                self.teller.say(line)
        if live:
            print(ERASE, end="", file=self.teller.stream, flush=True)
