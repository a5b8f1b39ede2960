"""Argo CD's events, rendered and sent by its own program to an address that stands for Alertmanager.

It stands here because the program's build takes as long as Kubernetes'.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.gitops.applications import STEP_LABEL
from slipway.tools.run import Command, Completed, run_process
from slipway.util.mapping import dig
from testing.faulty import Answer, Server, serving
from testing.rendering import Repository
from testing.workspaces import program

pytestmark = pytest.mark.helm

ADDRESS = "http://alertmanager.infra:9093"
HEALTHY = {"health": {"status": "Healthy"}, "sync": {"status": "Synced"}}
DONE = {"phase": "Succeeded", "startedAt": "2026-11-30T10:00:00Z", "syncResult": {"revision": "sha256:aa"}}
NOWHERE = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "none", "user": {}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none", "namespace": "argocd"}}],
    "current-context": "none",
}
"""An API server that is asked for a project, and need not answer."""


@pytest.fixture
def settings(repository: Repository) -> dict[str, str]:
    """The files of the ConfigMap that the controller reads."""
    objects = repository.rendered(repository.case("argo-cd", "ci/notifications-values.yaml")).objects
    (found,) = (item for item in objects if item.kind == "ConfigMap" and item.name.endswith("-notifications-cm"))
    return {str(key): str(text) for key, text in dig(found.data, "data").items()}


def application(name: str, status: dict[str, Any]) -> dict[str, Any]:
    """An Application of the ApplicationSet."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "labels": {STEP_LABEL: "1"}},
        "spec": {"project": name, "source": {"repoURL": f"oci://r/{name}", "targetRevision": "1.4.0@sha256:aa"}},
        "status": status,
    }


def notifications(folder: Path, settings: dict[str, str], app: dict[str, Any], *words: str) -> Completed:
    """`argocd admin notifications`, with the files of the chart."""
    config, resource, kubeconfig = folder / "config.yaml", folder / "app.yaml", folder / "kubeconfig.yaml"
    meta = {"name": "argocd-notifications-cm"}
    config.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": settings}))
    resource.write_text(yaml.safe_dump(app))
    kubeconfig.write_text(yaml.safe_dump(NOWHERE))
    verb, name, *more = words
    given = ("admin", "notifications", *verb.split(), name, str(resource), *more)
    flags = ("--config-map", str(config), "--secret", ":empty", "--kubeconfig", str(kubeconfig))
    argv = (str(program("argocd")), *given, *flags)
    return run_process(Command(argv=argv, ok_codes=None, timeout_s=60.0))


def sent(folder: Path, settings: dict[str, str], template: str, *apps: dict[str, Any]) -> list[dict[str, Any]]:
    """What Alertmanager is given."""

    def answer(_: object) -> Answer:
        return Answer()

    with serving(answer) as server:
        here = {key: text.replace(ADDRESS, f"http://{server.address}") for key, text in settings.items()}
        assert here != settings
        for app in apps:
            done = notifications(folder, here, app, "template notify", template, "--recipient", "alertmanager")
            assert done.code == 0, done.stderr
            assert "failed to notify" not in done.stderr
        return [alert for request in posts(server) for alert in request]


def posts(server: Server) -> list[list[dict[str, Any]]]:
    """The bodies of all requests."""
    assert {(seen.method, seen.path) for seen in server.seen} == {("POST", "/api/v2/alerts")}
    assert {seen.headers["content-type"] for seen in server.seen} == {"application/json"}
    return [json.loads(seen.body) for seen in server.seen]


def test_a_release_is_an_event_with_its_version(settings: dict[str, str], tmp_path: Path) -> None:
    status = {**HEALTHY, "operationState": DONE}
    alerts = sent(tmp_path, settings, "synced", application("htpc", status), application("utils", status))

    assert [alert["labels"] for alert in alerts] == [
        {"alertname": "ApplicationSynced", "severity": "info", "name": name, "version": "1.4.0"}
        for name in ("htpc", "utils")
    ]
    assert alerts[0]["annotations"]["summary"] == "htpc is 1.4.0"
    assert alerts[0]["generatorURL"].endswith("/applications/htpc")


def test_a_sync_that_failed_is_an_alert_with_the_words_of_argo_cd(settings: dict[str, str], tmp_path: Path) -> None:
    state = {**DONE, "phase": "Failed", "message": 'field "x" is immutable\nand more'}
    (alert,) = sent(tmp_path, settings, "sync-failed", application("htpc", {**HEALTHY, "operationState": state}))

    assert alert["labels"] == {"alertname": "ApplicationSyncFailing", "severity": "warning", "name": "htpc"}
    assert alert["annotations"]["description"] == 'field "x" is immutable\nand more'
    assert alert["annotations"]["runbook_url"].endswith("/d/alert-ApplicationSyncFailing")


@pytest.mark.parametrize(
    ("trigger", "status", "fires"),
    [
        ("on-synced", {**HEALTHY, "operationState": DONE}, True),
        ("on-synced", {**HEALTHY, "health": {"status": "Progressing"}, "operationState": DONE}, False),
        ("on-synced", {**HEALTHY, "operationState": {**DONE, "phase": "Failed"}}, False),
        ("on-synced", {}, False),
        ("on-sync-failed", {**HEALTHY, "operationState": {**DONE, "phase": "Error"}}, True),
        ("on-sync-failed", {**HEALTHY, "operationState": DONE}, False),
        ("on-sync-failed", {}, False),
    ],
)
def test_an_event_is_what_its_trigger_says(
    settings: dict[str, str], tmp_path: Path, trigger: str, status: dict[str, Any], fires: bool
) -> None:
    done = notifications(tmp_path, settings, application("htpc", status), "trigger run", trigger)

    assert done.code == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1].split()[-1] == str(fires).lower()


def test_only_what_is_released_is_told_when_it_is_synced(settings: dict[str, str]) -> None:
    first, second = yaml.safe_load(settings["subscriptions"])

    assert (first["triggers"], first["selector"]) == (["on-synced"], STEP_LABEL)
    assert (second["triggers"], "selector" in second) == (["on-sync-failed"], False)
