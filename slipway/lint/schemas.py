"""JSON schemas: valid draft-07, closed at every level, without dangling references."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from slipway.build import schema, stage
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.util import yaml

DRAFT = Rule("schema.draft", "A schema is a valid draft-07 schema and declares it.")
REFERENCE = Rule("schema.reference", "A $ref has a target.")
OPEN = Rule("schema.open", "An object schema that lists properties refuses all others.")

MAPS_OF_SCHEMAS = ("properties", "patternProperties", "definitions", "dependencies")
LISTS_OF_SCHEMAS = ("oneOf", "anyOf", "allOf")
SINGLE_SCHEMAS = ("additionalProperties", "additionalItems", "items", "contains")
"""Keywords whose values are schemas; `if`, `then`, `else` and `not` are conditions, which describe no value.

Source: JSON Schema validation vocabulary, draft-07, section 6.
"""

Path = tuple[str, ...]


@chart_check(DRAFT, REFERENCE, OPEN)
def chart_schemas(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """The schema files of a chart, and a service's schema with the fragments that it refers to."""
    valid = True
    for path, content in sorted(chart.files.items()):
        if path == "values.schema.json" or (path.startswith("schemas/") and path.endswith(".json")):
            found = list(schema_file_problems(content, f"{chart.folder}/{path}"))
            valid = valid and not found
            yield from found
    if chart.kind is ChartKind.SERVICE and "values.schema.json" in chart.files and valid:
        bundled = stage.service_schema_text(context.workspace, chart)
        for reference in dangling_references(bundled):
            where = f"{chart.folder}/values.schema.json"
            yield REFERENCE.problem(where=where, fact=f"$ref {reference!r} has no target")


def schema_file_problems(content: bytes, where: str) -> Iterator[Problem]:
    """Problems of one schema file."""
    try:
        data = schema.parse(content, where)
    except WorkspaceError as error:
        yield from error.problems
        return
    if data.get("$schema") != schema.DRAFT_07:
        yield DRAFT.problem(
            where=where,
            fact=f"$schema is {data.get('$schema')!r}",
            hint=f'write "$schema": "{schema.DRAFT_07}", the draft that Helm supports',
        )
    found = [(DRAFT, path, fact, "") for path, fact in draft_errors(data)]
    found += [(OPEN, path, fact, 'add "additionalProperties": false') for path, fact in open_objects(data)]
    if not found:
        return
    lines = yaml.parse(content, where)
    for rule, path, fact, hint in found:
        pointer = "/" + "/".join(path) if path else "the root"
        yield rule.problem(where=lines.at(*path), fact=fact, evidence=(f"at {pointer}",), hint=hint)


def draft_errors(data: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Path and fact of each error of a schema against the draft-07 meta-schema."""
    from jsonschema import Draft7Validator

    for error in Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(dict(data)):
        path = tuple(str(part) for part in error.absolute_path)
        yield path, f"is not a draft-07 schema: {error.message[:120]}"


def open_objects(node: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Path and fact of each object schema that lists properties and accepts any other, instead of a schema for the others."""
    if not isinstance(node, Mapping):
        return
    properties = node.get("properties")
    others = node.get("additionalProperties", True)
    if isinstance(properties, Mapping) and properties and (others is True or others == {}):
        yield path, f"lists {len(properties)} properties and accepts any other"
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


@functools.lru_cache(maxsize=schema.KEPT)
def dangling_references(bundled: bytes) -> tuple[str, ...]:
    """References of a bundled schema without a target."""
    root = schema.parse(bundled, "bundle")
    return tuple(target for target in sorted(set(references(root))) if resolve(root, target) is None)


def references(node: object) -> Iterator[str]:
    """Every $ref below a node."""
    if isinstance(node, Mapping):
        if isinstance(target := node.get("$ref"), str):
            yield target
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(root: Mapping[str, object], reference: str) -> object:
    """The target of a `#/…` reference, or None."""
    node: object = root
    if not reference.startswith("#"):
        return None
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
