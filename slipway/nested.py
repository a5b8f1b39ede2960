"""Reading mappings in mappings whose shape nobody promised: what is not there is empty."""

from __future__ import annotations

from collections.abc import Mapping


def dig(data: object, *path: str) -> Mapping[str, object]:
    """The mapping at a path; empty when there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def listing(data: object, key: str) -> list[Mapping[str, object]]:
    """The list of mappings under a key."""
    found = data.get(key) if isinstance(data, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
