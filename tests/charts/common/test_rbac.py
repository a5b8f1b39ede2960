"""Identities and rights towards the Kubernetes API: none, unless a chart asks."""

import pytest

pytestmark = pytest.mark.helm

OPERATOR = """
controllers: {demo: {pod: {serviceAccount: demo, token: true}}}
serviceAccount: {demo: {labels: {tier: api}, annotations: {note: x}}}
rbac:
  demo: {rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]}
  nodes: {scope: cluster, serviceAccount: demo, rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]}
"""


def test_a_service_has_no_account_and_no_rights(render):
    objects = render()

    assert not [item for item in objects if item.group == "rbac.authorization.k8s.io" or item.kind == "ServiceAccount"]
    assert "serviceAccountName" not in objects.pod_spec()


def test_a_pod_uses_the_account_that_it_names(render):
    spec = render(OPERATOR).pod_spec()

    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("demo", True)


def test_an_account_gives_no_token_by_itself(render):
    account = render(OPERATOR).one("ServiceAccount")

    assert account.at("automountServiceAccountToken") is False
    assert (account.labels["tier"], account.annotations["note"]) == ("api", "x")


def test_rights_in_the_namespace_are_a_role_and_its_binding(render):
    objects = render(OPERATOR)

    assert objects.one("Role").at("rules") == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    assert objects.one("RoleBinding").at("roleRef") == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "demo",
    }
    assert objects.one("RoleBinding").at("subjects") == [
        {"kind": "ServiceAccount", "name": "demo", "namespace": "apps"}
    ]


def test_rights_in_the_cluster_are_of_no_namespace(render):
    objects = render(OPERATOR)

    for kind in ("ClusterRole", "ClusterRoleBinding"):
        assert objects.one(kind).namespace == ""
    assert objects.one("ClusterRoleBinding").at("roleRef", "kind") == "ClusterRole"
    assert objects.one("ClusterRoleBinding").at("subjects")[0]["namespace"] == "apps"


def test_two_releases_do_not_share_the_names_of_cluster_rights(render):
    names = {render(OPERATOR, release=release).one("ClusterRole").name for release in ("home", "away")}

    assert names == {"home-demo-nodes", "away-demo-nodes"}


def test_a_binding_leads_to_the_role_of_its_name(render):
    objects = render(OPERATOR)

    assert objects.one("ClusterRoleBinding").at("roleRef", "name") == objects.one("ClusterRole").name


def test_rights_without_verbs_are_refused(refuse):
    assert "/rbac/demo/rules/0" in refuse('rbac: {demo: {rules: [{apiGroups: [""], resources: [pods]}]}}')


def test_a_token_of_the_default_account_is_refused(refuse):
    assert (
        "demo: controller demo mounts the token of the default service account; "
        "set controllers.demo.pod.serviceAccount" in refuse("controllers: {demo: {pod: {token: true}}}")
    )


def test_an_account_that_nobody_declared_is_refused(refuse):
    assert (
        'demo: controller demo uses the service account "dmo", which does not exist or is disabled; add serviceAccount.dmo'
        in refuse("controllers: {demo: {pod: {serviceAccount: dmo}}}\nserviceAccount: {demo: {}}")
    )
