"""JSON schemas of values: composed from the library's fragments, bundled so that no reference leaves the file. Pure."""

from __future__ import annotations

import functools
import json
import posixpath
from collections.abc import Iterable, Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.text import suggest

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
"""The draft that Helm validates. Source: helm v4 pkg/chart/common/util/jsonschema.go."""

KEPT = 64
"""Bundles in memory: most services have the same one, and each is wanted several times."""


def parse(text: bytes, where: str) -> dict[str, object]:
    """A schema's text as an object.

    Raises:
        WorkspaceError: it is not JSON, with line, or not an object.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise WorkspaceError(
            Problem(where=f"{where}:{error.lineno}", fact=f"is not JSON: {error.msg}", rule="schema.json")
        ) from error
    if not isinstance(data, dict):
        raise WorkspaceError(Problem(where=where, fact="is not a JSON object", rule="schema.json"))
    return data


def bundle(text: bytes, fragments: Mapping[str, bytes], where: str) -> dict[str, object]:
    """A schema with every fragment that it refers to under `definitions`; shared, so nobody changes it.

    Args:
        text: the chart's values.schema.json; its references name fragments by relative path.
        fragments: file name → content, of the library's schemas folder.
        where: the path that errors name.

    Raises:
        WorkspaceError: a text is not JSON, or a reference names no fragment.
    """
    try:
        return _kept(text, tuple(fragments.items()))
    except WorkspaceError:
        return _bundle(text, fragments, where)  # again, to say where


def bundle_text(text: bytes, fragments: Mapping[str, bytes], where: str) -> bytes:
    """The text of a bundle.

    Raises:
        WorkspaceError: see `bundle`.
    """
    bundle(text, fragments, where)
    return _kept_text(text, tuple(fragments.items()))


@functools.lru_cache(maxsize=KEPT)
def _kept(text: bytes, fragments: tuple[tuple[str, bytes], ...]) -> dict[str, object]:
    return _bundle(text, dict(fragments), "")


@functools.lru_cache(maxsize=KEPT)
def _kept_text(text: bytes, fragments: tuple[tuple[str, bytes], ...]) -> bytes:
    return to_json(_kept(text, fragments))


def _bundle(text: bytes, fragments: Mapping[str, bytes], where: str) -> dict[str, object]:
    root = parse(text, where)
    if isinstance(target := root.get("$ref"), str):
        _refuse_siblings(root, where)
        name = fragment_name(target)
        where = f"{where} → {name}"
        root = parse(_fragment(name, fragments, where, target), name)
    definitions: dict[str, object] = {}
    bundled = _inline(root, "", fragments, where, definitions)
    assert isinstance(bundled, dict)
    local = bundled.get("definitions")
    merged = {**(local if isinstance(local, dict) else {}), **definitions}
    return {**bundled, "$schema": DRAFT_07, **({"definitions": merged} if merged else {})}


def _refuse_siblings(root: Mapping[str, object], where: str) -> None:
    ignored = sorted(set(root) - {"$schema", "$ref", "$comment", "title", "description"})
    if ignored:
        raise WorkspaceError(
            Problem(
                where=where,
                fact=f"has {', '.join(map(repr, ignored))} beside $ref, where draft-07 ignores them",
                hint="write a closed root of its own, with references such as ../common/schemas/values.json#/properties/route",
                rule="schema.reference",
            )
        )


def fragment_name(reference: str) -> str:
    """File name of the fragment that a reference names."""
    return posixpath.basename(reference.partition("#")[0])


def _fragment(name: str, fragments: Mapping[str, bytes], where: str, reference: str) -> bytes:
    if name not in fragments:
        hint = suggest(name, fragments, otherwise="fragments:")
        raise WorkspaceError(
            Problem(where=where, fact=f"$ref {reference!r} names no fragment", hint=hint, rule="schema.reference")
        )
    return fragments[name]


def _inline(
    node: object, home: str, fragments: Mapping[str, bytes], where: str, definitions: dict[str, object]
) -> object:
    """Rewrite references below a node; `home` is the definition that the node belongs to, empty for the root."""
    if isinstance(node, list):
        return [_inline(item, home, fragments, where, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        return {"$ref": _resolve(reference, home, fragments, where, definitions)}
    return {key: _inline(value, home, fragments, where, definitions) for key, value in node.items()}


def _resolve(
    reference: str, home: str, fragments: Mapping[str, bytes], where: str, definitions: dict[str, object]
) -> str:
    path, _, pointer = reference.partition("#")
    if not path:
        return f"#/definitions/{home}{pointer}" if home else reference
    name = fragment_name(reference)
    key = name.removesuffix(".json")
    if key not in definitions:
        definitions[key] = None  # a fragment may refer to itself
        body = parse(_fragment(name, fragments, where, reference), name)
        inlined = _inline(body, key, fragments, name, definitions)
        assert isinstance(inlined, dict)
        definitions[key] = {k: v for k, v in inlined.items() if k not in {"$schema", "$id"}}
    return f"#/definitions/{key}{pointer}"


def umbrella_schema(members: Iterable[str], fragments: Mapping[str, bytes]) -> dict[str, object]:
    """The schema of an umbrella: `global` and one key for each member, closed.

    Helm checks each member's own schema as well; this one refuses what belongs to no member.
    """
    properties: dict[str, object] = {
        "common": {"type": "object", "description": "The library's defaults, put here by Helm."},
        **{name: {"type": "object", "description": f"Values of the member {name}."} for name in sorted(members)},
    }
    root = {
        "$schema": DRAFT_07,
        "type": "object",
        "additionalProperties": False,
        "properties": {"global": {"$ref": "global.json"}, **properties},
    }
    return bundle(json.dumps(root).encode(), fragments, "umbrella schema")


def to_json(schema: Mapping[str, object]) -> bytes:
    """Canonical text of a schema."""
    return (json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
