"""Each service alone, as `ct install` takes it: with its defaults, then with each of its ci values files."""

import json
import os
import shutil
from pathlib import Path

import pytest

from slipway.lab import folder, lab
from slipway.lab.place import Place
from slipway.model import ChartKind, ChartName
from slipway.render import Object
from slipway.tools.kubectl import Kubectl
from slipway.yard import open_yard
from testing.rendering import Yard, charts
from testing.workspaces import ROOT, chart_testing

SERVICES = [str(chart.name) for chart in charts() if chart.kind is ChartKind.SERVICE]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """This repository."""
    return Yard(folder=tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def kubectl(place: Place) -> Kubectl:
    """The cluster's administrator."""
    return lab.attach(open_yard(ROOT, os.environ, quiet=True), place, "staging").kubectl


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_installs_alone(service: str, yard: Yard, place: Place, kubectl: Kubectl, tmp_path: Path) -> None:
    namespace = f"install-{service}"
    objects = [item for case in yard.cases(service) for item in yard.rendered(case).objects]
    kubectl("create", "namespace", namespace)
    provided = [claim(name, namespace) for name in borrowed_claims(objects)]
    provided += [folder.storage_class(name) for name in lab.storage_classes(objects) if name != "local-path"]
    if lonely := unused_claims(objects):
        provided.append(consumer(lonely, namespace))
    if provided:
        kubectl.apply(folder.documents(provided), manager="tests")

    staged = tmp_path / service
    shutil.copytree(yard.built[ChartName(service)].folder, staged)
    # ct leaves the defaults out as soon as there is a file for it.
    (staged / "ci").mkdir(exist_ok=True)
    (staged / "ci" / "defaults-values.yaml").write_text("{}\n", encoding="utf-8")
    files = list(staged.glob("ci/*-values.yaml"))

    done = chart_testing(tmp_path / "home").install(staged, namespace, place.kubeconfig, kubectl.program())

    kubectl("delete", "namespace", namespace, "--wait=false")
    assert done.code == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.stdout.count("STATUS: deployed") == len(files)


def made_claims(objects: list[Object]) -> set[str]:
    """Claims that a service makes."""
    return {item.name for item in objects if item.kind == "PersistentVolumeClaim"}


def mounted_claims(objects: list[Object]) -> set[str]:
    """Claims that its pods mount."""
    text = json.dumps([item.data for item in objects])
    return {part.partition('"')[0] for part in text.split('"claimName": "')[1:]}


def borrowed_claims(objects: list[Object]) -> set[str]:
    """Claims that another service of the namespace makes."""
    return mounted_claims(objects) - made_claims(objects)


def unused_claims(objects: list[Object]) -> set[str]:
    """Claims that are for the pods of other services; without a pod they would never be bound."""
    return made_claims(objects) - mounted_claims(objects)


def consumer(claims: set[str], namespace: str) -> dict[str, object]:
    """A pod in the place of those of other services."""
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(claims)]
    spec = {"containers": [{"name": "app", "image": "registry.example.org/consumer:1"}], "volumes": volumes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "consumer", "namespace": namespace}, "spec": spec}


def claim(name: str, namespace: str) -> dict[str, object]:
    """A claim in the place of another service's."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
