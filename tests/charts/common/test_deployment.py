"""Deployments: what the library writes when a chart says nothing, and what it does with what a chart says."""

import pytest

pytestmark = pytest.mark.helm

SELECTOR = {
    "app.kubernetes.io/name": "demo",
    "app.kubernetes.io/instance": "home",
    "app.kubernetes.io/component": "demo",
}


def test_a_controller_without_a_type_is_a_deployment_of_one(render):
    objects = render()

    assert objects.one("Deployment").api_version == "apps/v1"
    assert objects.one("Deployment").at("spec", "replicas") == 1
    assert objects.one("Deployment").at("spec", "revisionHistoryLimit") == 3


def test_the_smallest_service_is_a_workload_and_its_policy(render):
    assert sorted(render().titles) == ["Deployment demo", "NetworkPolicy demo"]


def test_without_a_strategy_kubernetes_decides(render):
    assert render().one("Deployment").at("spec", "strategy") is None


def test_recreate_is_a_strategy(render):
    objects = render("controllers: {demo: {strategy: Recreate}}")

    assert objects.one("Deployment").at("spec", "strategy") == {"type": "Recreate"}


def test_a_rolling_update_says_how_many_at_once(render):
    objects = render("controllers: {demo: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}}")

    assert objects.one("Deployment").at("spec", "strategy") == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
    }


def test_no_replicas_at_all_are_a_number_too(render):
    assert render("controllers: {demo: {replicas: 0}}").one("Deployment").at("spec", "replicas") == 0


PART_OF = {"app.kubernetes.io/part-of": "homelab"}


def test_pods_carry_what_selects_them_and_what_they_are_part_of(render):
    deployment = render().one("Deployment")

    assert deployment.at("spec", "selector", "matchLabels") == SELECTOR
    assert deployment.at("spec", "template", "metadata", "labels") == SELECTOR | PART_OF


def test_more_labels_of_a_pod_do_not_reach_the_selector(render):
    deployment = render("controllers: {demo: {pod: {labels: {vpn: gluetun}}}}").one("Deployment")

    assert deployment.at("spec", "template", "metadata", "labels") == {**SELECTOR, **PART_OF, "vpn": "gluetun"}
    assert deployment.at("spec", "selector", "matchLabels") == SELECTOR


def test_annotations_of_a_pod_may_name_values(render):
    objects = render("controllers: {demo: {pod: {annotations: {zone: '{{ .Values.global.timezone }}'}}}}")

    assert objects.pod()["metadata"]["annotations"] == {"zone": "Etc/UTC"}


def test_labels_and_annotations_of_a_controller_are_its_own(render):
    deployment = render("controllers: {demo: {labels: {tier: media}, annotations: {note: x}}}").one("Deployment")

    assert deployment.labels["tier"] == "media"
    assert deployment.annotations["note"] == "x"
    assert "tier" not in deployment.at("spec", "template", "metadata", "labels")


def test_a_controller_that_is_off_leaves_nothing(render):
    assert len(render("controllers: {demo: {enabled: false}}")) == 0


def test_a_controller_that_is_null_leaves_nothing(render):
    assert len(render("controllers: {demo: null}")) == 0


def test_a_second_controller_is_called_after_chart_and_identifier(render):
    objects = render("controllers: {worker: {containers: {app: {image: {repository: x/y, tag: '1'}}}}}")

    assert [item.name for item in objects.of("Deployment")] == ["demo", "demo-worker"]
    assert objects.one("Deployment", "demo-worker").labels["app.kubernetes.io/component"] == "worker"
