"""What differs between two renders, object by object. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.build.render import Object
from slipway.util import yaml

FORCED_VERSION = "0.0.0"
"""Chart version in normalised objects, so that a release alone changes none of them."""


def normalise(item: Object) -> dict[str, object]:
    """An object without what changes by itself: nulls, the order of keys, checksums, the chart's version."""
    made = _normal(item.data)
    assert isinstance(made, dict)
    return made


def _normal(value: object, key: str = "") -> object:
    if isinstance(value, Mapping):
        return {name: _normal(value[name], str(name)) for name in sorted(value, key=str) if value[name] is not None}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if key.startswith("checksum/"):
        return "<checksum>"
    if key == "helm.sh/chart" and isinstance(value, str):
        return re.sub(r"-\d+\.\d+\.\d+.*$", f"-{FORCED_VERSION}", value)
    return value


class ChangeKind(StrEnum):
    """What happened to an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object that differs."""

    kind: ChangeKind
    object: str
    """Kind and name."""
    text: str = field(repr=False)
    """Unified diff of its YAML."""
    holds_data: bool = False


def diff(old: Iterable[Object], new: Iterable[Object]) -> tuple[Change, ...]:
    """The objects that were added, removed or changed, by identity."""
    before = {item.identity: item for item in old}
    after = {item.identity: item for item in new}
    return tuple(
        change
        for identity in sorted({*before, *after}, key=lambda key: (key[1], key[3], key))
        if (change := _change(before.get(identity), after.get(identity))) is not None
    )


def _change(old: Object | None, new: Object | None) -> Change | None:
    shown = old or new
    assert shown is not None
    before = "" if old is None else yaml.text_of(normalise(old))
    after = "" if new is None else yaml.text_of(normalise(new))
    if before == after:
        return None
    kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), shown.title, shown.title, lineterm="")
    return Change(kind=kind, object=shown.title, text="\n".join(lines), holds_data=shown.holds_data)
