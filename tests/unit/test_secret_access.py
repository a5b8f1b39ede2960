"""Which Secrets a service account may read: a role, its binding, and the pod that has the token."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.build.render import Object
from slipway.policy.chart_objects import ChartObjects
from slipway.policy.secret_access import secret_access

Data = dict[str, Any]


def item(kind: str, name: str, **fields: Any) -> Object:
    return Object(api_version="v1", kind=kind, namespace="home", name=name, data={"kind": kind, **fields})


def facts(entry: Data, *, kind: str = "Role", subject: str = "app", pod: Data | None = None) -> list[str]:
    """What the rule finds for one role that is bound to one account, with one pod."""
    safe: Data = {"securityContext": {"runAsNonRoot": True, "runAsUser": 1000}, "containers": [{"name": "app"}]}
    spec = {"serviceAccountName": "app", **safe, **(pod or {})}
    objects = (
        item("ServiceAccount", "app"),
        item(kind, "role", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], **entry}]),
        item(
            f"{kind}Binding",
            "role",
            roleRef={"kind": kind, "name": "role"},
            subjects=[{"kind": "ServiceAccount", "name": subject}],
        ),
        item("Deployment", "app", spec={"template": {"spec": spec}}),
    )
    chart = ChartObjects(chart="app", label="its own values", namespace="home", objects=objects)
    return [found.fact for found in secret_access.find(chart)]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"verbs": ["list"]},
        {"verbs": ["create", "watch"]},
        {"verbs": ["*"]},
        {"resources": ["configmaps", "secrets"]},
        {"apiGroups": ["*"], "resources": ["*"]},
    ],
)
def test_an_account_that_may_read_secrets_of_any_name_is_found(entry: Data) -> None:
    assert facts(entry) == ["may read every Secret in its namespace"]


@pytest.mark.parametrize(
    "entry",
    [
        {"resourceNames": ["memberlist"]},
        {"verbs": ["create", "update", "delete"]},
        {"resources": ["configmaps"]},
        {"apiGroups": ["example.org"]},
    ],
)
def test_an_account_that_reads_named_secrets_or_none_is_in_order(entry: Data) -> None:
    assert facts(entry) == []


def test_an_exception_names_the_account_without_the_name_of_the_member() -> None:
    labels = {"labels": {"app.kubernetes.io/name": "alias"}}
    objects = (
        item("ServiceAccount", "alias-controller", metadata=labels),
        item("Role", "r", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]),
        item("RoleBinding", "r", roleRef={"kind": "Role", "name": "r"}, subjects=[{"name": "alias-controller"}]),
    )
    chart = ChartObjects(chart="app", label="its own values", namespace="home", objects=objects)

    assert [found.name for found in secret_access.find(chart)] == ["controller"]


def test_a_role_that_is_bound_to_another_account_does_not_count() -> None:
    assert facts({}, subject="other") == []


def test_a_role_of_the_cluster_is_about_every_namespace() -> None:
    assert facts({}, kind="ClusterRole") == ["may read every Secret in every namespace"]


@pytest.mark.parametrize(
    ("pod", "reach"),
    [
        ({"securityContext": {"runAsUser": 0}}, "runs as root"),
        ({"securityContext": {}}, "runs as root"),
        ({"hostNetwork": True}, "has hostNetwork"),
        ({"hostNetwork": True, "hostPID": True}, "has hostNetwork and has hostPID"),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "mounts files of the node"),
        ({"containers": [{"name": "app", "securityContext": {"privileged": True}}]}, "is privileged"),
    ],
)
def test_what_makes_the_pod_a_way_to_them_is_said(pod: Data, reach: str) -> None:
    assert facts({}, pod=pod) == [f"may read every Secret in its namespace, and its pod {reach}"]
