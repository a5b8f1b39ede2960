"""StatefulSets: a name for each pod, and a claim for each."""

import pytest

pytestmark = pytest.mark.helm

DATABASE = """
controllers:
  demo:
    type: StatefulSet
    volumeClaims:
      data: {size: 8Gi, mounts: {app: [{path: /var/lib/data}]}}
"""


def test_a_statefulset_is_governed_by_the_service_of_its_name(render):
    assert render(DATABASE).one("StatefulSet").at("spec", "serviceName") == "demo"


def test_another_service_can_govern_it(render):
    values = "controllers: {demo: {type: StatefulSet, serviceName: headless}}"

    assert render(values).one("StatefulSet").at("spec", "serviceName") == "demo-headless"


def test_each_pod_gets_a_claim_of_its_own(render):
    (claim,) = render(DATABASE).one("StatefulSet").at("spec", "volumeClaimTemplates")

    assert claim["metadata"]["name"] == "data"
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}}


def test_the_template_is_immutable_so_its_labels_hold_no_version(render):
    (claim,) = render(DATABASE).one("StatefulSet").at("spec", "volumeClaimTemplates")

    assert claim["metadata"]["labels"] == {
        "app.kubernetes.io/name": "demo",
        "app.kubernetes.io/instance": "home",
        "app.kubernetes.io/component": "demo",
    }


def test_the_claim_is_mounted_without_a_volume_of_the_pod(render):
    objects = render(DATABASE)

    assert objects.container(kind="StatefulSet")["volumeMounts"] == [{"name": "data", "mountPath": "/var/lib/data"}]
    assert "volumes" not in objects.pod_spec("StatefulSet")


def test_its_claims_take_the_storage_class_of_the_platform(render):
    (claim,) = (
        render(DATABASE + "global: {storage: {class: fast}}").one("StatefulSet").at("spec", "volumeClaimTemplates")
    )

    assert claim["spec"]["storageClassName"] == "fast"


def test_its_strategy_is_called_update_strategy(render):
    values = "controllers: {demo: {type: StatefulSet, strategy: OnDelete, podManagementPolicy: Parallel}}"
    spec = render(values).one("StatefulSet").at("spec")

    assert spec["updateStrategy"] == {"type": "OnDelete"}
    assert "strategy" not in spec
    assert spec["podManagementPolicy"] == "Parallel"


def test_a_rolling_update_can_stop_at_a_partition(render):
    values = "controllers: {demo: {type: StatefulSet, rollingUpdate: {partition: 2}}}"

    assert render(values).one("StatefulSet").at("spec", "updateStrategy") == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 2},
    }


def test_another_type_with_claim_templates_is_refused(refuse):
    assert (
        "demo: controller demo is a Deployment, which has no volumeClaims; move them to persistence, or set controllers.demo.type to StatefulSet"
        in refuse("controllers: {demo: {volumeClaims: {data: {size: 1Gi}}}}")
    )
