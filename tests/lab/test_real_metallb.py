"""The real controller of MetalLB gives out addresses of the pool, and writes its authority where it is asked for.

Its webhook is not asked: it starts when a kubelet has brought its certificate into the pod, and none runs here.
"""

import base64
import ipaddress
from typing import cast

from slipway.util.mapping import dig, listing
from testing.reality import Reality


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


def test_traefik_gets_the_address_that_it_asks_for(real: Reality) -> None:
    (service,) = (item for item in real.objects if item.kind == "Service" and item.name == "traefik")
    wanted = service.annotations["metallb.io/loadBalancerIPs"]
    assert ipaddress.IPv4Address(wanted) in pool(real)

    def given() -> list[object]:
        found = real.kubectl.find("service", "traefik", "-n", "infra") or {}
        return [item.get("ip") for item in listing(dig(found, "status", "loadBalancer"), "ingress")]

    real.until(lambda: given() == [wanted], f"has {given()}: {real.log('metallb')[-3000:]}")


def test_the_conversion_of_peers_has_the_same_authority(real: Reality) -> None:
    real.until(lambda: bool(authority(real)), real.log("metallb")[-3000:])

    found = real.kubectl.find("crd", "bgppeers.metallb.io") or {}

    bundle = str(dig(found, "spec", "conversion", "webhook", "clientConfig")["caBundle"])
    assert base64.b64decode(bundle).decode() == authority(real)


def test_nothing_is_forbidden_to_it(real: Reality) -> None:
    assert "forbidden" not in real.log("metallb")
