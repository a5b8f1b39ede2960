"""What changed since the last published version of a chart, and how large that is. Pure.

Two snapshots go in: the files of the published archive with what it renders, and the same of the present chart. Out come
items with a level and a sentence; the highest level is what the version must rise by, the sentences are its changelog.

    major   an application's major version; a value removed, narrowed, newly required or of another type; a field that
            Kubernetes does not change in place; an object that holds data removed; a member removed
    minor   an application's minor version; a new value, object or member; an object without data removed
    patch   anything else that changes the package

What a vendored chart brings counts where it reaches the chart's own values or objects, and is a patch otherwise: a
library that renders the same bytes is a patch for every service, whatever it is for the library itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slipway.core.model import CHANGES, ChartKind, without_input_digest
from slipway.util import yaml
from slipway.util.mapping import leaves
from slipway.versioning.evidence.objects import Object, compare_objects
from slipway.versioning.evidence.schema import Schema, SchemaChange, compare_schemas
from slipway.versioning.evidence.values import compare_environment, compare_values, without_rendered_images
from slipway.versioning.levels import ChangeKind, Evidence, Level, app_level

DEFAULTS = "defaults"
"""Name of the render with the chart's own values."""

OUR_FIELDS = frozenset({"version", "appVersion", "dependencies", "annotations"})
"""Fields of Chart.yaml that are compared by their meaning, or that the version itself writes."""

MAX_ITEMS = 8
"""Items of one sort that a changelog names before it only counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A packed chart and what it renders."""

    kind: ChartKind
    metadata: Mapping[str, object]
    """Chart.yaml."""
    files: Mapping[str, bytes] = field(repr=False)
    """Path relative to the chart → content; without Chart.yaml, Chart.lock and what is vendored."""
    vendored: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Archive name → content of what is vendored."""
    renders: Mapping[str, tuple[Object, ...]] = field(default_factory=dict, repr=False)
    """Name of a set of values → the objects that it renders; `DEFAULTS` for the chart's own."""

    @classmethod
    def of(
        cls, kind: ChartKind, members: Mapping[str, bytes], renders: Mapping[str, tuple[Object, ...]] | None = None
    ) -> Snapshot:
        """A snapshot of an archive's members, `chart/path` → content, as `package.read` gives them.

        Raises:
            WorkspaceError: Chart.yaml is missing or is not YAML.
        """
        files = {path.partition("/")[2]: content for path, content in members.items()}
        return cls(
            kind=kind,
            metadata=yaml.parse(files.get("Chart.yaml", b""), "Chart.yaml").mapping,
            files={p: c for p, c in files.items() if p not in {"Chart.yaml", "Chart.lock"} and p[:7] != "charts/"},
            vendored={p.removeprefix("charts/"): c for p, c in files.items() if p.startswith("charts/")},
            renders=renders or {},
        )

    @property
    def dependencies(self) -> dict[str, str]:
        """Member, by its alias when it has one → version."""
        return {key: str(entry.get("version")) for key, entry in self._entries()}

    @property
    def members(self) -> dict[str, str]:
        """Member → the chart that it is; an umbrella may have one several times."""
        return {key: str(entry.get("name")) for key, entry in self._entries()}

    def _entries(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        entries = self.metadata.get("dependencies")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, Mapping):
                yield str(entry.get("alias") or entry.get("name")), entry

    def values(self, path: str = "values.yaml") -> Mapping[str, object]:
        """A values file, parsed; empty when there is none."""
        return yaml.parse(self.files.get(path, b""), path).mapping

    @property
    def schemas(self) -> dict[str, Schema]:
        """Schema documents by file name: the library's fragments, or the chart's bundled schema."""
        found: dict[str, Schema] = {}
        for path, content in self.files.items():
            if path == "values.schema.json" or (path.startswith("schemas/") and path.endswith(".json")):
                data = json.loads(content)
                found[path.rpartition("/")[2]] = data if isinstance(data, Mapping) else {}
        return found


def compare(old: Snapshot, new: Snapshot, versions: Mapping[str, str] | None = None) -> tuple[Evidence, ...]:
    """Every difference that counts; none when the two are made from the same content.

    Args:
        old: the published chart.
        new: the present one.
        versions: vendored chart → the version that it will have, where that is not yet written in Chart.yaml.

    Raises:
        WorkspaceError: a values file is not YAML.
    """
    after = {key: (versions or {}).get(new.members[key], version) for key, version in new.dependencies.items()}
    moved = sorted(name for name in {*old.dependencies, *after} if old.dependencies.get(name) != after.get(name))
    if not moved and dict(old.vendored) != dict(new.vendored):
        moved = sorted(after)
    own = tuple(_own_files(old, new))
    via = "" if own or not moved else ", ".join(moved)
    objects = tuple(replace(item, via=via) for item in _objects(old, new))
    found = [
        *_app_version(old, new),
        *_dependencies(old, new, after),
        *without_rendered_images(compare_values(old.values(), new.values()), objects),
        *_schemas(old, new, moved),
        *objects,
        *_environments(old, new),
        *_metadata(old, new),
    ]
    if own and not any(not item.via for item in found):
        found += [_item(text) for text in summary(own)]
    elif new.kind is ChartKind.LIBRARY:
        found += [_item(text) for text in summary(own, templates=True)]
    return _unique(found)


def _item(fact: str) -> Evidence:
    return Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, fact=fact)


def _unique(items: list[Evidence]) -> tuple[Evidence, ...]:
    """Each sentence once, the largest change first, otherwise in the order in which they were found."""
    once: dict[tuple[ChangeKind, str], Evidence] = {}
    for item in sorted(items, key=lambda item: item.level, reverse=True):
        once.setdefault((item.kind, item.description), item)
    return tuple(once.values())


def _app_version(old: Snapshot, new: Snapshot) -> Iterator[Evidence]:
    before, after = (
        None if s.metadata.get("appVersion") is None else str(s.metadata["appVersion"]) for s in (old, new)
    )
    if (level := app_level(before, after)) is not None:
        fact = f"application version {before or 'none'} → {after or 'none'}"
        yield Evidence(level=level, kind=ChangeKind.CHANGED, fact=fact)


def _dependencies(old: Snapshot, new: Snapshot, after: Mapping[str, str]) -> Iterator[Evidence]:
    word = "member" if new.kind is ChartKind.UMBRELLA else "dependency"
    lost = Level.MAJOR if new.kind is ChartKind.UMBRELLA else Level.PATCH
    for name in sorted({*old.dependencies, *after}):
        before, now = old.dependencies.get(name), after.get(name)
        if before is None:
            yield Evidence(level=Level.MINOR, kind=ChangeKind.ADDED, fact=f"{word} {name} {now} added")
        elif now is None:
            yield Evidence(level=lost, kind=ChangeKind.REMOVED, fact=f"{word} {name} removed")
        elif before != now:
            fact = f"{word} {name} {before} → {now}"
            yield Evidence(level=Level.PATCH, kind=ChangeKind.CHANGED, fact=fact, via=name)


def _schemas(old: Snapshot, new: Snapshot, moved: list[str]) -> Iterator[Evidence]:
    before, after = old.schemas, new.schemas
    roots = ["values.schema.json"]
    if new.kind is ChartKind.LIBRARY:
        # Everything that a chart can set hangs below the fragment that is called as the file of values.
        roots = ["values.json"] if "values.json" in before and "values.json" in after else sorted({*before, *after})
    if new.kind is ChartKind.UMBRELLA:
        # It is made from the members, and has nothing that they do not have.
        return
    changes = list(dict.fromkeys(change for root in roots for change in compare_schemas(before, after, root)))
    if moved:
        used = [path for path, _ in leaves(old.values())]
        changes = [change for change in changes if any(_reaches(change.path, path) for path in used)]
        changes = [change for change in changes if change.level is Level.MAJOR]
    via = ", ".join(moved)
    for level in Level:
        mine = [change for change in changes if change.level is level]
        yield from (replace(change.evidence, via=via) for change in mine[:MAX_ITEMS])
        if len(mine) > MAX_ITEMS:
            kind = mine[0].kind
            fact = f"schema of values: {len(mine) - MAX_ITEMS} more of this sort"
            yield Evidence(level=level, kind=kind, fact=fact, via=via)


def _reaches(change: tuple[str, ...], value: tuple[str, ...]) -> bool:
    """Whether a schema path is, contains, or is the parent of a value; `*` matches any key."""
    return len(change) <= len(value) and all(a in {b, "*"} for a, b in zip(change, value, strict=False))


def _objects(old: Snapshot, new: Snapshot) -> Iterator[Evidence]:
    seen: set[Evidence] = set()
    names = sorted({*old.renders} & {*new.renders}, key=lambda name: (name != DEFAULTS, name))
    for name in names:
        for item in compare_objects(old.renders[name], new.renders[name]):
            if item not in seen:
                seen.add(item)
                yield replace(item, render="" if name == DEFAULTS else name)


def _environments(old: Snapshot, new: Snapshot) -> Iterator[Evidence]:
    paths = {path for path in {*old.files, *new.files} if path.startswith("values-") and path.endswith(".yaml")}
    for path in sorted(paths):
        name = path.removeprefix("values-").removesuffix(".yaml")
        if path not in old.files:
            yield Evidence(level=Level.MINOR, kind=ChangeKind.ADDED, fact=f"environment {name} added")
        elif path not in new.files:
            yield Evidence(level=Level.MAJOR, kind=ChangeKind.REMOVED, fact=f"environment {name} removed")
        else:
            yield from compare_environment(name, old.values(path), new.values(path))


def _metadata(old: Snapshot, new: Snapshot) -> Iterator[Evidence]:
    for key in sorted({*old.metadata, *new.metadata} - OUR_FIELDS):
        if old.metadata.get(key) != new.metadata.get(key):
            yield _item(f"Chart.yaml: {key} changed")
    before, after = _annotations(old), _annotations(new)
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield _item(f"Chart.yaml: annotation {key} changed")


def _annotations(snapshot: Snapshot) -> dict[str, object]:
    listed = without_input_digest(snapshot.metadata.get("annotations"))
    return {key: value for key, value in listed.items() if key != CHANGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file of the chart that differs."""

    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}{self.fact}"


def summary(changes: Sequence[FileChange], *, templates: bool = False) -> Iterator[str]:
    """A line for each file, or one for all of many.

    Args:
        changes: of files.
        templates: leave out other files, unless there are too many to name.
    """
    if len(changes) > MAX_ITEMS:
        yield f"several files changed: {', '.join(change.path for change in changes[:MAX_ITEMS])}, …"
    else:
        yield from (str(change) for change in changes if not templates or change.path.startswith("templates/"))


def _own_files(old: Snapshot, new: Snapshot) -> Iterator[FileChange]:
    """The chart's own files that differ, without what staging makes from vendored charts."""
    count = 0
    for path in sorted({*old.files, *new.files}):
        generated = path == "values.schema.json" and new.kind is not ChartKind.LIBRARY and bool(new.dependencies)
        if generated or old.files.get(path) == new.files.get(path):
            continue
        if path not in old.files or path not in new.files:
            fact = " added" if path not in old.files else " removed"
        elif path == "values.yaml" and old.values() == new.values():
            fact = ": comments"
        else:
            fact = " changed"
        count += 1
        yield FileChange(path=path, fact=fact)
    if not count and old.metadata.get("appVersion") != new.metadata.get("appVersion"):
        yield FileChange(path="Chart.yaml", fact=": appVersion changed")


__all__ = ["DEFAULTS", "ChangeKind", "Evidence", "Level", "SchemaChange", "Snapshot", "compare"]
