"""The schemas for editors: what is in values/ and in the charts is valid, a typo is not, and keys have words."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft7Validator

from slipway.build import editor_schemas
from slipway.core.model import ChartKind, Workspace
from slipway.util import yaml
from slipway.workspace.documents import chart_document
from testing.product import product


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return product()


@pytest.fixture(scope="module")
def schemas(workspace: Workspace) -> Mapping[str, Any]:
    return {name: json.loads(text) for name, text in editor_schemas.of_environments(workspace).items()}


def errors(schema: Any, values: object) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in Draft7Validator(schema).iter_errors(values)]


def test_every_file_of_an_environment_is_valid(workspace: Workspace, schemas: Mapping[str, Any]) -> None:
    assert set(schemas) == {"platform.json", *(f"{one.name}.json" for one in workspace.umbrellas)}
    for environment in workspace.environments.values():
        files = {"platform": environment.platform, **environment.namespaces}
        for name, file in files.items():
            Draft7Validator.check_schema(schemas[f"{name}.json"])
            assert errors(schemas[f"{name}.json"], dict(yaml.parse(file.text, file.path).mapping)) == []


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("platform", {"domian": "home.example.org"}, "'domian' was unexpected"),
        ("platform", {"lan": {"cdir": "10.0.0.0/8"}}, "'cdir' was unexpected"),
        ("platform", {"backup": {"enabled": "yes"}}, "'yes' is not of type 'boolean'"),
        ("platform", {"route": {"kind": "Gateway"}}, "'Gateway' is not one of"),
        ("htpc", {"sonar": {"enabled": False}}, "'sonar' was unexpected"),
        ("htpc", {"sonarr": {"controllers": {"sonarr": {"replica": 2}}}}, "'replica' was unexpected"),
        ("htpc", {"sonarr": {"controllers": {"sonarr": {"containers": {"app": {"imgae": {}}}}}}}, "'imgae' was unexpected"),
        ("utils", {"immich-postgres": {"databases": {"postgres": {"sizes": "5Gi"}}}}, "'sizes' was unexpected"),
    ],
)  # fmt: skip
def test_a_typo_is_refused_at_any_depth(schemas: Mapping[str, Any], name: str, values: object, told: str) -> None:
    assert [error for error in errors(schemas[f"{name}.json"], values) if told in error]


@pytest.mark.parametrize(
    "values",
    [
        {"sonarr": {"controllers": {"sonarr": None}}},
        {"sonarr": {"controllers": {"sonarr": {"containers": {"app": {"env": {"TZ": None}, "probes": {"liveness": None}}}}}}},
        {"sonarr": {"persistence": {"config": {"storageClass": "local-path-disk2"}}}},
        {"qbittorrent": {"secrets": {"vpn": {"purpose": "another"}}}},
        {},
    ],
)  # fmt: skip
def test_a_part_of_the_values_and_a_null_are_allowed(schemas: Mapping[str, Any], values: object) -> None:
    assert errors(schemas["htpc.json"], values) == []


def test_a_fact_has_a_description_and_its_default(schemas: Mapping[str, Any]) -> None:
    platform = schemas["platform.json"]
    described = platform["definitions"]["global"]["properties"]

    assert described["addressPool"]["description"] == "Addresses that MetalLB assigns."
    assert platform["properties"]["lan"]["properties"]["cidr"] == {"default": "192.168.1.0/24"}


def test_a_member_has_the_values_of_its_chart_as_defaults(workspace: Workspace, schemas: Mapping[str, Any]) -> None:
    sonarr = schemas["htpc.json"]["properties"]["sonarr"]
    chart = next(chart for chart in workspace.of_kind(ChartKind.SERVICE) if chart.name == "sonarr")
    size = chart_document(chart).mapping["persistence"]["config"]["size"]  # type: ignore[index]

    assert sonarr["description"] == chart.metadata["description"]
    assert sonarr["properties"]["persistence"]["properties"]["config"]["properties"]["size"] == {"default": size}


def test_the_values_of_every_chart_are_valid_and_a_typo_in_them_is_not(workspace: Workspace) -> None:
    schema = json.loads(editor_schemas.of_charts(workspace))

    for chart in workspace.of_kind(ChartKind.SERVICE):
        assert errors(schema, json.loads(json.dumps(chart_document(chart).mapping))) == []
    assert errors(schema, {"persistance": {}}) != []
