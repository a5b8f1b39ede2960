"""A drill on a real API server: it takes the Job of the CronJob, its claims come and go with its pod, and its end is known."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.delivery import backups, drill
from slipway.gitops import applications
from slipway.lab.place import Place
from slipway.lab.provide import secrets_of
from slipway.tools.kubectl import Kubectl
from slipway.tools.process import wait_until
from testing.rendering import Repository
from testing.workspaces import ROOT

NAME = "drill"
CLAIM_GONE_S = 60.0


@pytest.fixture
def kubectl(place: Place) -> Kubectl:
    """The lab's administrator."""
    return open_context(ROOT, os.environ, quiet=True).kubectl(place.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace of the test's own."""
    kubectl("create", "namespace", NAME)
    yield NAME
    kubectl("delete", "namespace", NAME, "--wait=false")


def test_a_drill_has_claims_of_its_own_that_go_with_its_job(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    repository = Repository(folder=tmp_path)
    request = replace(
        repository.case("sonarr", "ci/backup-values.yaml").request, release=namespace, namespace=namespace
    )
    rendered = repository.renderer.render(request).objects
    crons = [dict(item.data) for item in rendered if item.kind == "CronJob"]
    kubectl.apply(applications.documents([*crons, *secrets_of(rendered, namespace, ())]), manager="tests")
    made = drill.drill_in(rendered, "sonarr", namespace, "production")

    drill.perform(made, kubectl)

    claims = [str(item["metadata"]["name"]) for item in kubectl.items("pvc", "-n", namespace)]  # type: ignore[index]
    (claim,) = claims
    assert claim.startswith(made.job)
    assert claim.endswith("-drill-config")
    kubectl("delete", "job", made.job, "-n", namespace)
    assert wait_until(lambda: not kubectl.items("pvc", "-n", namespace), CLAIM_GONE_S)
    cron = json.loads(kubectl("get", "cronjob", "sonarr-drill", "-n", namespace, "-o", "json").stdout)
    seen = backups.Coverage(namespace=namespace, service="sonarr", what="x", size="", how="files", when="0 8 * * *")
    (last,) = backups.with_last((seen,), kubectl)
    assert last.drilled == cron["status"]["lastSuccessfulTime"]
