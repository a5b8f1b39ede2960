"""What a cluster refuses, a lab refuses: an address without a pool, a certificate without an issuer, a pod without its Secret."""

import ipaddress
import json
from collections.abc import Iterator

import pytest

from slipway.gitops.applications import documents
from slipway.lab import folder, lab
from slipway.lab.operators.addresses import POOL as POOL_NAME
from slipway.lab.place import Place
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.process import wait_until
from slipway.util.mapping import dig, listing
from testing.cluster import WAIT_S, MakePlatform, edit
from testing.operators import POOL, operator, pool, with_pools
from testing.product import product_context

NAMESPACE = "refused"


@pytest.fixture(scope="module")
def kubectl(place: Place) -> Iterator[Kubectl]:
    """A namespace of its own, with cert-manager and CloudNativePG in it."""
    made = lab.attach(product_context(), place, "staging").kubectl
    made("create", "namespace", NAMESPACE)
    made.apply(documents(operator(chart, NAMESPACE) for chart in ("cert-manager", "cloudnative-pg")), manager="tests")
    yield made
    made("delete", "namespace", NAMESPACE, "--wait=false")


def create(kubectl: Kubectl, api_version: str, kind: str, name: str, **fields: object) -> None:
    """An object of the namespace."""
    metadata = {"name": name, "namespace": NAMESPACE}
    kubectl.apply(
        documents([{"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}]), manager="tests"
    )


def until(kubectl: Kubectl, kind: str, name: str, wanted: str) -> None:
    """Wait until the status of an object has this text."""

    def status() -> str:
        return json.dumps(dig(kubectl.find(kind, name, "-n", NAMESPACE), "status"))

    assert wait_until(lambda: wanted in status(), WAIT_S), f"{wanted} is not in {status()}"


def becomes(kubectl: Kubectl, condition: str, what: str) -> None:
    """Wait for a condition of an object."""
    kubectl("wait", f"--for={condition}", what, "-n", NAMESPACE, "--timeout=60s")


def test_the_first_sync_never_ends_when_a_load_balancer_waits_for_a_pool_of_a_later_wave(deliver: MakePlatform) -> None:
    here = deliver("early")
    with_pools(here.kubectl)
    later = {"argocd.argoproj.io/sync-wave": "50"}
    extra = {"metallb": operator("metallb", "early"), "pool": annotated(pool("early", "early"), later)}
    edit(here.repo, "charts/early-one/values.yaml", {"service": {"early-one": BALANCED}, "extraObjects": extra})
    here.release()

    here.until(lambda: here.find("service", "early-one", "early") is not None)
    here.until(lambda: "waiting for healthy state of /Service/early-one" in here.application("early").message)
    assert here.application("early").phase == "Running"
    assert here.find("ipaddresspool", "early", "early") is None

    here.kubectl.apply(documents([annotated(pool("early", "early"), later)]), manager="tests")
    here.settle()

    (given,) = listing(dig(here.find("service", "early-one", "early"), "status", "loadBalancer"), "ingress")
    assert ipaddress.ip_address(str(given["ip"])) in ipaddress.ip_network(POOL)


BALANCED = {
    "type": "LoadBalancer",
    "annotations": {POOL_NAME: "early", "argocd.argoproj.io/sync-wave": "10"},
    "ports": {"http": {"port": 8080}},
}
"""A Service that waits in an early wave for the pool of its name."""


def annotated(item: Data, annotations: Data) -> Data:
    """The object with annotations."""
    return {**item, "metadata": {**dig(item, "metadata"), "annotations": annotations}}


def test_a_pod_starts_only_when_its_secret_and_the_keys_that_it_mounts_are_there(kubectl: Kubectl) -> None:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
    volume = {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "a.yaml", "path": "a.yaml"}]}}
    container = {"name": "app", "image": "registry.example.org/reader:1", "env": [variable]}
    create(kubectl, "v1", "Pod", "reader", spec={"containers": [container], "volumes": [volume]})

    until(kubectl, "pod", "reader", 'configmap \\"settings\\" not found')
    create(kubectl, "v1", "ConfigMap", "settings", data={"b.yaml": ""})
    until(kubectl, "pod", "reader", "couldn't find key a.yaml in ConfigMap refused/settings")
    create(kubectl, "v1", "ConfigMap", "settings", data={"a.yaml": ""})
    until(kubectl, "pod", "reader", 'secret \\"login\\" not found')
    create(kubectl, "v1", "Secret", "login", stringData={"password": "x"})

    becomes(kubectl, "condition=Ready", "pod/reader")


def test_a_claim_of_an_unknown_class_stays_pending(kubectl: Kubectl) -> None:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    create(kubectl, "v1", "PersistentVolumeClaim", "claim", spec={**wanted, "storageClassName": "refused"})
    mounted = {"name": "claim", "persistentVolumeClaim": {"claimName": "claim"}}
    container = {"name": "app", "image": "registry.example.org/reader:1"}
    create(kubectl, "v1", "Pod", "mounting", spec={"containers": [container], "volumes": [mounted]})

    def events() -> str:
        return json.dumps(kubectl.items("events", "-n", NAMESPACE, "--field-selector=involvedObject.name=claim"))

    assert wait_until(lambda: 'storageclass.storage.k8s.io \\"refused\\" not found' in events(), WAIT_S), events()
    assert dig(kubectl.find("pvc", "claim", "-n", NAMESPACE), "status")["phase"] == "Pending"

    kubectl.apply(documents([folder.storage_class("refused")]), manager="tests")
    becomes(kubectl, "jsonpath={.status.phase}=Bound", "pvc/claim")
    becomes(kubectl, "condition=Ready", "pod/mounting")


def test_a_certificate_is_issued_only_by_an_issuer_that_is_ready(kubectl: Kubectl) -> None:
    issuer = {"name": "authority", "kind": "Issuer"}
    wanted = {"secretName": "site-tls", "dnsNames": ["example.org"], "issuerRef": issuer}
    create(kubectl, "cert-manager.io/v1", "Certificate", "site", spec=wanted)

    until(kubectl, "certificate.cert-manager.io", "site", 'Issuer \\"authority\\" not found')
    create(kubectl, "cert-manager.io/v1", "Issuer", "authority", spec={"ca": {"secretName": "authority"}})
    until(kubectl, "issuer.cert-manager.io", "authority", 'secret \\"authority\\" not found')
    until(kubectl, "certificate.cert-manager.io", "site", 'Issuer \\"authority\\" is not ready')
    assert kubectl.find("secret", "site-tls", "-n", NAMESPACE) is None
    create(kubectl, "v1", "Secret", "authority", stringData={"tls.crt": "x", "tls.key": "x"})

    becomes(kubectl, "condition=Ready", "certificate.cert-manager.io/site")
    assert dig(kubectl.find("secret", "site-tls", "-n", NAMESPACE), "data").keys() >= {"tls.crt", "tls.key"}


def test_a_database_starts_only_on_storage_that_is_there_and_then_has_its_account(kubectl: Kubectl) -> None:
    storage = {"size": "1Gi", "storageClass": "refused-too"}
    create(kubectl, "postgresql.cnpg.io/v1", "Cluster", "records", spec={"instances": 1, "storage": storage})

    until(kubectl, "cluster.postgresql.cnpg.io", "records", 'storageclass \\"refused-too\\" not found')
    kubectl.apply(documents([folder.storage_class("refused-too")]), manager="tests")

    becomes(kubectl, "condition=Ready", "cluster.postgresql.cnpg.io/records")
    assert "password" in dig(kubectl.find("secret", "records-app", "-n", NAMESPACE), "data")
