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
from slipway.versioning.levels import ChangeKind, Evidence, Level, app_level, numbers

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

MAX_NAMED = 6
MANY = 3
"""Objects with the same change that are told in one sentence."""


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
    """The same sentence about many objects of a kind as one sentence, at the place of the first."""
    groups: dict[tuple[Level, str, str], list[Evidence]] = {}
    for item in items:
        who, _, what = item.description.partition(": ")
        groups.setdefault((item.level, who.partition(" ")[0], what), []).append(item)
    for (_, kind, what), same in groups.items():
        if len(same) < MANY:
            yield from same
            continue
        names = [item.description.partition(": ")[0].partition(" ")[2] for item in same]
        yield replace(same[0], description=f"{len(names)} {plural(kind)} ({listed(names)}): {what}")


def plural(kind: str) -> str:
    """More than one object of a kind."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}{'es' if kind.endswith('s') else 's'}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"


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
    who, kind = title(new), str(new.get("kind"))
    restarts = kind in {"Deployment", "StatefulSet", "DaemonSet"} and at(old, "spec", "template") != at(
        new, "spec", "template"
    )
    if restarts and not pulled:
        paths = ", ".join(f"`{path}`" for path in changed_paths(old, new)[:3])
        said = f"{who}: pods restart ({paths})"
    elif kind == "Job" and title(old) != who:
        said = f"Job {HASH.sub('', name_of(new))}: runs again"
    elif not found:
        said = f"{who}: changed ({', '.join(f'`{path}`' for path in changed_paths(old, new)[:3])})"
    else:
        return
    yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, description=said)


def _immutable(old: Object, new: Object) -> Iterator[Evidence]:
    kind = str(new.get("kind"))
    if kind == "Job" and name_of(old) != name_of(new):
        return
    fields = IMMUTABLE.get(kind, ())
    if kind in {"ConfigMap", "Secret"} and at(old, "immutable") is True:
        fields = (*fields, ("data",), ("binaryData",), ("stringData",), ("immutable",))
    for path in fields:
        before, after = at(old, *path), at(new, *path)
        if before != after:
            said = f"{title(new)}: `{spelled(path)}` changes in a way that Kubernetes refuses; delete it first"
            yield Evidence(level=Level.MAJOR, kind=ChangeKind.CHANGED, description=said)


def _images(old: Object, new: Object) -> Iterator[Evidence]:
    before, after = dict(images(old)), dict(images(new))
    for name in sorted(set(before) & set(after)):
        if before[name] == after[name]:
            continue
        (old_repository, old_tag, _), (repository, tag, _) = parse_image(before[name]), parse_image(after[name])
        level = Level.PATCH
        if numbers(old_tag) and numbers(tag) and app_level(old_tag, tag) is Level.MAJOR:
            level = Level.MAJOR
        if old_repository != repository:
            said = f"image {old_repository}:{old_tag} → {repository}:{tag}"
        elif old_tag != tag:
            said = f"image {old_tag} → {tag}"
        else:
            said = f"image {tag or repository} has another digest"
        who = title(new) if len(after) == 1 else f"{title(new)}, {name}"
        yield Evidence(level=level, kind=ChangeKind.CHANGED, description=f"{who}: {said}")


def _claim_size(old: Object, new: Object) -> Iterator[Evidence]:
    if new.get("kind") != "PersistentVolumeClaim":
        return
    path = ("spec", "resources", "requests", "storage")
    before, after = at(old, *path), at(new, *path)
    if before != after:
        shrinks = size_bytes(after) < size_bytes(before)
        said = f"{title(new)}: {shown(before)} → {shown(after)}"
        said += ", which Kubernetes refuses; make a new claim" if shrinks else ""
        yield Evidence(level=Level.MAJOR if shrinks else Level.PATCH, kind=ChangeKind.CHANGED, description=said)


def _crd(old: Object, new: Object) -> Iterator[Evidence]:
    if new.get("kind") != "CustomResourceDefinition":
        return
    before, after = served(old), served(new)
    for version in sorted(before - after):
        said = f"{title(new)}: version {version} is no longer served"
        yield Evidence(level=Level.MAJOR, kind=ChangeKind.REMOVED, description=said)
    for version in sorted(after - before):
        yield Evidence(
            level=Level.MINOR, kind=ChangeKind.ADDED, description=f"{title(new)}: version {version} is served"
        )


def _listed(objects: Sequence[Object], level: Level, kind: ChangeKind, what: str) -> Iterator[Evidence]:
    names = [title(item) for item in objects]
    if not names:
        return
    said = f"{names[0]} {what}"
    if len(names) > 1:
        said = f"{len(names)} objects {what.replace('it holds', 'they hold')}: {listed(names)}"
    yield Evidence(level=level, kind=kind, description=said)


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


def parse_image(image: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image; empty where it has none."""
    rest, _, digest = image.partition("@")
    repository, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        return rest, "", digest
    return repository, tag, digest


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


def title(item: Object) -> str:
    """Kind and name."""
    return f"{item.get('kind')} {name_of(item)}"


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
