"""What a change is worth: a table of changes with their levels and sentences, and what holds for every change."""

import json
from collections.abc import Callable, Collection, Mapping
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.model import CHANGES, INPUT_DIGEST, ChartKind
from slipway.util import yaml
from slipway.versioning.evidence import DEFAULTS, Snapshot, compare
from slipway.versioning.evidence.objects import compare_objects, parse_image, size_bytes
from slipway.versioning.evidence.schema import compare_schemas
from slipway.versioning.levels import Image, Level, app_level, numbers, required_level

VALUES = """\
controllers:
  sonarr:
    replicas: 1
    containers:
      app:
        image: {repository: ghcr.io/x/sonarr, tag: 4.0.1}
        env: {TZ: UTC}
        args: [a, b]
service: {http: {port: 8989}}
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: sonarr, labels: {helm.sh/chart: sonarr-1.0.0, app.kubernetes.io/version: 4.0.1}}
spec:
  replicas: 1
  selector: {matchLabels: {app: sonarr}}
  template:
    metadata: {labels: {app: sonarr}}
    spec:
      containers:
        - {name: app, image: "ghcr.io/x/sonarr:4.0.1@sha256:aa", env: [{name: TZ, value: UTC}]}
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: sonarr}
spec: {selector: {app: sonarr}, ports: [{port: 8989}]}
"""

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: sonarr-config}
spec: {accessModes: [ReadWriteOnce], storageClassName: local, resources: {requests: {storage: 5Gi}}}
"""

STATEFUL = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
spec:
  serviceName: postgres
  replicas: 1
  selector: {matchLabels: {app: postgres}}
  template: {spec: {containers: [{name: db, image: "postgres:16.1"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: {storage: 1Gi}}}}]
"""

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate-0a1b2c3d}
spec: {template: {spec: {containers: [{name: app, image: "x/y:1"}]}}}
"""

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {scope: Namespaced, group: example.org, versions: [{name: v1, served: true}, {name: v1beta1, served: true}]}
"""

IMMUTABLE_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: fixed}
immutable: true
data: {a: b}
"""

OBJECTS = f"{DEPLOYMENT}---\n{SERVICE}---\n{CLAIM}---\n{STATEFUL}---\n{JOB}---\n{CRD}---\n{IMMUTABLE_MAP}"

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["controllers"],
    "properties": {
        "controllers": {"type": "object", "additionalProperties": {"$ref": "#/definitions/controller"}},
        "service": {"type": ["object", "null"]},
        "mode": {"enum": ["a", "b"]},
    },
    "definitions": {
        "controller": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "replicas": {"type": "integer", "minimum": 0, "maximum": 9},
                "containers": {"type": "object"},
                "size": {"oneOf": [{"type": "string", "pattern": "^[0-9]+$"}, {"type": "null"}]},
                "list": {"type": "array", "items": {"type": "string", "maxLength": 9}},
            },
        }
    },
}

METADATA: dict[str, object] = {
    "apiVersion": "v2",
    "name": "sonarr",
    "version": "1.0.0",
    "appVersion": "4.0.1",
    "dependencies": [{"name": "common", "version": "1.0.0", "repository": "oci://x"}],
}


@cache
def loaded(objects: str) -> tuple[object, ...]:
    return tuple(yaml.load_all(objects))


def snapshot(
    values: str = VALUES,
    objects: str = OBJECTS,
    schema: object = SCHEMA,
    kind: ChartKind = ChartKind.SERVICE,
    files: Mapping[str, bytes] | None = None,
    vendored: Mapping[str, bytes] | None = None,
    **metadata: object,
) -> Snapshot:
    more = {"templates/all.yaml": b"{{ include }}", **(files or {})}
    return Snapshot(
        kind=kind,
        metadata={**METADATA, **metadata},
        files={"values.yaml": values.encode(), "values.schema.json": json.dumps(schema).encode(), **more},
        vendored=vendored or {"common-1.0.0.tgz": b"1"},
        renders={DEFAULTS: loaded(objects)},
    )


def value(old: str, new: str) -> Callable[[], Snapshot]:
    assert old in VALUES
    return lambda: snapshot(values=VALUES.replace(old, new))


def rendered(old: str, new: str) -> Callable[[], Snapshot]:
    assert old in OBJECTS, old
    return lambda: snapshot(values=VALUES + "# touched\n", objects=OBJECTS.replace(old, new))


def schema(path: str, new: object) -> Callable[[], Snapshot]:
    changed = json.loads(json.dumps(SCHEMA))
    node = changed
    *parents, last = path.split("/")
    for key in parents:
        node = node[int(key)] if isinstance(node, list) else node[key]
    if new is None:
        del node[last]
    else:
        node[last] = new
    return lambda: snapshot(schema=changed)


def chart(**metadata: object) -> Callable[[], Snapshot]:
    return lambda: snapshot(**metadata)


CONTROLLER = "definitions/controller/properties"

TABLE: list[tuple[str, Callable[[], Snapshot], str]] = [
    # The application
    ("major", chart(appVersion="5.0.0"), "application version 4.0.1 → 5.0.0"),
    ("minor", chart(appVersion="4.1.0"), "application version 4.0.1 → 4.1.0"),
    ("patch", chart(appVersion="4.0.2"), "application version 4.0.1 → 4.0.2"),
    ("major", chart(appVersion="3.9"), "application version 4.0.1 → 3.9"),
    ("patch", chart(appVersion="nightly"), "application version 4.0.1 → nightly"),
    ("patch", chart(description="x"), "Chart.yaml: description changed"),
    ("patch", chart(annotations={"a": "b"}), "Chart.yaml: annotation a changed"),
    # Values
    ("major", value("    replicas: 1\n", ""), "value `controllers.sonarr.replicas` removed"),
    ("major", value("service: {http: {port: 8989}}\n", ""), "value `service` removed"),
    ("major", value("replicas: 1", 'replicas: "1"'), "value `controllers.sonarr.replicas` changed its type: number → string"),
    ("major", value("TZ: UTC", "TZ: {secret: x}"), "value `controllers.sonarr.containers.app.env.TZ` changed its type: string → object"),
    ("major", value("args: [a, b]", "args: a"), "value `controllers.sonarr.containers.app.args` changed its type: array → string"),
    ("minor", value("service:", "metrics: {a: {b: 1}}\nservice:"), "value `metrics` added"),
    ("minor", value("{TZ: UTC}", "{TZ: UTC, A.B: c}"), 'value `controllers.sonarr.containers.app.env."A.B"` added'),
    ("patch", value("replicas: 1", "replicas: 2"), "default of `controllers.sonarr.replicas`: 1 → 2"),
    ("patch", value("[a, b]", "[a]"), "default of `controllers.sonarr.containers.app.args`: a, b → a"),
    ("patch", value("service:", "# why\nservice:"), "values.yaml: comments"),
    # The schema
    ("major", schema(f"{CONTROLLER}/replicas", None), "value `controllers.*.replicas` removed"),
    ("major", schema(f"{CONTROLLER}/replicas/type", "string"), "value `controllers.*.replicas`: no longer integer"),
    ("minor", schema(f"{CONTROLLER}/replicas/type", "number"), "value `controllers.*.replicas`: may be number"),
    ("major", schema(f"{CONTROLLER}/replicas/maximum", 5), "value `controllers.*.replicas`: maximum 9 → 5"),
    ("minor", schema(f"{CONTROLLER}/replicas/maximum", 50), "value `controllers.*.replicas`: maximum 9 → 50"),
    ("minor", schema(f"{CONTROLLER}/replicas/minimum", None), "value `controllers.*.replicas`: minimum 0 → none"),
    ("major", schema("required", ["controllers", "mode"]), "value `mode`: is required now"),
    ("minor", schema("required", []), "value `controllers`: is no longer required"),
    ("major", schema("properties/mode/enum", ["a"]), "value `mode`: may no longer be b"),
    ("minor", schema("properties/mode/enum", ["a", "b", "c"]), "value `mode`: may be c"),
    ("minor", schema("properties/mode", {"type": "string"}), "value `mode`: may be any value"),
    ("major", schema("properties/service/type", "object"), "value `service`: no longer null"),
    ("minor", schema("properties/new", {"type": "string"}), "value `new` added"),
    ("major", schema("definitions/controller/required", ["replicas"]), "value `controllers.*.replicas`: is required now"),
    ("major", schema(f"{CONTROLLER}/containers/additionalProperties", False), "value `controllers.*.containers`: accepts no other keys now"),
    ("minor", schema("additionalProperties", True), "values: accepts other keys"),
    ("major", schema(f"{CONTROLLER}/size/oneOf/0/pattern", "^[1-9]+$"), "value `controllers.*.size`: has another pattern"),
    ("major", schema(f"{CONTROLLER}/size/oneOf", [{"type": "null"}]), "value `controllers.*.size`: oneOf allows less, or something else"),
    ("major", schema(f"{CONTROLLER}/list/items/maxLength", 3), "value `controllers.*.list.[]`: maxLength 9 → 3"),
    ("major", schema(f"{CONTROLLER}/list/uniqueItems", True), "value `controllers.*.list`: has a uniqueItems now"),
    # Objects
    ("major", rendered("matchLabels: {app: sonarr}", "matchLabels: {app: other}"), "Deployment sonarr: `spec.selector` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("serviceName: postgres", "serviceName: db"), "StatefulSet postgres: `spec.serviceName` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("storage: 1Gi", "storage: 2Gi"), "StatefulSet postgres: `spec.volumeClaimTemplates` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("ports: [{port: 8989}]", "ports: [{port: 8989}], clusterIP: None"), "Service sonarr: `spec.clusterIP` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("storageClassName: local", "storageClassName: nfs"), "PersistentVolumeClaim sonarr-config: `spec.storageClassName` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("[ReadWriteOnce]", "[ReadWriteMany]"), "PersistentVolumeClaim sonarr-config: `spec.accessModes` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered("storage: 5Gi", "storage: 500Mi"), "PersistentVolumeClaim sonarr-config: 5Gi → 500Mi, which Kubernetes refuses; make a new claim"),
    ("patch", rendered("storage: 5Gi", "storage: 10Gi"), "PersistentVolumeClaim sonarr-config: 5Gi → 10Gi"),
    ("patch", rendered("storage: 5Gi", "storage: 5242880Ki"), "PersistentVolumeClaim sonarr-config: 5Gi → 5242880Ki"),
    ("major", rendered("storage: 5Gi", "storage: 5242879Ki"), "PersistentVolumeClaim sonarr-config: 5Gi → 5242879Ki, which Kubernetes refuses; make a new claim"),
    ("major", rendered("storage: 5Gi", "storage: '5e9'"), "PersistentVolumeClaim sonarr-config: 5Gi → 5e9, which Kubernetes refuses; make a new claim"),
    ("patch", rendered("storage: 5Gi", "storage: '6e9'"), "PersistentVolumeClaim sonarr-config: 5Gi → 6e9"),
    ("major", rendered("x/y:1", "x/z:1"), "Job migrate-0a1b2c3d: `spec.template` changes in a way that Kubernetes refuses; delete it first"),
    ("patch", rendered(JOB, JOB.replace("0a1b2c3d", "99999999").replace("}]}}}", ", args: [x]}]}}}")), "Job migrate: runs again"),
    ("major", rendered("data: {a: b}", "data: {a: c}"), "ConfigMap fixed: `data` changes in a way that Kubernetes refuses; delete it first"),
    ("major", rendered(", {name: v1beta1, served: true}", ""), "CustomResourceDefinition things.example.org: version v1beta1 is no longer served"),
    ("major", rendered(f"---\n{CLAIM}", ""), "PersistentVolumeClaim sonarr-config removed, with the data that it holds"),
    ("major", rendered(f"---\n{STATEFUL}", ""), "StatefulSet postgres removed, with the data that it holds"),
    ("minor", rendered(f"---\n{SERVICE}", ""), "Service sonarr removed"),
    ("minor", rendered(f"---\n{SERVICE}", f"---\n{SERVICE}---\n{SERVICE.replace('name: sonarr', 'name: extra')}"), "Service extra added"),
    ("major", rendered("sonarr:4.0.1@sha256:aa", "sonarr:5.0.0@sha256:bb"), "Deployment sonarr: image 4.0.1 → 5.0.0"),
    ("patch", rendered("sonarr:4.0.1@sha256:aa", "sonarr:4.1.0@sha256:bb"), "Deployment sonarr: image 4.0.1 → 4.1.0"),
    ("patch", rendered("@sha256:aa", "@sha256:bb"), "Deployment sonarr: image 4.0.1 has another digest"),
    ("patch", rendered("ghcr.io/x/sonarr:4.0.1", "ghcr.io/y/sonarr:4.0.1"), "Deployment sonarr: image ghcr.io/x/sonarr:4.0.1 → ghcr.io/y/sonarr:4.0.1"),
    ("patch", rendered("value: UTC", "value: CET"), "Deployment sonarr: pods restart (`spec.template.spec.containers.app.env.TZ.value`)"),
    ("patch", rendered("ports: [{port: 8989}]", "ports: [{port: 80}]"), "Service sonarr: changed (`spec.ports.0.port`)"),
    # Files
    ("patch", lambda: snapshot(files={"templates/all.yaml": b"other"}), "templates/all.yaml changed"),
    ("patch", lambda: snapshot(files={"files/new.txt": b"x"}), "files/new.txt added"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "change", "sentence"), TABLE, ids=[f"{level}: {message}" for level, _, message in TABLE]
)
def test_a_change_has_its_level_and_its_sentence(level: str, change: Callable[[], Snapshot], sentence: str) -> None:
    found = compare(snapshot(), change())

    assert required_level(found) is Level(level)
    assert sentence in [item.description for item in found if item.level is Level(level)]


def test_the_same_content_gives_no_evidence_whatever_its_version() -> None:
    noise = OBJECTS.replace("sonarr-1.0.0", "sonarr-9.9.9")
    own = {INPUT_DIGEST: "sha256:1", CHANGES: "- kind: added"}

    assert compare(snapshot(), snapshot(objects=noise, version="9.9.9", annotations=own)) == ()


def test_several_objects_are_described_in_one_sentence() -> None:
    more = "".join(f"---\n{SERVICE.replace('name: sonarr', f'name: s{index}')}" for index in range(8))

    found = compare(snapshot(), snapshot(values=VALUES + "#\n", objects=OBJECTS + more))

    assert [item.description for item in found] == [
        "8 objects added: Service s0, Service s1, Service s2, Service s3, Service s4, Service s5 and 2 more"
    ]


def test_the_same_change_of_many_objects_is_one_sentence() -> None:
    def many(zone: str) -> str:
        return "---\n".join(DEPLOYMENT.replace("name: sonarr", f"name: s{n}").replace("UTC", zone) for n in range(8))

    found = compare(snapshot(objects=many("UTC")), snapshot(values=VALUES + "#\n", objects=many("CET")))

    assert [item.description for item in found] == [
        "8 Deployments (s0, s1, s2, s3, s4, s5 and 2 more): pods restart (`spec.template.spec.containers.app.env.TZ.value`)"
    ]


def test_an_image_is_described_by_the_object_and_not_again_by_the_value() -> None:
    new = snapshot(values=VALUES.replace("4.0.1", "4.0.2"), objects=OBJECTS.replace("4.0.1@", "4.0.2@"))

    assert [item.description for item in compare(snapshot(), new)] == ["Deployment sonarr: image 4.0.1 → 4.0.2"]


WORKLOADS = ("web", "worker", "cron")


def workloads(tags: Mapping[str, str], on: Collection[str], repository: str = "ghcr.io/x/{}") -> Snapshot:
    """A chart of three workloads, each with an image, of which some are rendered."""
    images = {name: {"repository": repository.format(name), "tag": tags[name]} for name in WORKLOADS}
    values = {
        "controllers": {
            name: {"enabled": name in on, "containers": {"app": {"image": images[name]}}} for name in WORKLOADS
        }
    }
    objects = [
        DEPLOYMENT.replace("sonarr", f"shop-{name}")
        .replace("ghcr.io/x/shop-", "ghcr.io/x/")
        .replace(f"ghcr.io/x/{name}:4.0.1@sha256:aa", f"{images[name]['repository']}:{tags[name]}")
        for name in sorted(on)
    ]
    return snapshot(values=json.dumps(values), objects="---\n".join(objects))


@given(
    changed=st.sets(st.sampled_from(WORKLOADS)),
    on=st.sets(st.sampled_from(WORKLOADS)),
    repository=st.sampled_from(["ghcr.io/x/{}", "ghcr.io/x/same"]),
)
def test_every_image_that_changes_is_reported_once_whether_its_workload_is_rendered_or_not(
    changed: set[str], on: set[str], repository: str
) -> None:
    before = dict.fromkeys(WORKLOADS, "1.0")
    after = before | dict.fromkeys(changed, "1.1")
    found = compare(workloads(before, on, repository), workloads(after, on, repository))

    rendered = sorted(f"shop-{name}" for name in changed & on)
    one_line = [f"3 Deployments ({', '.join(rendered)}): image 1.0 → 1.1"]
    lines = one_line if len(rendered) == 3 else [f"Deployment {name}: image 1.0 → 1.1" for name in rendered]
    lines += [f"default of `controllers.{name}.containers.app.image.tag`: 1.0 → 1.1" for name in changed - on]
    assert sorted(item.description for item in found) == sorted(lines)


def test_an_image_that_two_containers_of_a_pod_change_differently_is_reported_for_both() -> None:
    image = {"repository": "ghcr.io/x/sonarr", "tag": "4.0.1"}
    values = {"controllers": {"sonarr": {"containers": {"app": {"image": image}}, "init": {"copy": {"image": image}}}}}
    changed = json.dumps(values).replace("4.0.1", "4.0.2")
    new = snapshot(values=changed, objects=OBJECTS.replace("4.0.1@", "4.0.2@"))

    assert [item.description for item in compare(snapshot(values=json.dumps(values)), new)] == [
        "default of `controllers.sonarr.init.copy.image.tag`: 4.0.1 → 4.0.2",
        "Deployment sonarr: image 4.0.1 → 4.0.2",
    ]


def moved(**changes: object) -> Snapshot:
    dependencies = [{"name": "common", "version": "2.0.0"}]
    return snapshot(vendored={"common-2.0.0.tgz": b"2"}, dependencies=dependencies, **changes)


@pytest.mark.parametrize(
    ("tag", "level"), [("19.0-standard-trixie", Level.MAJOR), ("18.7-standard-trixie", Level.PATCH)]
)
def test_a_major_version_of_postgresql_does_not_hide_in_values(tag: str, level: Level) -> None:
    def cluster(image: str) -> dict[str, object]:
        meta = {"name": "web-postgres"}
        return {
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": meta,
            "spec": {"imageName": image},
        }

    (found,) = compare_objects(
        [cluster("x/postgresql:18.6-standard-trixie@sha256:aa")], [cluster(f"x/postgresql:{tag}@sha256:bb")]
    )

    assert found.level is level
    assert found.description == f"Cluster web-postgres: image 18.6-standard-trixie → {tag}"


def test_a_library_that_renders_the_same_bytes_is_a_patch() -> None:
    narrower = json.loads(json.dumps(SCHEMA))
    del narrower["properties"]["mode"]
    narrower["properties"]["other"] = {"type": "string"}

    found = compare(snapshot(), moved(schema=narrower))

    assert [(str(item.level), item.description, item.via) for item in found] == [
        ("patch", "dependency common 1.0.0 → 2.0.0", "common")
    ]


def test_a_library_that_takes_away_a_value_which_the_chart_sets_is_major() -> None:
    narrower = json.loads(json.dumps(SCHEMA))
    del narrower["definitions"]["controller"]["properties"]["replicas"]

    found = compare(snapshot(), moved(schema=narrower))

    assert found[0].description == "value `controllers.*.replicas` removed"
    assert (found[0].level, found[0].via) == (Level.MAJOR, "common")


def test_a_library_that_changes_a_selector_is_major_for_the_chart() -> None:
    new = moved(objects=OBJECTS.replace("matchLabels: {app: sonarr}", "matchLabels: {app: x}"))

    found = compare(snapshot(), new)

    assert required_level(found) is Level.MAJOR
    assert {item.via for item in found} == {"common"}


def umbrella(members: Mapping[str, str], values: str, objects: str = DEPLOYMENT, **files: str) -> Snapshot:
    return snapshot(
        kind=ChartKind.UMBRELLA,
        values=values,
        objects=objects,
        files={f"values-{name}.yaml": text.encode() for name, text in files.items()},
        vendored={name: version.encode() for name, version in members.items()},
        dependencies=[{"name": name, "version": version} for name, version in members.items()],
    )


def test_a_member_whose_major_does_not_reach_the_umbrella_is_a_patch() -> None:
    old, new = (umbrella({"sonarr": version}, "sonarr: {enabled: true}\n") for version in ("1.0.0", "2.0.0"))

    found = compare(old, new)

    assert [(str(item.level), item.description) for item in found] == [("patch", "member sonarr 1.0.0 → 2.0.0")]


def test_a_member_that_is_removed_is_major_and_one_that_is_added_is_minor() -> None:
    one = umbrella({"sonarr": "1.0.0"}, "sonarr: {enabled: true}\n")
    two = umbrella({"radarr": "1.0.0", "sonarr": "1.0.0"}, "radarr: {enabled: true}\nsonarr: {enabled: true}\n")

    added, removed = compare(one, two), compare(two, one)

    assert (required_level(added), required_level(removed)) == (Level.MINOR, Level.MAJOR)
    assert "member radarr 1.0.0 added" in [item.description for item in added]
    assert "member radarr removed" in [item.description for item in removed]


def aliased(*aliases: str) -> Snapshot:
    """An umbrella that has one chart under several names."""
    entries = [{"name": "postgres", "version": "1.0.0", "alias": alias} for alias in aliases]
    return snapshot(kind=ChartKind.UMBRELLA, values="", vendored={"postgres": b"1.0.0"}, dependencies=entries)


def test_a_member_is_known_by_its_alias() -> None:
    one, two = aliased("nextcloud-postgres"), aliased("nextcloud-postgres", "tandoor-postgres")

    added, removed = compare(one, two), compare(two, one)

    assert (required_level(added), required_level(removed)) == (Level.MINOR, Level.MAJOR)
    assert "member tandoor-postgres 1.0.0 added" in [item.description for item in added]
    assert "member tandoor-postgres removed" in [item.description for item in removed]


def test_a_chart_that_moves_moves_under_every_alias() -> None:
    two = aliased("nextcloud-postgres", "tandoor-postgres")

    found = compare(two, two, {"postgres": "1.0.1"})

    assert [item.description for item in found] == [
        "member nextcloud-postgres 1.0.0 → 1.0.1",
        "member tandoor-postgres 1.0.0 → 1.0.1",
    ]


def test_the_future_version_of_a_dependency_is_reported() -> None:
    old = umbrella({"sonarr": "1.0.0"}, "")
    new = umbrella({"sonarr": "1.0.0"}, "", objects=DEPLOYMENT.replace("UTC", "CET"))

    found = compare(old, new, {"sonarr": "1.0.1"})

    assert [item.description for item in found] == [
        "member sonarr 1.0.0 → 1.0.1",
        "Deployment sonarr: pods restart (`spec.template.spec.containers.app.env.TZ.value`)",
    ]
    assert {item.via for item in found} == {"sonarr"}


def test_an_environments_values_are_settings_and_so_a_patch() -> None:
    old = umbrella({}, "", staging="a: {b: 1, c: x}\n")
    new = umbrella({}, "", staging="a: {b: 2}\nd: yes\n")

    found = compare(old, new)

    assert [(str(item.level), item.description) for item in found] == [
        ("patch", "staging: `a.b` 1 → 2"),
        ("patch", "staging: `a.c` x → not set"),
        ("patch", "staging: `d` not set → true"),
    ]


def test_a_field_that_only_an_environment_changes_counts_and_names_it() -> None:
    def with_class(name: str) -> Snapshot:
        base = umbrella({}, "", staging=f"class: {name}\n")
        objects = tuple(yaml.load_all(CLAIM.replace("local", name)))
        renders = {**base.renders, "staging": objects}
        return Snapshot(kind=base.kind, metadata=base.metadata, files=base.files, renders=renders)

    found = compare(with_class("local"), with_class("nfs"))

    assert found[0].level is Level.MAJOR
    assert found[0].description.startswith("staging: PersistentVolumeClaim sonarr-config: `spec.storageClassName`")


def test_a_librarys_level_comes_from_its_fragments_and_its_description_from_its_templates() -> None:
    def library(fragment: object, template: bytes) -> Snapshot:
        root = {"type": "object", "properties": {"pod": {"$ref": "pod.json"}}}
        schemas = {"schemas/values.json": json.dumps(root).encode(), "schemas/pod.json": json.dumps(fragment).encode()}
        files = {"values.yaml": b"{}", "templates/_pod.tpl": template, **schemas}
        return Snapshot(kind=ChartKind.LIBRARY, metadata={"name": "common"}, files=files)

    closed = {"type": "object", "additionalProperties": False, "properties": {"dns": {"type": "string"}}}
    wider = {**closed, "properties": {"dns": {"type": "string"}, "host": {"type": "string"}}}

    found = compare(library(closed, b"1"), library(wider, b"2"))

    assert [(str(item.level), item.description) for item in found] == [
        ("minor", "value `pod.host` added"),
        ("patch", "templates/_pod.tpl changed"),
    ]
    assert required_level(compare(library(wider, b"1"), library(closed, b"1"))) is Level.MAJOR


def test_an_archive_becomes_a_snapshot_without_what_is_vendored() -> None:
    members = {
        "sonarr/Chart.yaml": b"name: sonarr\ndependencies: [{name: common, version: 1.0.0}]\n",
        "sonarr/Chart.lock": b"x",
        "sonarr/values.yaml": b"a: 1\n",
        "sonarr/charts/common-1.0.0.tgz": b"z",
    }

    made = Snapshot.of(ChartKind.SERVICE, members)

    assert set(made.files) == {"values.yaml"}
    assert (dict(made.vendored), made.dependencies) == ({"common-1.0.0.tgz": b"z"}, {"common": "1.0.0"})
    assert made.values() == {"a": 1}


def test_a_schema_that_contains_itself_ends() -> None:
    def tree(leaf: object) -> dict[str, object]:
        return {"type": "object", "properties": {"leaf": leaf, "child": {"$ref": "#"}}}

    found = list(compare_schemas({"s": tree({"type": "string"})}, {"s": tree({"type": "integer"})}, "s"))

    assert [(change.path, change.fact) for change in found] == [(("leaf",), "no longer string")]


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        ("1.2.3", "1.2.3", None),
        ("v1.2.3", "v1.2.4", Level.PATCH),
        ("1.2.3.100", "1.2.3.101", Level.PATCH),
        ("1.2", "1.3.0", Level.MINOR),
        ("1", "1.0", Level.PATCH),
        ("release-5.1.4", "release-6.0.0", Level.MAJOR),
        ("2.0.1-ls20", "2.0.1-ls21", Level.PATCH),
        ("16-alpine", "17-alpine", Level.MAJOR),
        ("a1b2c3d", "f00ba4d", Level.PATCH),
        (None, "1.0.0", Level.PATCH),
    ],
)
def test_an_application_version_is_read_by_its_leading_numbers(old: str, new: str, level: Level) -> None:
    assert app_level(old, new) is level


def test_small_readers() -> None:
    assert numbers("v4.0.19.3001-ls2") == (4, 0, 19, 3001)
    assert numbers("sha-1a2b3c") == ()
    assert parse_image("localhost:5000/a/b") == Image(repository="localhost:5000/a/b")
    assert parse_image("localhost:5000/a/b:1@sha256:x") == Image(
        repository="localhost:5000/a/b", tag="1", digest="sha256:x"
    )
    assert (size_bytes("1Gi"), size_bytes("1k"), size_bytes("5"), size_bytes("x")) == (2**30, 1000, 5, 0)
    assert (size_bytes("1048576Ki"), size_bytes("1Ei"), size_bytes("1e3")) == (2**30, 2**60, 1000)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b\nc"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
trees = st.dictionaries(st.sampled_from("abc"), json_values, max_size=3)


def written(tree: object) -> str:
    """As JSON, which is YAML and faster to write; equal values are equal texts."""
    return json.dumps(tree, sort_keys=True)


@given(trees, trees)
def test_different_values_always_give_evidence_and_equal_ones_never(
    old: dict[str, object], new: dict[str, object]
) -> None:
    found = compare(snapshot(values=written(old)), snapshot(values=written(new)))

    assert bool(found) == (written(old) != written(new))
    for item in found:
        assert "\n" not in item.description


@given(trees, trees)
def test_what_is_removed_one_way_is_added_the_other_way(old: dict[str, object], new: dict[str, object]) -> None:
    one, other = snapshot(values=written(old)), snapshot(values=written(new))
    there, back = compare(one, other), compare(other, one)

    removed = {item.description.removesuffix(" removed") for item in there if item.description.endswith(" removed")}
    added = {item.description.removesuffix(" added") for item in back if item.description.endswith(" added")}
    assert removed == added
