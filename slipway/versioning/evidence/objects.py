"""Rendered objects before and after → evidence. Pure.

What an upgrade does to the cluster: objects that appear and disappear, fields that Kubernetes will not change in place,
images, and which pods restart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from slipway.core.model import holds_data
from slipway.util import quantity
from slipway.util.mapping import shown, spelled
from slipway.versioning.levels import (
    ChangeKind,
    Evidence,
    Image,
    ImageChange,
    Level,
    Subject,
    app_level,
    listed,
    numbers,
)

Object = Mapping[str, object]

IMMUTABLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
        ("spec", "podManagementPolicy"),
    ),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completionMode")),
    "Service": (("spec", "clusterIP"),),
    "PersistentVolumeClaim": (
        ("spec", "storageClassName"),
        ("spec", "accessModes"),
        ("spec", "volumeName"),
        ("spec", "volumeMode"),
        ("spec", "selector"),
        ("spec", "dataSource"),
    ),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "Secret": (("type",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "IngressClass": (("spec", "controller"),),
    "PriorityClass": (("value",),),
    "RuntimeClass": (("handler",),),
    "CustomResourceDefinition": (("spec", "scope"), ("spec", "names", "kind"), ("spec", "group")),
}
"""Fields that an update cannot change: the object must be deleted first.

Source: the update validation in kubernetes pkg/apis/*/validation, Kubernetes 1.37.
"""

NOISE = ("helm.sh/chart", "app.kubernetes.io/version")
"""Labels that follow the chart's own version."""

HASH = re.compile(r"-[0-9a-f]{6,64}$")
"""End of the name of a Job that is renamed when its content changes."""

MANY = 3
"""Objects with the same change that share one line."""


def compare_objects(old: Sequence[Object], new: Sequence[Object]) -> Iterator[Evidence]:
    """What differs between two renders."""
    before, after = by_identity(old), by_identity(new)
    gone = [before[key] for key in sorted(set(before) - set(after))]
    lost, dropped = [o for o in gone if has_data(o)], [o for o in gone if not has_data(o)]
    yield from _listed(lost, Level.MAJOR, ChangeKind.REMOVED, "removed, with the data that it holds")
    yield from _listed(dropped, Level.MINOR, ChangeKind.REMOVED, "removed")
    yield from _listed([after[k] for k in sorted(set(after) - set(before))], Level.MINOR, ChangeKind.ADDED, "added")
    changed = [key for key in sorted(set(before) & set(after)) if before[key] != after[key]]
    yield from gathered([item for key in changed for item in compare_object(before[key], after[key])])


def gathered(items: Sequence[Evidence]) -> Iterator[Evidence]:
    """The same difference of many objects of a kind as one item, at the place of the first."""
    groups: dict[tuple[Level, str, str], list[Evidence]] = {}
    for item in items:
        kind = item.subject.kind if item.subject else ""
        groups.setdefault((item.level, kind, item.fact), []).append(item)
    for same in groups.values():
        if len(same) < MANY:
            yield from same
            continue
        yield replace(same[0], others=tuple(same[1:]))


def by_identity(objects: Iterable[Object]) -> dict[tuple[str, str, str, str], Object]:
    """Group, kind, namespace and name → object, without what follows the chart's version."""
    found: dict[tuple[str, str, str, str], Object] = {}
    for item in objects:
        metadata = item.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        group = str(item.get("apiVersion", "")).rpartition("/")[0]
        kind, name = str(item.get("kind", "")), str(metadata.get("name", ""))
        if kind == "Job":
            name = HASH.sub("", name)
        quiet = without_noise(item)
        if isinstance(quiet, Mapping):
            found[group, kind, str(metadata.get("namespace", "")), name] = quiet
    return found


def without_noise(value: object) -> object:
    """A value without the labels of `NOISE` and without nulls."""
    if isinstance(value, Mapping):
        return {
            key: {k: v for k, v in item.items() if k not in NOISE}
            if key == "labels" and isinstance(item, Mapping)
            else without_noise(item)
            for key, item in value.items()
            if item is not None
        }
    return [without_noise(item) for item in value] if isinstance(value, list) else value


def compare_object(old: Object, new: Object) -> Iterator[Evidence]:
    """What differs between two states of one object; at least one item when they differ."""
    pulled = tuple(_images(old, new))
    found = (*_immutable(old, new), *pulled, *_claim_size(old, new), *_crd(old, new))
    yield from found
    subject, kind = subject_of(new), str(new.get("kind"))
    restarts = kind in {"Deployment", "StatefulSet", "DaemonSet"} and at(old, "spec", "template") != at(
        new, "spec", "template"
    )
    if restarts and not pulled:
        paths = ", ".join(f"`{path}`" for path in changed_paths(old, new)[:3])
        fact = f"pods restart ({paths})"
    elif kind == "Job" and name_of(old) != name_of(new):
        subject, fact = Subject(kind=kind, name=HASH.sub("", name_of(new))), "runs again"
    elif not found:
        fact = f"changed ({', '.join(f'`{path}`' for path in changed_paths(old, new)[:3])})"
    else:
        return
    yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, subject=subject, fact=fact)


def _immutable(old: Object, new: Object) -> Iterator[Evidence]:
    kind = str(new.get("kind"))
    if kind == "Job" and name_of(old) != name_of(new):
        return
    for path in immutable_changes(old, new):
        fact = f"`{spelled(path)}` changes in a way that Kubernetes refuses; delete it first"
        yield Evidence(level=Level.MAJOR, kind=ChangeKind.CHANGED, subject=subject_of(new), fact=fact)


def immutable_changes(old: Object, new: Object) -> Iterator[tuple[str, ...]]:
    """The paths at which two states of an object differ and Kubernetes refuses the change."""
    kind = str(new.get("kind"))
    fields = IMMUTABLE.get(kind, ())
    if kind in {"ConfigMap", "Secret"} and at(old, "immutable") is True:
        fields = (*fields, ("data",), ("binaryData",), ("stringData",), ("immutable",))
    return (path for path in fields if at(old, *path) != at(new, *path))


def _images(old: Object, new: Object) -> Iterator[Evidence]:
    before, after = dict(images(old)), dict(images(new))
    for name in sorted(set(before) & set(after)):
        if before[name] == after[name]:
            continue
        was, now = parse_image(before[name]), parse_image(after[name])
        level = Level.PATCH
        if numbers(was.tag) and numbers(now.tag) and app_level(was.tag, now.tag) is Level.MAJOR:
            level = Level.MAJOR
        if was.repository != now.repository:
            fact = f"image {was.repository}:{was.tag} → {now.repository}:{now.tag}"
        elif was.tag != now.tag:
            fact = f"image {was.tag} → {now.tag}"
        else:
            fact = f"image {now.tag or now.repository} has another digest"
        yield Evidence(
            level=level,
            kind=ChangeKind.CHANGED,
            subject=replace(subject_of(new), container=name, only_container=len(after) == 1),
            image=ImageChange(before=was, after=now),
            fact=fact,
        )


def _claim_size(old: Object, new: Object) -> Iterator[Evidence]:
    if new.get("kind") != "PersistentVolumeClaim":
        return
    path = ("spec", "resources", "requests", "storage")
    before, after = at(old, *path), at(new, *path)
    if before != after:
        shrinks = size_bytes(after) < size_bytes(before)
        fact = f"{shown(before)} → {shown(after)}"
        fact += ", which Kubernetes refuses; make a new claim" if shrinks else ""
        level = Level.MAJOR if shrinks else Level.PATCH
        yield Evidence(level=level, kind=ChangeKind.CHANGED, subject=subject_of(new), fact=fact)


def _crd(old: Object, new: Object) -> Iterator[Evidence]:
    if new.get("kind") != "CustomResourceDefinition":
        return
    before, after = served(old), served(new)
    for version in sorted(before - after):
        fact = f"version {version} is no longer served"
        yield Evidence(level=Level.MAJOR, kind=ChangeKind.REMOVED, subject=subject_of(new), fact=fact)
    for version in sorted(after - before):
        fact = f"version {version} is served"
        yield Evidence(level=Level.MINOR, kind=ChangeKind.ADDED, subject=subject_of(new), fact=fact)


def _listed(objects: Sequence[Object], level: Level, kind: ChangeKind, what: str) -> Iterator[Evidence]:
    names = [str(subject_of(item)) for item in objects]
    if not names:
        return
    fact = f"{names[0]} {what}"
    if len(names) > 1:
        fact = f"{len(names)} objects {what.replace('it holds', 'they hold')}: {listed(names)}"
    yield Evidence(level=level, kind=kind, fact=fact)


def has_data(item: Object) -> bool:
    """Whether deleting an object deletes data."""
    return holds_data(str(item.get("apiVersion", "")), str(item.get("kind", "")))


def served(crd: Object) -> set[str]:
    """The served versions of a custom resource definition."""
    versions = at(crd, "spec", "versions")
    entries = versions if isinstance(versions, list) else []
    return {str(entry.get("name")) for entry in entries if isinstance(entry, Mapping) and entry.get("served", True)}


def images(value: object) -> Iterator[tuple[str, str]]:
    """Container name → image, anywhere in an object."""
    if isinstance(value, Mapping):
        image = value.get("image", value.get("imageName"))
        if isinstance(image, str) and ("name" in value or "imageName" in value):
            yield str(value.get("name", "database")), image
        for item in value.values():
            yield from images(item)
    elif isinstance(value, list):
        for item in value:
            yield from images(item)


def parse_image(image: str) -> Image:
    """An image reference in its parts."""
    rest, _, digest = image.partition("@")
    repository, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        return Image(repository=rest, digest=digest)
    return Image(repository=repository, tag=tag, digest=digest)


def size_bytes(size: object) -> Decimal:
    """Bytes of a Kubernetes quantity; 0 for what is none."""
    try:
        return quantity.parse(size)
    except ValueError:
        return Decimal(0)


def at(item: object, *path: str) -> object:
    """The value at a path, or None."""
    for key in path:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def name_of(item: Object) -> str:
    """metadata.name."""
    return str(at(item, "metadata", "name") or "")


def subject_of(item: Object) -> Subject:
    """An object as the subject of a difference."""
    return Subject(kind=str(item.get("kind")), name=name_of(item))


def changed_paths(old: object, new: object, path: tuple[str, ...] = ()) -> list[str]:
    """Where two values differ, deepest first difference of each branch."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new}, key=str)
        return [line for key in keys for line in changed_paths(old.get(key), new.get(key), (*path, str(key)))]
    if json.dumps(old, sort_keys=True, default=str) == json.dumps(new, sort_keys=True, default=str):
        return []
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [line for index, (a, b) in pairs for line in changed_paths(a, b, (*path, item_name(b, index)))]
    return [spelled(path)]


def item_name(item: object, index: int) -> str:
    """How a list item is called: by its name, or its place."""
    return str(item["name"]) if isinstance(item, Mapping) and "name" in item else str(index)
