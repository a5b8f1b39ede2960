"""A restore on a real API server: kubectl and the server take every step, and the service is back at the end."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.delivery import recovery, restore
from slipway.gitops import applications
from slipway.gitops.applications import PAUSE
from slipway.lab.place import Place
from slipway.lab.provide import secrets_of
from slipway.tools.kubectl import Kubectl
from testing.rendering import Repository
from testing.workspaces import ROOT

NAME = "restore"
"""Of the namespace, and of the Application that would have made it."""

WANTED = frozenset({"ConfigMap", "CronJob", "Deployment", "PersistentVolumeClaim"})


@pytest.fixture
def kubectl(place: Place) -> Kubectl:
    """The lab's administrator."""
    return open_context(ROOT, os.environ, quiet=True).kubectl(place.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace with an Application of its name, which Argo CD cannot compare and so leaves as it is."""
    kubectl("create", "namespace", NAME)
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": NAME, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "oci://127.0.0.1:1/none", "path": ".", "targetRevision": "1.0.0"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAME},
        },
    }
    kubectl.apply(applications.documents([application]), manager="tests")
    yield NAME
    kubectl("delete", "application", NAME, "-n", "argocd", "--ignore-not-found")
    kubectl("delete", "namespace", NAME, "--wait=false")


def test_a_service_stops_is_restored_and_starts(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    repository = Repository(folder=tmp_path)
    request = replace(
        repository.case("sonarr", "ci/backup-values.yaml").request, release=namespace, namespace=namespace
    )
    rendered = repository.renderer.render(request).objects
    wanted = [dict(item.data) for item in rendered if item.kind in WANTED]
    media = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    shared = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "media", "namespace": namespace},
    }
    read = secrets_of(rendered, namespace, ())
    kubectl.apply(applications.documents([*wanted, *read, {**shared, "spec": media}]), manager="tests")
    kubectl("rollout", "status", "deployment/sonarr", "-n", namespace, "--timeout", "2m")
    made = restore.plan(rendered, service="sonarr", namespace=namespace, argocd="argocd", snapshot="latest")

    recovery.perform(open_context(ROOT, os.environ, quiet=True), made, kubectl)

    job = kubectl.find("job", "sonarr-restore", "-n", namespace)
    assert job is not None
    assert '"Complete"' in json.dumps(job["status"])
    kubectl("rollout", "status", "deployment/sonarr", "-n", namespace, "--timeout", "2m")
    cron = json.loads(kubectl("get", "cronjob", "sonarr-backup", "-n", namespace, "-o", "json").stdout)
    assert cron["spec"]["suspend"] is False
    application = json.loads(kubectl("get", "application", namespace, "-n", "argocd", "-o", "json").stdout)
    assert PAUSE not in application["metadata"].get("annotations", {})
