"""Each service alone, as `ct install` takes it: with its defaults, then with each of its ci values files."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.context import open_context
from slipway.core.model import ChartKind, ChartName
from slipway.gitops import applications
from slipway.lab import folder, lab
from slipway.lab.operators.addresses import ASKED
from slipway.lab.place import Place, place_of
from slipway.lab.plan import Extent
from slipway.lab.provide import secrets_of, storage_classes
from slipway.lint import kube_schemas
from slipway.secrets.references import producers_of
from slipway.tools.kubectl import Kubectl
from testing.operators import operator, pool
from testing.product import product_context
from testing.rendering import Repository, charts
from testing.workspaces import ROOT, chart_testing

NONE = "defaults-values.yaml"
OPERATORS = "operators"
"""Namespace of those that services count on."""
SERVICES = [str(chart.name) for chart in charts() if chart.kind is ChartKind.SERVICE]


def values_of(service: str) -> list[str]:
    """Its ci values files, after none at all."""
    return [NONE, *sorted(path.name for path in (ROOT / "charts" / service / "ci").glob("*-values.yaml"))]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, no_settings_of_the_user: None) -> Iterator[Place]:
    """A cluster with every kind that a chart may need, and none of the platform's own objects: a name belongs to one release."""
    made = place_of(tmp_path_factory.mktemp("empty"))
    definitions = kube_schemas.definition_files(ROOT)
    lab.start(product_context(), made, attached=True, extent=Extent.CLUSTER, definitions=definitions)
    lab.wait_ready(made)
    inhabit(open_context(ROOT, os.environ, quiet=True).kubectl(made.kubeconfig))
    yield made
    lab.stop(made)


def inhabit(kubectl: Kubectl) -> None:
    """Have the operators that services count on."""
    kubectl("create", "namespace", OPERATORS)
    found = (operator(chart, OPERATORS) for chart in ("cert-manager", "cloudnative-pg", "metallb"))
    kubectl.apply(applications.documents(found), manager="tests")


@pytest.fixture(scope="module")
def kubectl(empty: Place) -> Kubectl:
    """Its administrator."""
    return open_context(ROOT, os.environ, quiet=True).kubectl(empty.kubeconfig)


@pytest.mark.parametrize(("service", "values"), [(name, values) for name in SERVICES for values in values_of(name)])
def test_a_service_installs_alone(
    service: str, values: str, repository: Repository, kubectl: Kubectl, tmp_path: Path
) -> None:
    # A claim outlives its release, so each release has a namespace of its own.
    namespace = f"install-{service}-{values.partition('-')[0]}"
    objects = list(
        repository.rendered(repository.case(service, f"ci/{values}" if values != NONE else DEFAULTS)).objects
    )
    kubectl("create", "namespace", namespace)
    provide(kubectl, namespace, objects)
    staged = tmp_path / service
    shutil.copytree(repository.built[ChartName(service)].folder, staged)
    (staged / "ci").mkdir()
    own = ROOT / "charts" / service / "ci" / values
    (staged / "ci" / values).write_text(own.read_text(encoding="utf-8") if values != NONE else "{}\n", encoding="utf-8")

    done = chart_testing(tmp_path / "home").install(staged, namespace, kubectl.kubeconfig, kubectl.program())

    kubectl("delete", "namespace", namespace, "--wait=false")
    assert done.code == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"/ci/{values}" in done.stdout


def provide(kubectl: Kubectl, namespace: str, objects: list[Object]) -> None:
    """What others give to a service: claims, classes, secrets, addresses, and pods for its own claims."""
    provided = [claim(name, namespace) for name in mounted_claims(objects) - made_claims(objects)]
    provided += [folder.storage_class(name) for name in storage_classes(objects) if name != "local-path"]
    provided += [runtime_class(name) for name in mentioned(objects, "runtimeClassName")]
    provided += secrets_of(objects, namespace, producers_of(objects))
    provided += [
        {**pool(f"{namespace}-{item.name}", OPERATORS), "spec": {"addresses": [f"{address}/32"]}}
        for item in objects
        if (address := item.annotations.get(ASKED))
    ]
    if lonely := made_claims(objects) - mounted_claims(objects):
        # Without a pod that mounts it a claim is never bound.
        provided.append(consumer(lonely, namespace))
    if provided:
        kubectl.apply(applications.documents(provided), manager="tests")


def made_claims(objects: list[Object]) -> set[str]:
    """Claims that a service makes."""
    return {item.name for item in objects if item.kind == "PersistentVolumeClaim"}


def mounted_claims(objects: list[Object]) -> set[str]:
    """Claims that its pods mount."""
    return mentioned(objects, "claimName")


def mentioned(objects: list[Object], key: str) -> set[str]:
    """Every text under this key."""
    text = json.dumps([item.data for item in objects])
    return {part.partition('"')[0] for part in text.split(f'"{key}": "')[1:]}


def runtime_class(name: str) -> dict[str, object]:
    """A class that the node's owner installs."""
    return {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": name}


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
