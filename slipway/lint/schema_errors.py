"""Values against a JSON schema: each error as a problem of one value, at the line that sets it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jsonschema import Draft7Validator, ValidationError

from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.lint.positions import value_position
from slipway.lint.schemas import resolve
from slipway.util.mapping import shown, spelled, type_name
from slipway.util.text import closest, similarity, suggest
from slipway.workspace.values import Layer, Path, coalesce, top_layer, value_at

UNKNOWN_KEY = Rule("values.unknown-key", "A key is in the schema, or in the values of a lower layer.")
INVALID_VALUE = Rule("values.schema", "A value is valid under the schema.")

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The chart whose schema applies."""

    name: str
    """As messages call it: a chart's name, or `the platform`."""
    folder: str
    schema: Schema
    prefix: Path = ()
    """Path of these values in the file: the member's key in an umbrella."""


def schema_problems(owner: Owner, layers: Sequence[Layer]) -> Iterator[Problem]:
    """Errors of the merged values against the schema."""
    instance = coalesce(layers)
    errors = list(leaf_errors(Draft7Validator(owner.schema).iter_errors(instance)))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    for error in errors:
        if error.validator != "type" and tuple(error.absolute_path) in mistyped:
            continue  # Other errors of a value follow from its wrong type.
        if error.instance is None and owner.prefix:
            continue  # A null with nothing below it: `values.no-change` reports it.
        path = tuple(str(part) for part in error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            known = properties_of(error.schema)
            for key in sorted(set(map(str, error.instance)) - known):
                yield unknown_key(owner, layers, (*path, key), known)
        else:
            yield invalid_value(owner, layers, path, error)


def leaf_errors(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors of a `oneOf` or `anyOf` are replaced by those of the branch that is closest to the value."""
    for error in errors:
        if error.validator not in {"oneOf", "anyOf"} or not error.context:
            yield error
            continue
        branches: dict[object, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        same_type = [found for found in branches.values() if not any(is_other_type(inner) for inner in found)]
        if not same_type:
            yield error
            continue
        closest_branch = min(same_type, key=distance)
        unknown = any(inner.validator == "additionalProperties" for inner in closest_branch)
        # A missing key is then probably the mistyped one.
        yield from leaf_errors(inner for inner in closest_branch if not (unknown and inner.validator == "required"))


def distance(errors: Sequence[ValidationError]) -> tuple[int, float, int]:
    """The distance of a value from a branch: fewer errors, more similar keys and deeper errors are closer."""
    most_similar = max(
        (
            similarity(key, known)
            for error in errors
            if error.validator == "additionalProperties" and isinstance(error.instance, Mapping)
            for key in map(str, error.instance)
            for known in properties_of(error.schema)
        ),
        default=0.0,
    )
    return len(errors), -most_similar, -max(len(error.absolute_path) for error in errors)


def is_other_type(error: ValidationError) -> bool:
    """Whether a branch is for values of another type."""
    return error.validator == "type" and not error.relative_path


def properties_of(node: object) -> set[str]:
    """The keys that a schema lists."""
    properties = node.get("properties") if isinstance(node, Mapping) else None
    return set(properties) if isinstance(properties, Mapping) else set()


def unknown_key(owner: Owner, layers: Sequence[Layer], path: Path, known: Iterable[str]) -> Problem:
    """A key that the schema does not list."""
    layer = top_layer(layers, path)
    below = value_at(coalesce([item for item in layers if item is not layer]), path[:-1])
    candidates = {*known, *(map(str, below) if isinstance(below, Mapping) else ())} - {path[-1]}
    return UNKNOWN_KEY.problem(
        where=value_position(layers, path, owner.folder),
        fact=f"{owner.name} has no value {spelled((*owner.prefix, *path))}",
        evidence=(f"owner: {owner.folder}",),
        hint=suggest(path[-1], candidates),
    )


def invalid_value(owner: Owner, layers: Sequence[Layer], path: Path, error: ValidationError) -> Problem:
    """A value that the schema refuses."""
    name = spelled((*owner.prefix, *path)) or "the values"
    description = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    meaning = (f"meaning: {description}",) if isinstance(description, str) else ()
    return INVALID_VALUE.problem(
        where=value_position(layers, path, owner.folder),
        fact=f"{name}: {explain(error)}",
        evidence=(f"owner: {owner.folder}", *meaning),
    )


def explain(error: ValidationError) -> str:
    """An error as text about the value."""
    value, wanted = error.instance, error.validator_value
    match error.validator:
        case "type":
            types = wanted if isinstance(wanted, list) else [wanted]
            return f"{shown(value)} is of type {type_name(value)}, not {' or '.join(map(str, types))}"
        case "enum":
            choices = wanted if isinstance(wanted, list) else []
            near = closest(str(value), map(str, choices))
            hint = f"; did you mean {near!r}?" if near else ""
            return f"{shown(value)} is not one of {', '.join(str(choice) for choice in choices)}{hint}"
        case "required":
            have = value if isinstance(value, Mapping) else {}
            missing = [str(key) for key in (wanted if isinstance(wanted, list) else []) if key not in have]
            return f"{', '.join(missing)} is missing"
        case "pattern":
            return f"{shown(value)} does not match {wanted}"
        case "oneOf" | "anyOf":
            return f"{shown(value)} of type {type_name(value)} matches none of the allowed forms"
        case "propertyNames" | "minimum" | "maximum" | _:
            return error.message if len(error.message) < 200 else f"{shown(value)} violates {error.validator!r}"


def canonical(values: Mapping[str, object]) -> str:
    """A string that is equal for equal values."""
    return json.dumps(with_string_keys(values), sort_keys=True, default=str)


def with_string_keys(value: object) -> object:
    """A value whose keys are strings; YAML keys may be numbers, dates or null."""
    if isinstance(value, Mapping):
        return {str(key): with_string_keys(item) for key, item in value.items()}
    return [with_string_keys(item) for item in value] if isinstance(value, list) else value


def schema_at(root: Schema, path: Path) -> list[Schema]:
    """Every schema that may apply at a path: through properties, maps, references, `oneOf`, `anyOf` and `allOf`."""
    nodes = expand(root, [root])
    for key in path:
        below: list[Schema] = []
        for node in nodes:
            properties = node.get("properties")
            if isinstance(properties, Mapping) and key in properties:
                below.append(properties[key])
            elif isinstance(others := node.get("additionalProperties"), Mapping):
                below.append(others)
        nodes = expand(root, below)
    return nodes


def expand(root: Schema, nodes: Iterable[object]) -> list[Schema]:
    """Schemas, with the targets of their references and their branches."""
    found: list[Schema] = []
    queue = list(nodes)
    while queue:
        node = queue.pop()
        if not isinstance(node, Mapping):
            continue
        found.append(node)
        if isinstance(target := node.get("$ref"), str):
            queue.append(resolve(root, target))
        for key in ("oneOf", "anyOf", "allOf"):
            branches = node.get(key)
            queue.extend(branches if isinstance(branches, list) else [])
    return found
