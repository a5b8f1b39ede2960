"""Values → text or JSON, whatever they are: tables, lists of problems, dataclasses. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

from slipway.core.errors import Problem
from slipway.util.text import counted


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns, two spaces apart; the last column is not padded."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def problems(found: Sequence[Problem]) -> str:
    """Every problem, then their number."""
    count = len(found)
    return "\n".join([*(str(problem) for problem in found), counted(count, "problem")])


def to_json(value: object) -> str:
    """Any of our values as JSON: dataclasses as objects, enumerations as their text, paths as text."""
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
