"""JSON schemas for editors: what `values/<env>/*.yaml` may have, with descriptions and the defaults that an override replaces. Pure.

A file of an environment overrides parts of what lies below it, so nothing is required in it, and null removes an entry.
Lint judges the merged values by the charts' own schemas; these refuse the same keys and types while somebody types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from slipway.build import schema, stage
from slipway.core.model import Chart, Workspace
from slipway.util.mapping import dig
from slipway.workspace.documents import chart_document
from slipway.workspace.values import library_of, members_in

FOLDER = "build/schemas"
"""Below the root; not in git, since it follows from the charts."""
COMPLETE = frozenset({"required", "minProperties", "minItems", "if", "then", "else", "not", "dependencies"})
"""Keywords that only complete values can meet."""
OWN = frozenset({"global", "common"})
"""Keys of a member that platform.yaml and the library set."""
LONGEST = 200
"""Characters of a default that an editor shows; longer ones are files."""

Schema = dict[str, object]


def of_environments(workspace: Workspace) -> dict[str, bytes]:
    """File name → schema: platform.json, and one for the file of each umbrella.

    Raises:
        WorkspaceError: a schema of the library or of a chart cannot be understood.
    """
    library = library_of(workspace)
    raw = {name: schema.parse(content, name) for name, content in stage.fragments(workspace).items()}
    fragments = {name: schema.to_json(overriding(described(content, raw))) for name, content in raw.items()}
    made: dict[str, bytes] = {}
    if library is not None and "global.json" in fragments:
        facts = dig(chart_document(library).mapping, "global")
        root = {"allOf": [{"$ref": "global.json"}], **defaults(facts)}
        made["platform.json"] = bundled(root, fragments, "platform")
    for umbrella in workspace.umbrellas:
        made[f"{umbrella.name}.json"] = bundled(of_umbrella(workspace, umbrella), fragments, str(umbrella.name))
    return made


def of_charts(workspace: Workspace) -> bytes:
    """The schema of a chart's values.yaml, in one file.

    Raises:
        WorkspaceError: it cannot be understood.
    """
    raw = {name: schema.parse(content, name) for name, content in stage.fragments(workspace).items()}
    fragments = {name: schema.to_json(described(content, raw)) for name, content in raw.items()}
    return schema.to_json(schema.bundle(fragments["values.json"], fragments, "values.json"))


def bundled(root: Mapping[str, object], fragments: Mapping[str, bytes], name: str) -> bytes:
    """A schema without references to other files."""
    return schema.to_json(schema.bundle(json.dumps(root).encode(), fragments, name))


def of_umbrella(workspace: Workspace, umbrella: Chart) -> Schema:
    """The members, and nothing else; each with the schema of its chart and its present values as defaults."""
    properties: Schema = {}
    for member in members_in(workspace, umbrella):
        own = member.chart.files.get("values.schema.json", b"{}")
        root = overriding(schema.parse(own, f"{member.chart.folder}/values.schema.json"))
        values = {key: value for key, value in member.values.items() if key not in OWN}
        properties[member.key] = {
            "description": str(member.chart.metadata.get("description", member.key)),
            "allOf": [{key: value for key, value in root.items() if key != "$schema"}],
            **defaults(values),
        }
    return {
        "type": ["object", "null"],
        "description": f"What differs in the namespace {umbrella.name}, by member.",
        "additionalProperties": False,
        "properties": properties,
    }


def defaults(value: object) -> Schema:
    """The keys and values that are there, for completion; whether a key is allowed is another schema's to say."""
    if isinstance(value, Mapping) and value:
        return {"properties": {str(key): defaults(item) for key, item in value.items()}}
    return {} if len(str(value)) > LONGEST else {"default": value}


def overriding(node: Mapping[str, object]) -> Schema:
    """A schema for a part of the values that it is for."""
    changed = dict(node)
    for key in COMPLETE & changed.keys():
        del changed[key]
    if isinstance(choices := changed.pop("oneOf", None), list):
        # Branches differ by what they require, which a part need not have; every branch takes null.
        others = [choice for choice in choices if choice != {"type": "null"}]
        changed["allOf" if len(others) == 1 else "anyOf"] = others
    if isinstance(kind := changed.get("type"), str | list):
        kinds = [kind] if isinstance(kind, str) else kind
        changed["type"] = [*kinds, *(["null"] if "null" not in kinds else [])]
    if isinstance(words := changed.get("enum"), list):
        changed["enum"] = [*words, *([None] if None not in words else [])]
    for key, value in changed.items():
        changed[key] = below(key, value)
    return changed


def below(keyword: str, value: object) -> object:
    """What stands under a keyword, where these are schemas."""
    if keyword in {"properties", "patternProperties", "definitions"} and isinstance(value, Mapping):
        return {name: overriding(each) if isinstance(each, Mapping) else each for name, each in value.items()}
    if keyword in {"allOf", "anyOf"} and isinstance(value, list):
        return [overriding(each) for each in value if isinstance(each, Mapping)]
    if keyword in {"items", "additionalProperties"} and isinstance(value, Mapping):
        return overriding(value)
    return value


def described(node: Mapping[str, object], fragments: Mapping[str, Mapping[str, object]]) -> Schema:
    """A schema with the words that stand beside a reference, which draft-07 ignores there: the fragment takes its place."""
    made = {key: described_below(value, fragments) for key, value in node.items()}
    if isinstance(target := made.get("$ref"), str) and "description" in made:
        named = fragments.get(schema.fragment_name(target), {})
        body = {key: value for key, value in named.items() if key != "$schema"}
        return {**(body or {"$ref": target}), "description": made["description"]}
    return made


def described_below(value: object, fragments: Mapping[str, Mapping[str, object]]) -> object:
    """The same at every depth."""
    if isinstance(value, Mapping):
        return described(value, fragments)
    return [described_below(item, fragments) for item in value] if isinstance(value, list) else value
