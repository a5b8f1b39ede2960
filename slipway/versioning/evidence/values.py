"""Values before and after → evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.util.mapping import leaves, shown, spelled, type_name
from slipway.versioning.levels import ChangeKind, Evidence, Level

IMAGE_KEYS = frozenset({"repository", "tag", "digest"})


def compare_values(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Evidence]:
    """What differs between two values.yaml.

    Removed or of another type: major, because an override of it now fails or is ignored. New: minor. Another default:
    patch. Only the topmost key of a removed or new part is named; lists are compared whole, as Helm replaces them.
    """
    yield from _compare(old, new, ())


def _compare(old: Mapping[str, object], new: Mapping[str, object], path: tuple[str, ...]) -> Iterator[Evidence]:
    for key in sorted({*old, *new}, key=str):
        here = (*path, str(key))
        name = spelled(here)
        if key not in new:
            yield Evidence(level=Level.MAJOR, kind=ChangeKind.REMOVED, description=f"value `{name}` removed")
        elif key not in old:
            yield Evidence(level=Level.MINOR, kind=ChangeKind.ADDED, description=f"value `{name}` added")
        else:
            yield from _compare_value(old[key], new[key], here)


def _compare_value(old: object, new: object, path: tuple[str, ...]) -> Iterator[Evidence]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare(old, new, path)
        return
    before, after = type_name(old), type_name(new)
    if old is not None and new is not None and before != after:
        said = f"value `{spelled(path)}` changed its type: {before} → {after}"
        yield Evidence(level=Level.MAJOR, kind=ChangeKind.CHANGED, description=said)
    elif old != new or (before != after):
        said = f"default of `{spelled(path)}`: {shown(old)} → {shown(new)}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, description=said)


def compare_environment(name: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Evidence]:
    """What differs in an environment's own values; they are settings, not an interface, so always a patch."""
    before, after = dict(leaves(old)), dict(leaves(new))
    changed = [path for path in sorted({*before, *after}) if before.get(path, ABSENT) != after.get(path, ABSENT)]
    if len(changed) > 3:
        said = f"{name}: {len(changed)} values change, among them {', '.join(f'`{spelled(p)}`' for p in changed[:3])}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, description=said)
        return
    for path in changed:
        was = shown(before[path]) if path in before else "not set"
        now = shown(after[path]) if path in after else "not set"
        said = f"{name}: `{spelled(path)}` {was} → {now}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, description=said)


ABSENT = object()
"""Differs from every value, also from null."""


def is_image(description: str) -> bool:
    """Whether an item is about an image's coordinates, which the rendered objects tell better."""
    path = description.removeprefix("default of `").partition("`")[0].split(".")
    return description.startswith("default of `") and len(path) > 1 and path[-2] == "image" and path[-1] in IMAGE_KEYS
