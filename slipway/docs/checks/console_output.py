"""Comparison of a command's output with the output that a page shows. Pure.

Text that differs between runs is normalized: durations, dates, local ports, versions, the number of charts, and the
width of columns. `…` matches anything within a line; a line of `…` matches any lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ANY = "…"
NORMALIZATIONS = (
    (re.compile(r"\b\d+(?:\.\d+)? s\b"), "# s"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "#-#-#"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:#"),
    (re.compile(r"\b(v?)\d+\.\d+\.\d+\b"), r"\1#.#.#"),
    (re.compile(r"\b\d+ charts?\b"), "# charts"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
)
"""Pattern → replacement, applied in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first line that differs."""

    line: int
    """Index in the shown lines; their number if the output has more lines."""
    shown: str
    actual: str


def normalized(line: str) -> str:
    """A line without text that differs between runs."""
    for pattern, replacement in NORMALIZATIONS:
        line = pattern.sub(replacement, line)
    return line.rstrip()


def matches(shown: str, actual: str) -> bool:
    """Whether a line of the output matches a shown line."""
    # An ellipsis may match a part of a text that is normalized otherwise.
    for pattern, text in ((normalized(shown), normalized(actual)), (shown.rstrip(), actual.rstrip())):
        parts = [re.escape(part) for part in pattern.split(ANY)]
        if re.fullmatch(".*".join(parts), text):
            return True
    return False


def compare(shown: Sequence[str], actual: Sequence[str]) -> Difference | None:
    """The first difference, or None. Trailing empty lines are ignored."""
    wanted, got = trimmed(shown), trimmed(actual)
    pieces = split(wanted)
    position = 0
    for number, (start, lines) in enumerate(pieces):
        first, last = number == 0, number == len(pieces) - 1
        places = range(position, position + 1) if first else range(position, max(position, len(got)) + 1)
        if last and not first:
            places = range(max(position, len(got) - len(lines)), len(got) + 1)
        best = max((matching_lines(lines, got[place:]), -place) for place in places)
        count, place = best[0], -best[1]
        if count < len(lines):
            line = got[place + count] if place + count < len(got) else ""
            return Difference(line=start + count, shown=lines[count], actual=line)
        position = place + count
        if last and position < len(got):
            return Difference(line=len(wanted), shown="", actual=got[position])
    return None


def matching_lines(shown: Sequence[str], actual: Sequence[str]) -> int:
    """The number of matching lines from the start."""
    for count, line in enumerate(shown):
        if count >= len(actual) or not matches(line, actual[count]):
            return count
    return len(shown)


def trimmed(lines: Sequence[str]) -> list[str]:
    """Without trailing empty lines."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def split(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The parts between lines of `…`, each with the index of its first line."""
    pieces: list[tuple[int, list[str]]] = [(0, [])]
    for number, line in enumerate(lines):
        if line.strip() == ANY:
            pieces.append((number + 1, []))
        else:
            pieces[-1][1].append(line)
    return pieces
