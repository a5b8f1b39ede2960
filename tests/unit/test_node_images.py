"""What the node of a lab gives its pods: image names as containerd looks them up, archives, and what stand-ins are told."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from slipway.build.render import parse
from slipway.lab.node import archive, declarations
from slipway.lab.node.catalogue import repository
from slipway.lab.node.images import Image, Layer, name_in_store, write

DIGEST = "sha256:" + "0" * 64
PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: sonarr}
spec:
  template:
    spec:
      initContainers:
        - {name: seed, image: a, command: [/bin/tool]}
        - {name: sidecar, image: a, restartPolicy: Always}
      containers:
        - name: app
          image: a
          securityContext: {readOnlyRootFilesystem: true}
          ports: [{containerPort: 8443, name: web}, {containerPort: 53, protocol: UDP}]
          readinessProbe: {httpGet: {port: web, scheme: HTTPS}}
          livenessProbe: {exec: {command: [probe, now]}}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: settings, mountPath: /etc/app}
            - {name: data, mountPath: /again, readOnly: true}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
        - {name: settings, configMap: {name: settings}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: copy, image: b}]}}}}}
"""


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:8", "docker.io/library/redis:8"),
        ("grafana/loki:3", "docker.io/grafana/loki:3"),
        (f"docker.io/library/redis:8@{DIGEST}", f"docker.io/library/redis@{DIGEST}"),
        (f"ghcr.io/a/b/c@{DIGEST}", f"ghcr.io/a/b/c@{DIGEST}"),
        ("localhost:5000/a:1", "localhost:5000/a:1"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
    ],
)
def test_an_image_is_named_as_containerd_looks_it_up(reference: str, name: str) -> None:
    assert name_in_store(reference) == name


@pytest.mark.parametrize(
    "reference", ["quay.io/a/b:1", f"quay.io/a/b:1@{DIGEST}", f"quay.io/a/b@{DIGEST}", "quay.io/a/b"]
)
def test_a_repository_is_a_reference_without_tag_and_digest(reference: str) -> None:
    assert repository(reference) == "quay.io/a/b"


def test_a_layer_that_two_images_share_is_in_the_archive_once_and_every_blob_is_what_its_name_says() -> None:
    shared = Layer(files={"bin/tool": b"tool"}, links={"bin/sh": "/bin/tool"}, folders={"tmp": 0o1777})
    images = [
        Image(names=("a:1", "b:1"), entrypoint=("/bin/tool",), layers=(shared,)),
        Image(names=("c:1",), entrypoint=("/bin/other",), layers=(shared, Layer(files={"etc/x": b"x"}))),
    ]
    target = io.BytesIO()

    write(target, images, "x86_64")

    with tarfile.open(fileobj=io.BytesIO(target.getvalue())) as archive:
        names = archive.getnames()
        index = json.loads(archive.extractfile("index.json").read())
    assert len(names) == len(set(names))
    assert [item["annotations"]["io.containerd.image.name"] for item in index["manifests"]] == ["a:1", "b:1", "c:1"]
    assert sum(name.startswith("blobs/") for name in names) == 2 + 2 * 2


def test_a_stand_in_is_told_its_ports_its_mounts_and_whether_it_ends() -> None:
    found = declarations.by_image(parse(PODS))

    seed, sidecar, app = (row.row for row in found["a"])
    assert (seed["command"], seed["ends"], sidecar["ends"], app["ends"]) == ("/bin/tool", True, False, False)
    assert app["ports"] == [
        {"number": 8443, "protocol": "TCP", "tls": True},
        {"number": 53, "protocol": "UDP", "tls": False},
    ]
    assert app["mounts"] == [
        {"path": "/data", "read_only": False},
        {"path": "/etc/app", "read_only": True},
        {"path": "/again", "read_only": True},
    ]
    assert app["read_only_root"] is True
    assert [row.row["ends"] for row in found["b"]] == [True]


def test_commands_and_probes_name_the_programs_of_an_image() -> None:
    assert list(declarations.programs(declarations.by_image(parse(PODS))["a"])) == ["/bin/tool", "probe"]


def test_images_are_the_same_after_they_were_text(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shared = Layer(
        files={"bin/tool": program, "etc/x": b"\x00x"}, links={"bin/sh": "/bin/tool"}, folders={"tmp": 0o1777}
    )
    images = (
        Image(names=("a:1", "b:1"), entrypoint=("/bin/tool",), layers=(shared,), user="1"),
        Image(names=("c:1",), entrypoint=("/bin/other",), layers=(shared, Layer(files={})), workdir="/x"),
    )

    found = archive.from_json(archive.to_json(images))

    assert found == images
    assert found[0].layers[0] is found[1].layers[0]
