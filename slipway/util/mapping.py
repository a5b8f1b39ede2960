"""Nested mappings of unknown shape: reading them, walking them, and showing a value in a message. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MAX_SHOWN = 60
"""Characters of a value that a changelog shows."""


def dig(data: object, *path: str) -> Mapping[str, object]:
    """The mapping at a path; empty when there is none."""
    for key in path:
        # The exact type first: nearly every mapping is a dict, and the rules look some hundred thousand times.
        data = data.get(key) if type(data) is dict or isinstance(data, Mapping) else None
    return data if type(data) is dict or isinstance(data, Mapping) else {}


def listing(data: object, key: str) -> list[Mapping[str, object]]:
    """The list of mappings under a key."""
    found = data.get(key) if isinstance(data, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def strings(data: object, key: str) -> tuple[str, ...]:
    """The list under a key, each entry as text; empty when there is none."""
    found = data.get(key) if isinstance(data, Mapping) else None
    return tuple(map(str, found)) if isinstance(found, list) else ()


def leaves(data: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Path → value of everything that is not a mapping; an empty mapping is a leaf."""
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, str(key)))
        else:
            yield (*path, str(key)), value


def spelled(path: tuple[str, ...]) -> str:
    """A path as a person writes it; keys with dots are quoted."""
    return ".".join(f'"{part}"' if "." in part else part for part in path)


def shown(value: object) -> str:
    """A value in one short line."""
    if isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)
    ):
        return f"{len(value)} items" if value else "empty"
    if isinstance(value, list):
        return shown(", ".join(str(item) for item in value)) if value else "empty"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(str(value).split())
    if "\n" in str(value).strip() or len(text) > MAX_SHOWN:
        return f"text of {len(str(value).encode())} bytes"
    return text or "empty"


def type_name(value: object) -> str:
    """The JSON type of a value; integers and other numbers are one type, because YAML writes 1.0 and 1 alike."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, list) else "string"
