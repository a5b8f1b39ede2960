"""Reading values and JSON schemas that are plain mappings. Pure.

A bundled schema has every fragment under `definitions`. `child` descends one level and resolves the result, so the other
functions see schemas without references, and without the `null` alternative that lets an environment remove an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from slipway.util.mapping import dig

Map = Mapping[str, object]


def items(data: object) -> Iterator[tuple[str, Map]]:
    """The enabled entries of a map by identifier, in file order."""
    for key, entry in dig(data).items():
        if isinstance(entry, Mapping) and entry.get("enabled", True) is not False:
            yield str(key), entry


def texts(data: object) -> tuple[str, ...]:
    """A list of scalars as strings."""
    return tuple(str(item) for item in data) if isinstance(data, list | tuple) else ()


def lookup(data: object, *path: str) -> object:
    """The value at a path of keys, or None."""
    for key in path:
        data = dig(data).get(key)
    return data


def resolve(schema: Map, definitions: Map) -> Map:
    """A schema without reference and null alternative; its own description has priority."""
    for _ in range(8):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = dig(definitions.get(definition_name(reference)))
            schema = {**target, **{key: item for key, item in schema.items() if key != "$ref"}}
            continue
        choices = alternatives(schema)
        if len(choices) == 1:
            schema = {**{key: item for key, item in schema.items() if key != "oneOf"}, **choices[0]}
            continue
        break
    return schema


def definition_name(reference: str) -> str:
    """`#/definitions/pod` and `pod.json` → `pod`."""
    return reference.rpartition("/")[2].removesuffix(".json")


def alternatives(schema: Map) -> list[Map]:
    """The members of `oneOf` that are not null."""
    choices = schema.get("oneOf")
    return [dig(item) for item in choices if dig(item).get("type") != "null"] if isinstance(choices, list) else []


def child(schema: Map, key: str, definitions: Map) -> Map:
    """The schema of a key below a resolved schema; empty if it is not described."""
    found = dig(schema, "properties").get(key)
    if found is None:
        found = schema.get("additionalProperties")
    return resolve(dig(found), definitions)


def schema_type(schema: Map, definitions: Map) -> str:
    """A type in words: `string`, `number`, `one of a, b`, `list of string`, `map of …`."""
    schema = resolve(schema, definitions)
    if isinstance(known := schema.get("enum"), list):
        return "one of " + ", ".join(str(item) or '""' for item in known)
    if choices := alternatives(schema):
        return either(part for item in choices for part in schema_type(item, definitions).split(" or "))
    kind = schema.get("type")
    if isinstance(kind, list):
        return either(simple(str(item)) for item in kind if item != "null")
    if kind == "array":
        return f"list of {schema_type(dig(schema.get('items')), definitions)}"
    more = schema.get("additionalProperties")
    if kind == "object" and isinstance(more, Mapping) and not schema.get("properties"):
        return f"map of {schema_type(more, definitions)}"
    return simple(str(kind)) if kind else "any"


def either(names: Iterable[str]) -> str:
    """`a, b or c`, each once."""
    each = list(dict.fromkeys(part for name in names for part in name.split(", ")))
    return " or ".join(part for part in (", ".join(each[:-1]), each[-1]) if part)


def simple(kind: str) -> str:
    """JSON Schema's type as a Helm user writes it."""
    return {"object": "map", "array": "list"}.get(kind, kind)
