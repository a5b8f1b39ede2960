"""Values → text or JSON: counts, hints for unknown names, tables, lists of problems, dataclasses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

from slipway.core.errors import Problem

SIMILAR = 0.6
"""Ratio of matching characters from which a name counts as mistyped; the default of `difflib.get_close_matches`."""


def counted(number: int, noun: str) -> str:
    """`1 chart`, `2 charts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def being(number: int) -> str:
    """`is` for one, `are` otherwise."""
    return "is" if number == 1 else "are"


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to a word; None when none is similar."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=SIMILAR)
    return near[0] if near else None


def similarity(word: str, other: str) -> float:
    """The ratio of matching characters: 0 for words that share nothing, 1 for equal ones."""
    import difflib

    return difflib.SequenceMatcher(None, word, other).ratio()


def suggest(word: str, known: Iterable[str], *, otherwise: str = "known:") -> str:
    """The hint for an unknown name: the one that was probably meant, or all of them.

    Args:
        word: the unknown name.
        known: the names that exist; a list or tuple is shown in its order, anything else sorted.
        otherwise: the words in front of the list of names.
    """
    names = list(known) if isinstance(known, Sequence) else sorted(known)
    near = closest(word, names)
    return f"did you mean {near!r}?" if near else f"{otherwise} {', '.join(names) or 'none'}"


def problems(found: Sequence[Problem]) -> str:
    """Every problem, then their number."""
    return "\n".join([*(str(problem) for problem in found), counted(len(found), "problem")])


def to_json(value: object) -> str:
    """Any of our values as JSON: dataclasses as objects, enumerations as their text, paths as text."""
    import json

    return json.dumps(plain(value), indent=2, ensure_ascii=False, sort_keys=False)


def plain(value: object) -> object:
    """A value as dicts, lists and scalars."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value
