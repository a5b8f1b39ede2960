"""Text for a terminal: tables that fit its width, and colours. Anything else gets every column in full, and no colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

GAP = "  "
INDENT = "    "
LEAST = 6
"""Characters that a column keeps in the narrowest terminal."""
BOLD, RED, GREEN, YELLOW, CYAN = "1", "31", "32", "33", "36"

COLOURS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^( *)(✔)(?= |$)"), GREEN),
    (re.compile(r"^( *)(✘(?: missing)?)(?= |$)"), RED),
    (re.compile(r"^( {8,})(\+.*)$"), GREEN),
    (re.compile(r"^( {8,})(-(?!-[a-z]).*)$"), RED),
    (re.compile(r"^( *)(DANGER .*)$"), RED),
    (re.compile(r"^( +)(hint:)"), CYAN),
    (re.compile(r"^()([A-Z][A-Z ]+(?:  +[A-Z][A-Z /]*)+)$"), BOLD),
)
"""What a line begins with → its colour. The word says the same: a colour is never the only sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Aligned columns, two spaces apart."""

    head: tuple[str, ...]
    """Without one there is no line for it."""
    rows: tuple[tuple[str, ...], ...]

    def text(self, width: int | None = None) -> str:
        """The lines; cells are wrapped where a line would be longer than the width."""
        lines = (self.head, *self.rows) if self.head else self.rows
        natural = [max(map(len, column)) for column in zip(*lines, strict=True)]
        longest = [max(map(longest_word, column)) for column in zip(*lines, strict=True)]
        widths = natural if width is None else narrowed(natural, longest, width - len(GAP) * (len(natural) - 1))
        return "\n".join(one for line in lines for one in wrapped(line, widths))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command to type, and what it is for."""

    command: str
    purpose: str

    def text(self, width: int | None = None) -> str:
        """One line; where that is longer than the width, lines that a shell reads as the same command."""
        line = f"{INDENT}{self.command}{INDENT}# {self.purpose}"
        if width is None or len(line) <= width:
            return line
        import textwrap

        room = width - len(INDENT)
        note = textwrap.wrap(self.purpose, room - 2)
        parts, lines = re.split(r" (?=--?[a-z])", self.command), [""]
        for part in parts:
            joined = f"{lines[-1]} {part}" if lines[-1] else part
            if len(joined) + 2 > room and lines[-1]:
                lines.append(f"{INDENT}{part}")
            else:
                lines[-1] = joined
        return "\n".join(
            [
                *(f"{INDENT}# {one}" for one in note),
                *(f"{INDENT}{one} \\" for one in lines[:-1]),
                f"{INDENT}{lines[-1]}",
            ]
        )


Part = str | Table | Step
Text = Part | Sequence[Part]
"""What a task prints for people: lines, tables and commands, in this order."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of these rows."""
    return Table(head=tuple(head), rows=tuple(tuple(row) for row in rows))


def shown(text: Text, width: int | None = None) -> str:
    """A text for a terminal of this width; None for any other reader."""
    if isinstance(text, str):
        return text
    if isinstance(text, Table | Step):
        return text.text(width)
    return "\n".join(shown(part, width) for part in text)


def narrowed(natural: Sequence[int], longest: Sequence[int], room: int) -> list[int]:
    """Widths that fit: the widest column gives way first, and words are broken only when that is not enough."""
    widths = list(natural)
    for least in (longest, [min(LEAST, one) for one in natural]):
        while sum(widths) > room:
            wide = [column for column, width in enumerate(widths) if width > least[column]]
            if not wide:
                break
            widths[max(wide, key=lambda column: widths[column])] -= 1
    return widths


def wrapped(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The lines of one row; the last column is not padded."""
    columns = [folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(len(column) for column in columns)
    padded = [[*column, *[""] * (height - len(column))] for column in columns]
    return [
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*padded, strict=True)
    ]


def folded(cell: str, width: int) -> list[str]:
    """A cell as lines."""
    if len(cell) <= width:
        return [cell]
    import textwrap

    return textwrap.wrap(cell, width, break_on_hyphens=False) or [""]


def longest_word(cell: str) -> int:
    """The length of the longest word."""
    return max((len(word) for word in cell.split()), default=0)


def painted(text: str) -> str:
    """A text with colours."""
    return "\n".join(map(painted_line, text.split("\n")))


def painted_line(line: str) -> str:
    """A line with the colour of what it begins with."""
    for pattern, colour in COLOURS:
        if found := pattern.match(line):
            return f"{found[1]}\x1b[{colour}m{found[2]}\x1b[0m{line[found.end() :]}"
    return line


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal; None when the stream is none."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours are wanted: on a terminal that has them, unless NO_COLOR is set. Source: https://no-color.org."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
