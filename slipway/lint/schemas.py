"""JSON schemas: valid draft-07, closed at every level, and every reference leads somewhere."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

from slipway.build import schema, stage
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.util import yaml

MAPS_OF_SCHEMAS = ("properties", "patternProperties", "definitions", "dependencies")
LISTS_OF_SCHEMAS = ("oneOf", "anyOf", "allOf")
SINGLE_SCHEMAS = ("additionalProperties", "additionalItems", "items", "contains")
"""Where a schema holds schemas of values; `if`, `then`, `else` and `not` are conditions, which describe no value.

Source: JSON Schema validation vocabulary, draft-07, section 6.
"""

Path = tuple[str, ...]


def check(workspace: Workspace, names: Sequence[ChartName]) -> Iterator[Problem]:
    """The schema files of these charts."""
    for name in names:
        chart = workspace.charts[name]
        broken = False
        for path, content in sorted(chart.files.items()):
            if path == "values.schema.json" or (path.startswith("schemas/") and path.endswith(".json")):
                found = list(check_file(content, f"{chart.folder}/{path}"))
                broken = broken or bool(found)
                yield from found
        if chart.kind is ChartKind.SERVICE and "values.schema.json" in chart.files and not broken:
            yield from check_bundle(workspace, chart)


def check_file(content: bytes, where: str) -> Iterator[Problem]:
    """One schema file."""
    try:
        data = schema.parse(content, where)
    except WorkspaceError as error:
        yield from error.problems
        return
    if data.get("$schema") != schema.DRAFT_07:
        yield Problem(
            where=where,
            fact=f"$schema is {data.get('$schema')!r}",
            hint=f'write "$schema": "{schema.DRAFT_07}", the draft that Helm reads',
            rule="schema.draft",
        )
    found = [*meta_errors(data), *((path, fact, "schema.open") for path, fact in open_objects(data))]
    lines = yaml.parse(content, where) if found else None
    for path, fact, rule in found:
        assert lines is not None
        pointer = "/" + "/".join(path) if path else "the root"
        hint = 'add "additionalProperties": false' if rule == "schema.open" else ""
        yield Problem(where=lines.at(*path), fact=fact, evidence=(f"at {pointer}",), hint=hint, rule=rule)


def meta_errors(data: Mapping[str, object]) -> Iterator[tuple[Path, str, str]]:
    """Where a schema is not a draft-07 schema."""
    from jsonschema import Draft7Validator

    for error in Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(dict(data)):
        path = tuple(str(part) for part in error.absolute_path)
        yield path, f"is not a draft-07 schema: {error.message[:120]}", "schema.draft"


def open_objects(node: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Object schemas that list properties and admit others; a schema for the others is a map with well-known keys."""
    if not isinstance(node, Mapping):
        return
    properties = node.get("properties")
    others = node.get("additionalProperties", True)
    if isinstance(properties, Mapping) and properties and (others is True or others == {}):
        yield path, f"lists {len(properties)} properties and admits any other"
    for key in MAPS_OF_SCHEMAS:
        children = node.get(key)
        if isinstance(children, Mapping):
            for name, child in children.items():
                yield from open_objects(child, (*path, key, str(name)))
    for key in LISTS_OF_SCHEMAS:
        branches = node.get(key)
        for index, child in enumerate(branches if isinstance(branches, list) else []):
            yield from open_objects(child, (*path, key, str(index)))
    for key in SINGLE_SCHEMAS:
        yield from open_objects(node.get(key), (*path, key))


def check_bundle(workspace: Workspace, chart: Chart) -> Iterator[Problem]:
    """The chart's schema with its fragments: each reference leads somewhere."""
    where = f"{chart.folder}/values.schema.json"
    try:
        bundled = stage.service_schema_text(workspace, chart)
    except WorkspaceError as error:
        yield from error.problems
        return
    for reference in dangling(bundled):
        yield Problem(where=where, fact=f"$ref {reference!r} leads nowhere", rule="schema.reference")


@functools.lru_cache(maxsize=schema.KEPT)
def dangling(bundled: bytes) -> tuple[str, ...]:
    """References of a bundled schema that lead nowhere."""
    root = schema.parse(bundled, "bundle")
    return tuple(target for target in sorted(set(references(root))) if resolve(root, target) is None)


def references(node: object) -> Iterator[str]:
    """Every $ref of a bundled schema."""
    if isinstance(node, Mapping):
        if isinstance(target := node.get("$ref"), str):
            yield target
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(root: Mapping[str, object], reference: str) -> object:
    """What a `#/…` reference leads to, or None."""
    node: object = root
    if not reference.startswith("#"):
        return None
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
