"""What is played: the states that a healthy cluster would bring objects to, and limits that hold all the same."""

import json
from collections.abc import Iterator

import pytest

from slipway.gitops.applications import documents
from slipway.lab import lab
from slipway.lab.place import Place
from slipway.tools.kubectl import Kubectl
from slipway.util.mapping import dig
from testing.operators import operator, pool, with_pools
from testing.product import product_context

NAMESPACE = "played"


@pytest.fixture(scope="module")
def kubectl(place: Place) -> Iterator[Kubectl]:
    """A namespace of its own, with every operator in it."""
    made = lab.attach(product_context(), place, "staging").kubectl
    made("create", "namespace", NAMESPACE)
    with_pools(made)
    charts = ("cert-manager", "cloudnative-pg", "metallb", "sealed-secrets", "traefik")
    made.apply(
        documents([*(operator(chart, NAMESPACE) for chart in charts), pool("played", NAMESPACE)]), manager="tests"
    )
    yield made
    made("delete", "namespace", NAMESPACE, "--wait=false")


def make(kubectl: Kubectl, api_version: str, kind: str, spec: dict[str, object], name: str = "it") -> None:
    """An object of the namespace."""
    data = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
    kubectl("create", "-f", "-", stdin=json.dumps(data).encode())


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "condition"),
    [
        ("cert-manager.io/v1", "Issuer", {"selfSigned": {}}, "Ready"),
        (
            "cert-manager.io/v1",
            "Certificate",
            {"secretName": "tls", "dnsNames": ["example.org"], "issuerRef": {"name": "it"}},
            "Ready",
        ),
        ("bitnami.com/v1alpha1", "SealedSecret", {"encryptedData": {"key": "AgBy"}}, "Synced"),
        ("postgresql.cnpg.io/v1", "Cluster", {"instances": 1, "storage": {"size": "1Gi"}}, "Ready"),
    ],
)
def test_an_operators_object_becomes_ready(
    kubectl: Kubectl, api_version: str, kind: str, spec: dict[str, object], condition: str
) -> None:
    make(kubectl, api_version, kind, spec)

    resource = f"{kind}.{api_version.partition('/')[0]}/it".lower()
    kubectl("wait", f"--for=condition={condition}", resource, "-n", NAMESPACE, "--timeout=30s")


def test_what_a_database_asks_for_counts_as_done(kubectl: Kubectl) -> None:
    make(kubectl, "postgresql.cnpg.io/v1", "Database", {"cluster": {"name": "it"}, "name": "app", "owner": "app"})

    where = ("database.postgresql.cnpg.io/it", "-n", NAMESPACE, "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.applied}=true", *where)


def test_a_load_balancer_gets_an_address(kubectl: Kubectl) -> None:
    selector = {"app.kubernetes.io/name": "traefik"}
    make(
        kubectl,
        "v1",
        "Service",
        {"type": "LoadBalancer", "selector": selector, "ports": [{"port": 80}]},
        name="balanced",
    )

    where = ("service/balanced", "-n", NAMESPACE, "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", *where)


def test_an_ingress_gets_the_address_of_traefiks_service(kubectl: Kubectl) -> None:
    backend = {"service": {"name": "it", "port": {"number": 80}}}
    make(kubectl, "networking.k8s.io/v1", "Ingress", {"defaultBackend": backend})

    where = ("ingress/it", "-n", NAMESPACE, "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", *where)


def test_a_quota_holds(kubectl: Kubectl) -> None:
    make(kubectl, "v1", "ResourceQuota", {"hard": {"configmaps": "2"}}, name="quota")
    kubectl(
        "wait", "--for=jsonpath={.status.hard.configmaps}=2", "resourcequota/quota", "-n", NAMESPACE, "--timeout=30s"
    )

    codes = [
        kubectl("create", "configmap", f"number-{number}", "-n", NAMESPACE, ok_codes=None).code for number in range(3)
    ]

    assert codes[-1] == 1
    quota = kubectl.find("resourcequota", "quota", "-n", NAMESPACE)
    assert dig(quota or {}, "status", "used")["configmaps"] == "2"
