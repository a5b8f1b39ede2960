"""The real controller of MetalLB gives out addresses of the pool, and judges what is written into pools."""

import base64
import ipaddress
import json
from typing import cast

from slipway.nested import dig, listing
from testing.reality import Answer, Reality

WEBHOOK = 9443
HOST = "metallb-webhook-service.infra.svc"


def pool(real: Reality) -> ipaddress.IPv4Network:
    """The addresses of the platform's pool."""
    (found,) = (item.data for item in real.objects if item.kind == "IPAddressPool")
    (addresses,) = cast(list[str], dig(found, "spec")["addresses"])
    return ipaddress.IPv4Network(addresses)


def authority(real: Reality) -> str:
    """The certificate that the controller wrote into the webhook's configuration; empty until it did."""
    found = real.kubectl.find("validatingwebhookconfiguration", "metallb-webhook-configuration") or {}
    bundles = {str(dig(item, "clientConfig").get("caBundle", "")) for item in listing(found, "webhooks")}
    return base64.b64decode(bundles.pop()).decode() if len(bundles) == 1 else ""


def judged(real: Reality, addresses: str) -> Answer:
    """What the webhook says of a pool, asked as the API server asks."""
    pool = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": "tried", "namespace": "infra"},
        "spec": {"addresses": [addresses]},
    }
    kind = {"group": "metallb.io", "version": "v1beta1", "kind": "IPAddressPool"}
    request = {"uid": "1", "kind": kind, "operation": "CREATE", "namespace": "infra", "name": "tried", "object": pool}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return real.ask(
        "metallb",
        WEBHOOK,
        "/validate-metallb-io-v1beta1-ipaddresspool",
        host=HOST,
        trusted=authority(real),
        body=json.dumps(review).encode(),
        headers={"Content-Type": "application/json"},
    )


def test_traefik_gets_the_address_that_it_asks_for(real: Reality) -> None:
    (service,) = (item for item in real.objects if item.kind == "Service" and item.name == "traefik")
    wanted = service.annotations["metallb.io/loadBalancerIPs"]
    assert ipaddress.IPv4Address(wanted) in pool(real)

    def given() -> list[object]:
        found = real.kubectl.find("service", "traefik", "-n", "infra") or {}
        return [item.get("ip") for item in listing(dig(found, "status", "loadBalancer"), "ingress")]

    real.until(lambda: given() == [wanted], f"has {given()}: {real.log('metallb')[-3000:]}")


def test_the_webhook_judges_pools_with_the_authority_that_it_wrote(real: Reality) -> None:
    real.until(lambda: bool(authority(real)), real.log("metallb")[-3000:])

    free, taken = judged(real, "198.51.100.0/24"), judged(real, str(pool(real)))

    for answer, allowed in ((free, True), (taken, False)):
        assert answer.status == 200, answer.body
        assert isinstance(answer.json, dict)
        assert answer.json["response"]["allowed"] is allowed, answer.body


def test_the_conversion_of_peers_has_the_same_authority(real: Reality) -> None:
    real.until(lambda: bool(authority(real)), real.log("metallb")[-3000:])

    found = real.kubectl.find("crd", "bgppeers.metallb.io") or {}

    bundle = str(dig(found, "spec", "conversion", "webhook", "clientConfig")["caBundle"])
    assert base64.b64decode(bundle).decode() == authority(real)


def test_nothing_is_forbidden_to_it(real: Reality) -> None:
    assert "forbidden" not in real.log("metallb")
