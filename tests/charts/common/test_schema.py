"""The schema is closed at every level, and safe below an umbrella."""

import json

import pytest

from slipway.build import schema
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

FRAGMENTS = sorted((ROOT / "charts/common/schemas").glob("*.json"))
OPEN = {
    "container.json#/lifecycle": "as in Kubernetes",
    "orderedContainer.json#/lifecycle": "as in Kubernetes",
    "pod.json#/dnsConfig": "as in Kubernetes",
    "pod.json#/affinity": "as in Kubernetes",
    "pod.json#/tolerations": "as in Kubernetes",
    "pod.json#/topologySpreadConstraints": "as in Kubernetes",
    "database.json#/spec": "fields of the operator's object",
    "values.json#/common": "the library's defaults, put there by helm",
    "values.json#/extraObjects": "objects that the vocabulary has no word for",
    "config.json#/files": "whatever the application reads",
    "dashboard.json#/widget/options": "each widget has fields of its own",
}
"""What takes any key, and why."""


def objects_of(node, place=""):
    """(place, schema) of everything that may be an object."""
    if isinstance(node, list):
        for item in node:
            yield from objects_of(item, place)
    elif isinstance(node, dict):
        kinds = node.get("type", ())
        if "object" in ([kinds] if isinstance(kinds, str) else kinds):
            yield place, node
        for key, value in node.items():
            if key == "properties":
                for name, item in value.items():
                    yield from objects_of(item, f"{place}/{name}")
            elif key not in {"if", "then", "not", "propertyNames"}:
                yield from objects_of(value, place)


def test_every_object_says_which_keys_it_takes():
    found = {
        f"{path.name}#{place}"
        for path in FRAGMENTS
        for place, node in objects_of(json.loads(path.read_text()))
        if "additionalProperties" not in node
    }

    assert found == set(OPEN)


def test_every_field_is_described():
    missing = []

    def walk(node, place):
        if isinstance(node, list):
            for item in node:
                walk(item, place)
        if not isinstance(node, dict):
            return
        for name, item in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            if "description" not in item and "$ref" not in item:
                missing.append(f"{place}/{name}")
            walk(item, f"{place}/{name}")
        for key, value in node.items():
            if key not in {"properties", "if", "then"}:
                walk(value, place)

    for path in FRAGMENTS:
        walk(json.loads(path.read_text()), path.name)
    assert missing == []


def test_every_fragment_is_a_schema():
    from jsonschema import Draft7Validator

    for path in FRAGMENTS:
        fragment = json.loads(path.read_text())
        assert fragment["$schema"] == schema.DRAFT_07
        Draft7Validator.check_schema(fragment)


def test_every_fragment_is_used():
    text = "".join(path.read_text() for path in FRAGMENTS)

    assert [path.name for path in FRAGMENTS if f'"{path.name}' not in text] == ["values.json"]


def test_a_bundle_refers_to_nothing_outside():
    fragments = {path.name: path.read_bytes() for path in FRAGMENTS}
    bundled = schema.to_json(schema.bundle(b'{"$ref": "../common/schemas/values.json"}', fragments, "demo")).decode()

    assert ".json" not in bundled
    assert "://" not in bundled.replace(schema.DRAFT_07, "")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("controler: {}", "additional properties 'controler' not allowed"),
        ("controllers: {demo: {replica: 2}}", "additional properties 'replica' not allowed"),
        ("controllers: {demo: {pod: {hostNetworking: true}}}", "additional properties 'hostNetworking' not allowed"),
        ("controllers: {demo: {containers: {app: {imag: {}}}}}", "additional properties 'imag' not allowed"),
        ("controllers: {demo: {containers: {app: {image: {tags: x}}}}}", "additional properties 'tags' not allowed"),
        (
            "controllers: {demo: {containers: {app: {securityContext: {capabilties: {}}}}}}",
            "additional properties 'capabilties' not allowed",
        ),
        (
            "controllers: {demo: {containers: {app: {probes: {liveness: {paths: /}}}}}}",
            "additional properties 'paths' not allowed",
        ),
        (
            "controllers: {demo: {containers: {app: {resources: {request: {}}}}}}",
            "additional properties 'request' not allowed",
        ),
        ("service: {demo: {port: 80}}", "additional properties 'port' not allowed"),
        ("route: {demo: {hosts: [x]}}", "additional properties 'hosts' not allowed"),
        ("persistence: {config: {type: emptyDir, siz: 1Gi}}", "additional properties 'siz' not allowed"),
        ("config: {main: {file: {}}}", "additional properties 'file' not allowed"),
        ("network: {egres: {}}", "additional properties 'egres' not allowed"),
        ("metrics: {demo: {port: http, intervall: 60s}}", "additional properties 'intervall' not allowed"),
        ("global: {domains: x}", "additional properties 'domains' not allowed"),
        ("global: {tls: {secret: x}}", "additional properties 'secret' not allowed"),
        ("dashboard: {name: a, group: b, title: c}", "additional properties 'title' not allowed"),
        ("secrets: {login: {keys: [a], purpose: x, value: hidden}}", "additional properties 'value' not allowed"),
    ],
)
def test_a_key_that_nobody_knows_is_refused(refuse, values, message):
    assert message in refuse(values)


@pytest.mark.parametrize(
    "values",
    [
        "controllers: {demo: {type: Deploymnt}}",
        "controllers: {demo: {replicas: -1}}",
        "controllers: {demo: {containers: {app: {image: {digest: 'sha256:abc'}}}}}",
        "controllers: {demo: {containers: {app: {image: {tag: ''}}}}}",
        "controllers: {demo: {containers: {app: {gpu: {vendor: matrox}}}}}",
        "controllers: {demo: {containers: {app: {resources: {limits: {memory: 600M!}}}}}}",
        "service: {demo: {ports: {http: {port: 70000}}}}",
        "route: {demo: {host: x, access: public}}",
        "persistence: {config: {mounts: {app: [{path: /x}]}}}",
        "persistence: {config: {type: hostPath}}",
        "persistence: {config: {type: emptyDir, mounts: {app: [{path: relative}]}}}",
        "persistence: {config: {type: emptyDir, defaultMode: 644}}",
        "global: {timezone: 'Europe Berlin'}",
        "global: {pods: {cidr: 10.42.0.0}}",
        "global: {user: {uid: 0}}",
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(refuse, values):
    assert "don't meet the specifications of the schema" in refuse(values)
