"""Whether a command said what a page shows. Pure.

What no two runs share is compared by its shape: digests, durations, dates, ports of this machine, versions, the number of the
charts, and the width of columns. `…` stands for anything within a line; a line of `…` alone stands for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ANY = "…"
SHAPES = (
    (re.compile(r"\bsha256:[0-9a-f]{8,}…?"), "sha256:#"),
    (re.compile(r"\b\d+(?:\.\d+)? s\b"), "# s"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "#-#-#"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:#"),
    (re.compile(r"\b(v?)\d+\.\d+\.\d+\b"), r"\1#.#.#"),
    (re.compile(r"\b\d+ charts?\b"), "# charts"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
)
"""Text → what it is compared as, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where they part."""

    line: int
    """Of what is shown, counted from 0; its length when more was said than is shown."""
    shown: str
    said: str


def shape(line: str) -> str:
    """A line without what no two runs share."""
    for found, instead in SHAPES:
        line = found.sub(instead, line)
    return line.rstrip()


def fits(shown: str, said: str) -> bool:
    """Whether one line is what the page shows."""
    # What stands for anything may stand for a piece of what has a shape.
    for pattern, text in ((shape(shown), shape(said)), (shown.rstrip(), said.rstrip())):
        parts = [re.escape(part) for part in pattern.split(ANY)]
        if re.fullmatch(".*".join(parts), text):
            return True
    return False


def compare(shown: Sequence[str], said: Sequence[str]) -> Difference | None:
    """The first difference; None when there is none. Empty lines at the end do not count."""
    wanted, got = trimmed(shown), trimmed(said)
    pieces = split(wanted)
    position = 0
    for number, (start, lines) in enumerate(pieces):
        first, last = number == 0, number == len(pieces) - 1
        places = range(position, position + 1) if first else range(position, max(position, len(got)) + 1)
        if last and not first:
            places = range(max(position, len(got) - len(lines)), len(got) + 1)
        best = max((agreeing(lines, got[place:]), -place) for place in places)
        count, place = best[0], -best[1]
        if count < len(lines):
            said_there = got[place + count] if place + count < len(got) else ""
            return Difference(line=start + count, shown=lines[count], said=said_there)
        position = place + count
        if last and position < len(got):
            return Difference(line=len(wanted), shown="", said=got[position])
    return None


def agreeing(shown: Sequence[str], said: Sequence[str]) -> int:
    """How many lines from the first agree."""
    for count, line in enumerate(shown):
        if count >= len(said) or not fits(line, said[count]):
            return count
    return len(shown)


def trimmed(lines: Sequence[str]) -> list[str]:
    """Without the empty lines at the end."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def split(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The pieces between lines of `…` alone, each with the number of its first line."""
    pieces: list[tuple[int, list[str]]] = [(0, [])]
    for number, line in enumerate(lines):
        if line.strip() == ANY:
            pieces.append((number + 1, []))
        else:
            pieces[-1][1].append(line)
    return pieces
