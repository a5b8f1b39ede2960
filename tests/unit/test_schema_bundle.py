"""Schemas are composed from fragments, and no reference leaves the bundle."""

import json

import pytest
from jsonschema import Draft7Validator

from slipway.build import schema
from slipway.core.errors import WorkspaceError
from testing.workspaces import ROOT

FRAGMENTS = {
    "values.json": b'{"type": "object", "additionalProperties": false, "properties": {"pod": {"$ref": "pod.json"}}}',
    "pod.json": b'{"type": "object", "additionalProperties": false, "properties": {"name": {"$ref": "#/definitions/word"}},'
    b' "definitions": {"word": {"type": "string"}}}',
    "global.json": b'{"type": "object", "additionalProperties": false, "properties": {"domain": {"type": "string"}}}',
    "tree.json": b'{"type": "object", "properties": {"child": {"$ref": "tree.json"}}}',
}
LIBRARY = {path.name: path.read_bytes() for path in sorted((ROOT / "charts/common/schemas").glob("*.json"))}


def bundled(root, fragments=FRAGMENTS):
    return schema.bundle(json.dumps(root).encode(), fragments, "charts/demo/values.schema.json")


def references(node):
    if isinstance(node, dict):
        return {*([node["$ref"]] if "$ref" in node else []), *(r for child in node.values() for r in references(child))}
    if isinstance(node, list):
        return {reference for child in node for reference in references(child)}
    return set()


def errors(made, values):
    return [error.message for error in Draft7Validator(made).iter_errors(values)]


def test_a_root_that_is_a_reference_becomes_its_fragment():
    made = bundled({"$ref": "../common/schemas/values.json"})

    assert (made["$schema"], made["type"], made["additionalProperties"]) == (schema.DRAFT_07, "object", False)


def test_fragments_become_definitions_of_the_bundle():
    made = bundled({"$ref": "../common/schemas/values.json"})

    assert made["properties"]["pod"] == {"$ref": "#/definitions/pod"}
    assert errors(made, {"pod": {"name": "a"}}) == []
    assert errors(made, {"pod": {"name": 1}}) == ["1 is not of type 'string'"]


def test_a_definition_of_a_fragment_moves_with_it():
    made = bundled({"$ref": "values.json"})

    assert made["definitions"]["pod"]["properties"]["name"] == {"$ref": "#/definitions/pod/definitions/word"}


def test_a_fragment_may_refer_to_itself():
    made = bundled({"$ref": "tree.json"})

    assert errors(made, {"child": {"child": {"child": 1}}}) == ["1 is not of type 'object'"]


def test_a_chart_may_list_its_own_keys_and_lead_to_those_of_the_library():
    root = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"pod": {"$ref": "../common/schemas/values.json#/properties/pod"}, "own": {"type": "boolean"}},
    }
    made = bundled(root)

    assert errors(made, {"pod": {"name": "a"}, "own": True}) == []
    assert len(errors(made, {"pod": {"other": 1}})) == 1
    assert len(errors(made, {"unknown": 1})) == 1


def test_a_reference_to_no_fragment_names_the_nearest():
    with pytest.raises(WorkspaceError) as caught:
        bundled({"properties": {"pod": {"$ref": "../common/schemas/prod.json"}}})

    assert str(caught.value) == (
        "charts/demo/values.schema.json: $ref '../common/schemas/prod.json' names no fragment\n"
        "    hint: did you mean 'pod.json'?"
    )


def test_text_that_is_not_json_is_reported_with_its_line():
    with pytest.raises(WorkspaceError, match=r"values.schema.json:2: is not JSON"):
        schema.bundle(b'{\n"a": }', FRAGMENTS, "charts/demo/values.schema.json")


def test_the_schema_of_an_umbrella_admits_its_members_and_nothing_else():
    made = schema.umbrella_schema({"demo": {}}, FRAGMENTS)

    assert errors(made, {"global": {"domain": "a.test"}, "demo": {}}) == []
    assert len(errors(made, {"other": {}})) == 1
    assert len(errors(made, {"global": {"other": 1}})) == 1


def test_the_text_of_a_schema_does_not_depend_on_the_order_of_its_keys():
    assert schema.to_json({"b": 1, "a": 2}) == schema.to_json({"a": 2, "b": 1}) == b'{\n "a": 2,\n "b": 1\n}\n'


def test_the_librarys_own_schema_is_a_draft_07_schema_that_refers_only_to_itself():
    made = bundled({"$ref": "values.json"}, LIBRARY)

    Draft7Validator.check_schema(made)
    assert {reference for reference in references(made) if not reference.startswith("#/definitions/")} == set()


def test_every_fragment_of_the_library_is_used():
    made = bundled({"$ref": "values.json"}, LIBRARY)

    assert set(made["definitions"]) == {name.removesuffix(".json") for name in LIBRARY} - {"values"}


def test_every_key_of_the_library_is_described():
    def bare(node, path=""):
        if isinstance(node, list):
            return [found for index, item in enumerate(node) for found in bare(item, f"{path}/{index}")]
        if not isinstance(node, dict):
            return []
        # A condition repeats keys that are described where they are declared.
        keys = node.get("properties", {}) if not {"if", "then"} & set(path.split("/")) else {}
        found = [f"{path}/{key}" for key, item in keys.items() if not item.get("description") and "$ref" not in item]
        return found + [more for key, item in node.items() for more in bare(item, f"{path}/{key}")]

    assert [found for name, text in LIBRARY.items() for found in bare(json.loads(text), name)] == []


def test_keys_beside_a_root_reference_are_refused_because_they_would_be_ignored() -> None:
    text = b'{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "values.json", "required": ["route"]}'

    with pytest.raises(WorkspaceError) as error:
        schema.bundle(text, {"values.json": b'{"type": "object"}'}, "charts/app/values.schema.json")

    assert str(error.value).splitlines()[0] == (
        "charts/app/values.schema.json: has 'required' beside $ref, where draft-07 ignores them"
    )
