"""Argo CD starts no sync wave before the one before it is healthy: what waits for a later wave waits for ever."""

import pytest

from slipway.build.render import Object, parse
from slipway.policy.sync_order import sync_order_problems

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
spec: {type: %s, selector: {app: web}}
"""
POOL = """
apiVersion: metallb.io/v1beta1
kind: %s
metadata: {name: lan, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: %s
"""
OTHER = """
apiVersion: %s
kind: %s
metadata: {name: %s, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
"""
CERTIFICATE = """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: wildcard, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
spec: {issuerRef: {kind: ClusterIssuer, name: acme}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
spec: {storageClassName: fast}
"""
WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: checks}
webhooks:
  - failurePolicy: %s
    clientConfig: {service: {name: web, namespace: ""}}
    rules: [{apiGroups: [metallb.io]}]
"""


def objects(*texts: str) -> tuple[Object, ...]:
    return parse("---".join(texts))


def facts(*texts: str) -> list[str]:
    return [str(problem.fact) for problem in sync_order_problems(objects(*texts), "infra", "production")]


@pytest.mark.parametrize("kind", ["IPAddressPool", "L2Advertisement", "BGPAdvertisement"])
def test_a_load_balancer_may_not_wait_for_a_pool_of_a_later_wave(kind: str) -> None:
    late = facts(SERVICE % (10, "LoadBalancer"), POOL % (kind, 15))

    assert late == [f"waits in wave 10 for {kind} lan, that comes in wave 15"]
    assert facts(SERVICE % (15, "LoadBalancer"), POOL % (kind, 15)) == []
    assert facts(SERVICE % (10, "ClusterIP"), POOL % (kind, 15)) == []


def test_the_problem_names_the_application_the_health_check_and_both_ways_out() -> None:
    (problem,) = sync_order_problems(
        objects(SERVICE % (10, "LoadBalancer"), POOL % ("IPAddressPool", 15)), "infra", "production"
    )

    assert str(problem) == (
        "infra: Service web: waits in wave 10 for IPAddressPool lan, that comes in wave 15\n"
        "    Argo CD: a Service of type LoadBalancer is Progressing until it has an address\n"
        "    rendered with production\n"
        "    hint: move IPAddressPool lan before it, or Service web into a later wave"
    )
    assert problem.rule == "contract.sync-order"


def test_a_certificate_may_not_wait_for_its_issuer() -> None:
    issuer = OTHER % ("cert-manager.io/v1", "ClusterIssuer", "acme", 25)

    assert facts(CERTIFICATE % 20, issuer) == ["waits in wave 20 for ClusterIssuer acme, that comes in wave 25"]
    assert facts(CERTIFICATE % 25, issuer) == []
    assert facts(CERTIFICATE % 20, OTHER % ("cert-manager.io/v1", "ClusterIssuer", "other", 25)) == []


def test_a_claim_may_wait_neither_for_its_class_nor_for_its_first_pod() -> None:
    mount = "{volumes: [{persistentVolumeClaim: {claimName: data}}]}"
    made = OTHER % ("storage.k8s.io/v1", "StorageClass", "fast", 5)

    assert facts(CLAIM % 0, made) == ["waits in wave 0 for StorageClass fast, that comes in wave 5"]
    assert facts(CLAIM % 0, DEPLOYMENT % (10, mount)) == ["waits in wave 0 for Deployment web, that comes in wave 10"]
    assert facts(CLAIM % 10, DEPLOYMENT % (10, mount)) == []
    # The other way round the pods wait for the claim.
    assert facts(CLAIM % 10, DEPLOYMENT % (0, mount)) == [
        "waits in wave 0 for PersistentVolumeClaim data, that comes in wave 10"
    ]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("ConfigMap", "{volumes: [{configMap: {name: needed}}]}"),
        ("Secret", "{volumes: [{secret: {secretName: needed}}]}"),
        ("ConfigMap", "{volumes: [{projected: {sources: [{configMap: {name: needed}}]}}]}"),
        ("Secret", "{containers: [{env: [{valueFrom: {secretKeyRef: {name: needed}}}]}]}"),
        ("ConfigMap", "{containers: [{env: [{valueFrom: {configMapKeyRef: {name: needed}}}]}]}"),
        ("Secret", "{initContainers: [{envFrom: [{secretRef: {name: needed}}]}]}"),
        ("ConfigMap", "{containers: [{envFrom: [{configMapRef: {name: needed}}]}]}"),
        ("ServiceAccount", "{serviceAccountName: needed}"),
    ],
)
def test_pods_may_not_wait_for_what_they_need_to_start(kind: str, spec: str) -> None:
    assert facts(DEPLOYMENT % (10, spec), OTHER % ("v1", kind, "needed", 20)) == [
        f"waits in wave 10 for {kind} needed, that comes in wave 20"
    ]
    assert facts(DEPLOYMENT % (10, spec), OTHER % ("v1", kind, "needed", 10)) == []


def test_a_secret_that_a_pod_can_start_without_may_come_later() -> None:
    spec = "{volumes: [{secret: {secretName: needed, optional: true}}]}"

    assert facts(DEPLOYMENT % (10, spec), OTHER % ("v1", "Secret", "needed", 20)) == []


def test_an_object_comes_after_the_pods_of_the_webhook_that_checks_it() -> None:
    served = (WEBHOOK % "Fail", SERVICE % (10, "ClusterIP"), DEPLOYMENT % (10, "{}"))

    assert facts(*served, POOL % ("IPAddressPool", 10)) == ["waits in wave 10 for Deployment web, in the same wave"]
    assert facts(*served, POOL % ("IPAddressPool", 11)) == []
    assert facts(WEBHOOK % "Ignore", *served[1:], POOL % ("IPAddressPool", 10)) == []


def test_a_hook_is_no_part_of_a_wave() -> None:
    hook = (SERVICE % (10, "LoadBalancer")).replace("{argocd", "{argocd.argoproj.io/hook: PreSync, argocd")

    assert facts(hook, POOL % ("IPAddressPool", 15)) == []
