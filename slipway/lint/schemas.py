"""Schemas: valid draft-07, closed at every level, every reference bound."""

from __future__ import annotations

from collections.abc import Iterator

from slipway import schema, stage
from slipway.errors import Problem, WorkspaceError
from slipway.model import Chart, ChartKind, Workspace

MERGED = ("allOf", "if", "then", "else", "not")
"""Keywords that refine an object which is closed elsewhere; what stands below them is not an object of its own."""


def check(workspace: Workspace) -> Iterator[Problem]:
    """Every finding in the fragments of the library and the schemas of the services."""
    for library in workspace.of_kind(ChartKind.LIBRARY):
        for path, content in sorted(library.files.items()):
            if path.startswith("schemas/"):
                yield from _text(f"{library.folder}/{path}", content)
    for chart in workspace.of_kind(ChartKind.SERVICE):
        if "values.schema.json" in chart.files:
            yield from _service(workspace, chart)


def _text(where: str, content: bytes) -> Iterator[Problem]:
    try:
        parsed = schema.parse(content, where)
    except WorkspaceError as error:
        yield from error.problems
        return
    yield from meta(parsed, where)
    yield from open_objects(parsed, where, "")


def _service(workspace: Workspace, chart: Chart) -> Iterator[Problem]:
    where = f"{chart.folder}/values.schema.json"
    try:
        own = schema.parse(chart.files["values.schema.json"], where)
        bundled = stage.service_schema(workspace, chart)
    except WorkspaceError as error:
        yield from error.problems
        return
    yield from meta(bundled, where)
    yield from open_objects(own, where, "")
    properties = bundled.get("properties")
    for key in ("global", "enabled", "common"):
        if not isinstance(properties, dict) or key not in properties:
            yield Problem(
                where=where,
                fact=f"does not admit {key!r}, which Helm passes to every member of an umbrella",
                hint="refer to ../common/schemas/values.json",
                rule="schema.meta",
            )


def meta(parsed: object, where: str) -> Iterator[Problem]:
    """What the draft-07 meta-schema refuses."""
    from jsonschema import Draft7Validator

    for error in Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(parsed):
        path = "/".join(str(part) for part in error.absolute_path)
        yield Problem(where=where, fact=f"is not a draft-07 schema at /{path}: {error.message}", rule="schema.meta")


def open_objects(node: object, where: str, path: str) -> Iterator[Problem]:
    """Objects with properties that let unknown keys through."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from open_objects(item, where, f"{path}/{index}")
    if not isinstance(node, dict):
        return
    if isinstance(node.get("properties"), dict) and node.get("additionalProperties", True) is True:
        yield Problem(
            where=where,
            fact=f"the object at {path or '/'} admits unknown keys",
            hint='write "additionalProperties": false',
            rule="schema.open",
        )
    for key, value in node.items():
        if key in MERGED:
            continue
        if key in {"properties", "definitions", "patternProperties"} and isinstance(value, dict):
            for name, item in value.items():
                yield from open_objects(item, where, f"{path}/{key}/{name}")
        elif key not in {"enum", "const", "default", "examples"}:
            yield from open_objects(value, where, f"{path}/{key}")
