"""The text of pyproject.toml with the settings of another one. Pure; comments and everything else stay as they are."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator

from slipway.config.settings import PRODUCT, SETTINGS

HEADER = "[tool.slipway]"
OWN = tuple(key for key in SETTINGS if key not in PRODUCT)
"""What belongs to whoever runs the platform."""


def changed_settings(before: str, after: str) -> frozenset[str]:
    """The operator's settings that differ between two versions of pyproject.toml."""
    old, new = (tomllib.loads(text).get("tool", {}).get("slipway", {}) for text in (before, after))
    return frozenset(key for key in OWN if old.get(key) != new.get(key))


def with_settings_of(text: str, other: str, keys: Collection[str] = OWN) -> str:
    """pyproject.toml with the operator's settings of another pyproject.toml; without those that it does not have."""
    lines, wanted = text.splitlines(keepends=True), dict(statements(other.splitlines(keepends=True)))
    taken = {key: other.splitlines(keepends=True)[start:end] for key, (start, end) in wanted.items() if key in keys}
    there = dict(statements(lines))
    for key, (start, end) in sorted(there.items(), key=lambda item: item[1], reverse=True):
        if key in keys:
            lines[start:end] = taken.pop(key, [])
    if taken:
        place = max((end for _, end in dict(statements(lines)).values()), default=header_of(lines))
        lines[place:place] = [line for key in taken for line in taken[key]]
    return "".join(lines)


def header_of(lines: list[str]) -> int:
    """Number of the line below `[tool.slipway]`; of the end of the text when there is none."""
    return next((number + 1 for number, line in enumerate(lines) if line.strip() == HEADER), len(lines))


def statements(lines: list[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Key → first line of its statement and the one below it, for each key of `[tool.slipway]` itself."""
    number = header_of(lines)
    while number < len(lines) and not lines[number].startswith("["):
        end = number + 1
        while (table := parsed("".join(lines[number:end]))) is None and end < len(lines):
            end += 1
        for key in table or ():
            yield key, (number, end)
        number = end


def parsed(text: str) -> dict[str, object] | None:
    """What some lines set; None when they end within a value."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
