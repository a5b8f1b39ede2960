"""Values before and after → evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from slipway.util.mapping import leaves, shown, spelled, type_name
from slipway.versioning.levels import ChangeKind, Evidence, Image, ImageChange, Level, Subject

IMAGE_KEYS = frozenset({"repository", "tag", "digest"})
CONTAINERS = frozenset({"containers", "sidecars", "init"})
"""Maps of a controller whose entries have an `image`."""


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
            yield Evidence(level=Level.MAJOR, kind=ChangeKind.REMOVED, path=here, fact=f"value `{name}` removed")
        elif key not in old:
            yield Evidence(level=Level.MINOR, kind=ChangeKind.ADDED, path=here, fact=f"value `{name}` added")
        else:
            for item in _compare_value(old[key], new[key], here):
                own = item.path == here and path[-1:] == ("image",) and key in IMAGE_KEYS
                yield replace(item, image=_image_change(old, new)) if own and item.level is Level.PATCH else item


def _compare_value(old: object, new: object, path: tuple[str, ...]) -> Iterator[Evidence]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare(old, new, path)
        return
    before, after = type_name(old), type_name(new)
    if old is not None and new is not None and before != after:
        fact = f"value `{spelled(path)}` changed its type: {before} → {after}"
        yield Evidence(level=Level.MAJOR, kind=ChangeKind.CHANGED, path=path, fact=fact)
    elif old != new or (before != after):
        fact = f"default of `{spelled(path)}`: {shown(old)} → {shown(new)}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, path=path, fact=fact)


def _image_change(old: Mapping[str, object], new: Mapping[str, object]) -> ImageChange:
    """The `image` of a container before and after."""
    return ImageChange(before=_image(old), after=_image(new))


def _image(values: Mapping[str, object]) -> Image:
    found = {key: str(values[key]) for key in IMAGE_KEYS if values.get(key) is not None}
    return Image(**found)


def compare_environment(name: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Evidence]:
    """What differs in an environment's own values; they are settings, not an interface, so always a patch."""
    before, after = dict(leaves(old)), dict(leaves(new))
    changed = [path for path in sorted({*before, *after}) if before.get(path, ABSENT) != after.get(path, ABSENT)]
    if len(changed) > 3:
        fact = f"{len(changed)} values change, among them {', '.join(f'`{spelled(p)}`' for p in changed[:3])}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, render=name, fact=fact)
        return
    for path in changed:
        was = shown(before[path]) if path in before else "not set"
        now = shown(after[path]) if path in after else "not set"
        fact = f"`{spelled(path)}` {was} → {now}"
        yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, render=name, path=path, fact=fact)


ABSENT = object()
"""Differs from every value, also from null."""


def without_rendered_images(values: Iterable[Evidence], objects: Iterable[Evidence]) -> Iterator[Evidence]:
    """Differences of values, without those of images that a rendered object reports.

    A workload that is switched off is not rendered, so its image is reported by its value. Each container of the rendered
    objects belongs to one `image` of the values: the one of its own workload, or else any that changes alike.
    """
    items = tuple(values)
    places: dict[tuple[str, ...], ImageChange] = {item.path[:-1]: item.image for item in items if item.image}
    rendered = {one.subject: one.image for item in objects for one in (item, *item.others) if one.image}
    reported: set[tuple[str, ...]] = set()
    for accepts in (_is_own, _may_be_own):
        for place, change in places.items():
            if place in reported:
                continue
            found = next(
                (who for who, other in rendered.items() if who and change.matches(other) and accepts(place, who)), None
            )
            if found is not None:
                del rendered[found]
                reported.add(place)
    return (item for item in items if item.image is None or item.path[:-1] not in reported)


def _may_be_own(place: tuple[str, ...], subject: Subject) -> bool:
    """Whether a container may be the one that a path of values such as `controllers.web.containers.app.image` describes."""
    return len(place) < 3 or place[-3] not in CONTAINERS or place[-2] == subject.container


def _is_own(place: tuple[str, ...], subject: Subject) -> bool:
    """Whether the names say that it is: a workload is called like its chart, its identifier, or both."""
    if not _may_be_own(place, subject) or len(place) < 4:
        return False
    return subject.name == place[-4] or subject.name.endswith(f"-{place[-4]}")
