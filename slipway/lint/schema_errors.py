"""Values against a JSON schema: each error as a fact about one value, at the line that sets it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jsonschema import Draft7Validator, ValidationError

from slipway.core.errors import Problem
from slipway.util.mapping import shown, spelled, type_name
from slipway.util.text import closest, similarity, suggest
from slipway.workspace.values import Layer, Path, coalesce, top_layer, value_at

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose values are looked at."""

    name: str
    """How errors call it: a chart's name, or `the platform`."""
    folder: str
    schema: Schema
    prefix: Path = ()
    """What a person writes before the path: the member's key in an umbrella."""


def check_layers(owner: Owner, layers: Sequence[Layer]) -> Iterator[Problem]:
    """What the schema says about the values that win."""
    instance = coalesce(layers)
    errors = list(leaf_errors(Draft7Validator(owner.schema).iter_errors(instance)))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    for error in errors:
        if error.validator != "type" and tuple(error.absolute_path) in mistyped:
            continue  # what else is wrong with a value of another type says nothing more
        if error.instance is None and owner.prefix:
            continue  # a null with nothing below it: the rule about overrides without effect names it
        path = tuple(str(part) for part in error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            known = properties_of(error.schema)
            for key in sorted(set(map(str, error.instance)) - known):
                yield unknown_key(owner, layers, (*path, key), known)
        else:
            yield wrong_value(owner, layers, path, error)


def leaf_errors(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Errors as deep as they go: of a choice, only those of the branch that the value was meant for."""
    for error in errors:
        if error.validator not in {"oneOf", "anyOf"} or not error.context:
            yield error
            continue
        branches: dict[object, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [found for found in branches.values() if not any(is_other_type(inner) for inner in found)]
        if not meant:
            yield error
            continue
        best = min(meant, key=distance)
        strange = any(inner.validator == "additionalProperties" for inner in best)
        # What is missing is then most likely the key that is mistyped.
        yield from leaf_errors(inner for inner in best if not (strange and inner.validator == "required"))


def distance(errors: Sequence[ValidationError]) -> tuple[int, float, int]:
    """How far a value is from a branch: fewer errors, better resembled keys, deeper errors are nearer."""
    alike = max(
        (
            similarity(key, known)
            for error in errors
            if error.validator == "additionalProperties" and isinstance(error.instance, Mapping)
            for key in map(str, error.instance)
            for known in properties_of(error.schema)
        ),
        default=0.0,
    )
    return len(errors), -alike, -max(len(error.absolute_path) for error in errors)


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
    return Problem(
        where=layer.where(path) if layer else owner.folder,
        fact=f"{owner.name} knows no value {spelled((*owner.prefix, *path))}",
        evidence=(f"owner: {owner.folder}",),
        hint=suggest(path[-1], candidates),
        rule="values.unknown-key",
    )


def wrong_value(owner: Owner, layers: Sequence[Layer], path: Path, error: ValidationError) -> Problem:
    """A value that is not what the schema asks for."""
    layer = top_layer(layers, path)
    name = spelled((*owner.prefix, *path)) or "the values"
    description = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    said = (f"meaning: {description}",) if isinstance(description, str) else ()
    return Problem(
        where=layer.where(path) if layer else owner.folder,
        fact=f"{name}: {explain(error)}",
        evidence=(f"owner: {owner.folder}", *said),
        rule="values.schema",
    )


def explain(error: ValidationError) -> str:
    """What is wrong with a value, in words."""
    value, wanted = error.instance, error.validator_value
    match error.validator:
        case "type":
            types = wanted if isinstance(wanted, list) else [wanted]
            return f"{shown(value)} is of type {type_name(value)}, not {' or '.join(map(str, types))}"
        case "enum":
            choices = wanted if isinstance(wanted, list) else []
            near = closest(str(value), map(str, choices))
            hint = f"; did you mean {near!r}?" if near else ""
            return f"{shown(value)} is none of {', '.join(str(choice) for choice in choices)}{hint}"
        case "required":
            have = value if isinstance(value, Mapping) else {}
            missing = [str(key) for key in (wanted if isinstance(wanted, list) else []) if key not in have]
            return f"{', '.join(missing)} is missing"
        case "pattern":
            return f"{shown(value)} does not match {wanted}"
        case "oneOf" | "anyOf":
            return f"{shown(value)} of type {type_name(value)} is none of the forms that are allowed"
        case "propertyNames" | "minimum" | "maximum" | _:
            return error.message if len(error.message) < 200 else f"{shown(value)} breaks the rule {error.validator!r}"


def canonical(values: Mapping[str, object]) -> str:
    """A text that is equal for equal values."""
    return json.dumps(values, sort_keys=True, default=str)


def schema_at(root: Schema, path: Path) -> list[Schema]:
    """Every schema that may apply at a path: through properties, maps, references and choices."""
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
    """Schemas with their references followed and their choices listed."""
    from slipway.lint.schemas import resolve

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
