"""A pod → what its program gets: as a kubelet reads it, and never less than the pod says."""

import base64
from pathlib import Path

import pytest

from slipway.core.errors import WorkspaceError
from slipway.lab.component import Component
from slipway.lab.operators.roles import ROLES
from slipway.lab.real import assemble
from slipway.lab.real.assemble import NEIGHBOUR, STRANGER, Body, Door
from slipway.lab.real.catalog import CATALOG, acts, chosen
from slipway.lab.real.join import without
from slipway.lab.real.pod import Data, Pod, argv_of, environment_of, expanded, pod_of
from slipway.lab.real.volumes import Cluster, mounts_of, volumes_of
from slipway.lab.sandbox.program import Mount, Sandbox

REAL = CATALOG["traefik"]
CONFIG = {"kind": "ConfigMap", "data": {"a.yaml": "a: 1", "b.yaml": "b: 2"}, "binaryData": {"c": "AAE="}}
SECRET = {"kind": "Secret", "data": {"password": base64.b64encode(b"open").decode()}}
OBJECTS = {
    ("ConfigMap", "settings"): CONFIG,
    ("Secret", "login"): SECRET,
    ("ConfigMap", "ca"): {"data": {"ca.crt": "x"}},
}


def find(kind: str, name: str) -> Data | None:
    """An object of the pod's namespace."""
    return OBJECTS.get((kind, name))


def pod(**container: object) -> Pod:
    """A running pod whose container has these fields besides."""
    made = {
        "name": "app",
        "image": "docker.io/library/traefik:v3.7.11@sha256:00",
        "args": ["--ping"],
        "ports": [
            {"name": "web", "containerPort": 8000, "protocol": "TCP"},
            {"name": "websecure", "containerPort": 8443, "protocol": "TCP"},
            {"name": "quic", "containerPort": 8443, "protocol": "UDP"},
        ],
        "readinessProbe": {"httpGet": {"port": "web", "path": "/ping"}},
        "securityContext": {"readOnlyRootFilesystem": True, "runAsUser": 7},
        **container,
    }
    data = {
        "metadata": {"name": "traefik-1", "namespace": "infra", "uid": "u-1", "labels": {"app": "traefik"}},
        "spec": {
            "containers": [made],
            "serviceAccountName": "traefik",
            "securityContext": {"runAsUser": 1, "runAsGroup": 2},
        },
        "status": {"phase": "Running", "podIP": "10.42.0.5", "hostIP": "192.0.2.2"},
    }
    return pod_of(REAL, [data])


def with_volume(volume: dict[str, object], **mount: object) -> Pod:
    """A pod with one volume, mounted at /v."""
    made = pod(volumeMounts=[{"name": "v", "mountPath": "/v", **mount}])
    spec = {**made.data["spec"], "volumes": [{"name": "v", **volume}]}  # type: ignore[dict-item]
    return Pod(data={**made.data, "spec": spec}, container=made.container)


def cluster(folder: Path) -> Cluster:
    """What its volumes are made from."""
    return Cluster(find=find, token=lambda *of: f"token of {of}", folder=folder / "pod", claims=folder / "claims")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WorkspaceError) as raised:
        chosen("traefik, jellyfin")

    assert str(raised.value) == (
        "--real: there is no program for jellyfin\n"
        f"    there is one for {', '.join(CATALOG)}; every other pod is played\n"
        "    hint: ./inv lab up --real traefik"
    )


def test_names_are_taken_once() -> None:
    assert chosen(" traefik,prometheus,,traefik") == ("traefik", "prometheus")


def test_the_operators_play_no_longer_what_a_real_component_does() -> None:
    played = Component(name="operators", purpose="", argv=("python", "pod-startable", "sealed-secret-synced"))

    assert without(played, acts(["prometheus"])) == played
    assert without(played, acts(["prometheus", "sealed-secrets"])).argv == ("python", "pod-startable")


def test_every_role_that_a_real_component_takes_over_is_one_of_the_operators() -> None:
    assert acts(CATALOG) == acts(CATALOG) & ROLES.keys()
    assert acts(["metallb"]) == {"load-balancer-address"}


def test_a_pod_that_is_going_is_not_taken() -> None:
    going = {**pod().data, "metadata": {"deletionTimestamp": "now"}}

    with pytest.raises(WorkspaceError, match="no running pod of traefik"):
        pod_of(REAL, [going])


def test_the_containers_user_overrides_the_pods() -> None:
    assert (pod().user, pod().group) == (7, 2)


def test_a_pod_that_names_no_user_is_refused() -> None:
    nobody = Pod(data={**pod().data, "spec": {}}, container={})

    with pytest.raises(WorkspaceError, match="pod infra/traefik-1: says no runAsUser"):
        _ = nobody.user


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("--at=[$(IP)]:1", "--at=[10.0.0.1]:1"), ("$(NONE)", "$(NONE)"), ("$$(IP)", "$(IP)"), ("$IP", "$IP")],
)
def test_variables_are_put_in_as_kubernetes_does(text: str, wanted: str) -> None:
    assert expanded(text, {"IP": "10.0.0.1"}) == wanted


def test_a_command_line_is_the_images_program_or_the_pods_command_and_the_arguments() -> None:
    assert argv_of(REAL, pod(), {}) == ("traefik", "--ping")
    assert argv_of(REAL, pod(command=["/bin/other", "run"], args=["$(A)"]), {"A": "b"}) == ("/bin/other", "run", "b")


def test_variables_come_from_everywhere() -> None:
    made = pod(
        envFrom=[
            {"configMapRef": {"name": "settings"}, "prefix": "P_"},
            {"secretRef": {"name": "none", "optional": True}},
        ],
        env=[
            {"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
            {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "login", "key": "x", "optional": True}}},
            {"name": "URL", "value": "http://$(HOST)/"},
        ],
    )

    env = environment_of(made, find)

    assert {key: env[key] for key in ("HOST", "LABEL", "PASSWORD", "URL", "P_a.yaml", "KUBERNETES_SERVICE_HOST")} == {
        "HOST": "192.0.2.2", "LABEL": "traefik", "PASSWORD": "open", "URL": "http://192.0.2.2/", "P_a.yaml": "a: 1",
        "KUBERNETES_SERVICE_HOST": "10.43.0.1",
    }  # fmt: skip
    assert "NONE" not in env


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        ({"secretKeyRef": {"name": "gone", "key": "a"}}, "needs Secret gone, which is not there"),
        ({"secretKeyRef": {"name": "login", "key": "a"}}, "needs key a of Secret login, which is not there"),
        ({"fieldRef": {"fieldPath": "spec.nodeName"}}, "has no field spec.nodeName"),
        ({"fileKeyRef": {}}, "takes a variable from fileKeyRef, which a lab cannot give"),
    ],
)
def test_a_variable_that_cannot_be_had_is_refused(source: dict[str, object], fact: str) -> None:
    with pytest.raises(WorkspaceError) as raised:
        environment_of(pod(env=[{"name": "A", "valueFrom": source}]), find)

    assert str(raised.value) == f"pod infra/traefik-1: {fact}"


def test_settings_are_read_only_files(tmp_path: Path) -> None:
    made = with_volume({"configMap": {"name": "settings"}})

    volumes = volumes_of(made, cluster(tmp_path))

    assert volumes["v"].files == {"a.yaml": b"a: 1", "b.yaml": b"b: 2", "c": b"\0\1"}
    assert list(mounts_of(made, volumes)) == [Mount(source=str(tmp_path / "pod/volumes/v"), target="/v")]


def test_only_the_named_keys_of_settings_are_taken(tmp_path: Path) -> None:
    made = with_volume({"configMap": {"name": "settings", "items": [{"key": "a.yaml", "path": "in/x.yaml"}]}})

    assert volumes_of(made, cluster(tmp_path))["v"].files == {"in/x.yaml": b"a: 1"}


def test_a_file_of_a_volume_can_be_mounted_alone(tmp_path: Path) -> None:
    made = with_volume({"emptyDir": {}}, subPath="a/b")

    (mount,) = mounts_of(made, volumes_of(made, cluster(tmp_path)))

    assert mount == Mount(source=str(tmp_path / "pod/scratch/u-1/v/a/b"), target="/v", read_only=False)


def test_the_rights_of_the_service_account_come_with_a_token(tmp_path: Path) -> None:
    sources = [
        {"serviceAccountToken": {"path": "token"}},
        {"configMap": {"name": "ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]

    volume = volumes_of(with_volume({"projected": {"sources": sources}}), cluster(tmp_path))["v"]

    assert volume.files == {"token": b"token of ('traefik', '')", "ca.crt": b"x", "namespace": b"infra"}
    assert volume.secret == {"token"}


def test_a_volume_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="has a volume of nfs, which a lab cannot give"):
        volumes_of(with_volume({"nfs": {"server": "x"}}), cluster(tmp_path))


def body(folder: Path) -> Body:
    """A component made of the pod."""
    made = pod()
    doors = tuple(
        Door(port=port, here=20000 + n, client=who) for n, (port, who) in enumerate(assemble.wanted_doors(REAL, made))
    )
    env = environment_of(made, find)
    return Body(real=REAL, pod=made, program=Path("/t"), version="v1", env=env, volumes={}, doors=doors, folder=folder)


SERVICE = {
    "metadata": {"name": "traefik", "namespace": "infra"},
    "spec": {
        "clusterIP": "10.43.7.7",
        "selector": {"app": "traefik"},
        "ports": [
            {"port": 443, "targetPort": "websecure"},
            {"port": 80, "targetPort": 8000},
            {"port": 5, "targetPort": "no"},
        ],
    },
}
OTHER = {
    "metadata": {"name": "other", "namespace": "infra"},
    "spec": {"clusterIP": "None", "selector": {"app": "traefik"}},
}


def test_a_component_has_a_door_for_each_port_and_two_where_strangers_come(tmp_path: Path) -> None:
    doors = {(door.port, door.client): door.address for door in body(tmp_path).doors}

    assert doors == {
        (8000, NEIGHBOUR): "127.0.0.1:20000", (8443, NEIGHBOUR): "127.0.0.1:20001",
        (8000, STRANGER): "127.0.0.1:20002", (8443, STRANGER): "127.0.0.1:20003",
    }  # fmt: skip


def test_other_components_reach_it_at_its_pod_and_its_services(tmp_path: Path) -> None:
    assert dict(assemble.ways_to(body(tmp_path), [SERVICE, OTHER])) == {
        "10.42.0.5:8000": "127.0.0.1:20000",
        "10.42.0.5:8443": "127.0.0.1:20001",
        "10.43.7.7:443": "127.0.0.1:20001",
        "10.43.7.7:80": "127.0.0.1:20000",
    }


def test_services_are_known_by_name(tmp_path: Path) -> None:
    hosts = assemble.etc(pod(), [SERVICE, OTHER])["hosts"].decode()

    assert hosts.splitlines()[1:] == [
        "10.42.0.5 traefik-1",
        "10.43.7.7 traefik.infra.svc.cluster.local traefik.infra.svc traefik.infra traefik",
    ]


def test_a_sandbox_survives_its_file(tmp_path: Path) -> None:
    made = assemble.sandbox(body(tmp_path), "127.0.0.1:6443", {"10.43.9.9:80": "127.0.0.1:1"})

    assert Sandbox.parse(made.text) == made
    assert made.argv == ("traefik", "--ping")
    assert {"10.43.0.1", "10.43.9.9", NEIGHBOUR, STRANGER} == set(made.others)
    assert (made.user, made.group, made.read_only_root, made.address) == (7, 2, True, "10.42.0.5")


def test_another_setting_is_another_component_and_another_token_is_not(tmp_path: Path) -> None:
    made = body(tmp_path)

    one = assemble.component(made, "text", [(tmp_path / "a", b"1")])

    assert one == assemble.component(made, "text", [(tmp_path / "a", b"1")])
    assert one.key != assemble.component(made, "text", [(tmp_path / "a", b"2")]).key
    assert one.key != assemble.component(made, "other", [(tmp_path / "a", b"1")]).key
    assert (one.ready, one.vital) == ("http://127.0.0.1:20000/ping", False)
