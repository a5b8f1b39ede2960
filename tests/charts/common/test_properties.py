"""What holds for every chart on the library, shown on one that uses all of it."""

import json
from pathlib import Path

import pytest

from slipway.lint import kubeconform
from testing.schemas import schema_messages
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text()
POD_KINDS = {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}


def pods(objects):
    """Title → pod template."""
    return {
        item.title: item.at("spec", "jobTemplate", "spec", "template") or item.at("spec", "template")
        for item in objects
        if item.kind in POD_KINDS
    }


def selectors(objects):
    """Everything that selects pods, and cannot change."""
    return {
        item.title: (
            item.at("spec", "selector"),
            item.at("spec", "podSelector"),
            item.at("spec", "volumeClaimTemplates"),
        )
        for item in objects
    }


def test_the_vocabulary_has_a_word_for_every_kind(render):
    assert {item.kind for item in render(EVERYTHING)} == {
        *POD_KINDS, "Service", "IngressRoute", "Ingress", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy",
        "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceMonitor",
        "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "PodDisruptionBudget",
        "Cluster", "Database", "ScheduledBackup",
    }  # fmt: skip


def test_everything_uses_every_word():
    import yaml

    root = json.loads((ROOT / "charts/common/schemas/values.json").read_text())["properties"]

    assert set(root) - set(yaml.safe_load(EVERYTHING)) == {"common", "enabled"}


def test_the_api_server_takes_every_object(render, tmp_path):
    case = kubeconform.Manifests(chart="demo", folders={}, label="everything", objects=render(EVERYTHING).items)
    assert schema_messages([case], tmp_path) == []


def test_no_object_is_there_twice(render):
    identities = [item.identity for item in render(EVERYTHING)]

    assert len(set(identities)) == len(identities)


def test_two_renders_are_equal(charts, render):
    again = charts.chart(values=charts.minimal + "\n# the same, in another folder\n")

    assert [item.text for item in render(EVERYTHING)] == [item.text for item in render(EVERYTHING, chart=again)]


def test_a_new_version_of_the_chart_restarts_nothing(charts, render):
    before = render(EVERYTHING)
    after = render(EVERYTHING, chart=charts.chart(version="2.0.0", app_version="9.9.9"))

    assert [item.identity for item in before] == [item.identity for item in after]
    assert pods(before) == pods(after)
    assert selectors(before) == selectors(after)


def test_a_new_version_of_the_chart_shows_in_the_labels(charts, render):
    after = render(EVERYTHING, chart=charts.chart(version="2.0.0", app_version="9.9.9"))

    assert {item.labels["helm.sh/chart"] for item in after if item.kind in POD_KINDS} == {"demo-2.0.0"}


def test_every_pod_is_protected_unless_its_chart_says_otherwise(render):
    for title, pod in pods(render(EVERYTHING)).items():
        spec = pod["spec"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, title
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            context = {**spec["securityContext"], **container["securityContext"]}
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"]["drop"] == ["ALL"]
            exception = container["name"] == "vpn"
            assert (context["runAsNonRoot"], context["readOnlyRootFilesystem"]) == (not exception, not exception)


def test_every_pod_has_a_policy_that_denies_by_default(render):
    objects = render(EVERYTHING)
    policies = [item.at("spec") for item in objects.of("NetworkPolicy")]

    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies)
    for pod in pods(objects).values():
        labels = pod["metadata"]["labels"]
        assert len([each for each in policies if each["podSelector"]["matchLabels"].items() <= labels.items()]) == 1


def test_selectors_are_no_wider_than_one_controller(render):
    objects = render(EVERYTHING)
    for item in objects:
        wanted = item.at("spec", "selector", "matchLabels")
        if item.kind in POD_KINDS and wanted:
            chosen = [
                title for title, pod in pods(objects).items() if wanted.items() <= pod["metadata"]["labels"].items()
            ]
            assert chosen == [item.title]


def test_every_object_comes_in_a_wave(render):
    waves = {item.title: item.annotations.get("argocd.argoproj.io/sync-wave") for item in render(EVERYTHING)}

    assert [title for title, wave in waves.items() if wave is None] == ["PodDisruptionBudget demo"]


def test_no_value_is_written_as_null(render):
    def nulls(node, path):
        if node is None:
            yield path
        for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            yield from nulls(value, f"{path}/{key}")

    assert [path for item in render(EVERYTHING) for path in nulls(item.data, item.title)] == []
