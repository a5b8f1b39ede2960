"""MetalLB's controller: a LoadBalancer gets an address of a pool that exists; Traefik: an Ingress gets that of its Service. Pure.

Source: metallb v0.16 controller/service.go, internal/allocator/allocator.go; traefik v3.7 `publishedService`.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from slipway.lab.operators.seen import METALLB, TRAEFIK, Change, Data, Seen, name_of, namespace_of, status_patch
from slipway.util.mapping import dig, listing, strings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
ASKED = "metallb.io/loadBalancerIPs"
POOL = "metallb.io/address-pool"
SHARED = "metallb.io/allow-shared-ip"
LAST = 255


def load_balancers(seen: Seen, now: str) -> Iterator[Change]:
    """Give, keep and take addresses."""
    namespaces = seen.namespaces(METALLB)
    if not namespaces:
        return
    pools = [item for item in seen.all("IPAddressPool") if namespace_of(item) in namespaces]
    services = [item for item in seen.all("Service") if is_balanced(item)]
    taken = Taken()
    waiting = []
    for service in services:
        held = [ipaddress.ip_address(text) for text in ingress(service)]
        if held and fits(service, held, pools) and all(taken.may_have(service, one) for one in held):
            taken.take(service, held)
        else:
            waiting.append(service)
    for service in waiting:
        given = choose(service, pools, taken)
        taken.take(service, given)
        if [str(one) for one in given] != ingress(service):
            status = {"loadBalancer": {"ingress": [{"ip": str(one)} for one in given]}}
            why = ", ".join(map(str, given)) or "no pool has its address any more"
            yield status_patch("Service", service, status, why)


@dataclass(frozen=True, slots=True)
class Taken:
    """Addresses that are in use."""

    by: dict[Address, list[Data]] = field(default_factory=dict)

    def take(self, service: Data, addresses: Iterable[Address]) -> None:
        """Note them."""
        for address in addresses:
            self.by.setdefault(address, []).append(service)

    def may_have(self, service: Data, address: Address) -> bool:
        """Whether an address is free, or shared by Services with the same key and other ports."""
        return all(shares(service, other) for other in self.by.get(address, ()))


def shares(service: Data, other: Data) -> bool:
    """Whether two Services may have the same address."""
    key = annotations_of(service).get(SHARED)
    return bool(key) and key == annotations_of(other).get(SHARED) and not ports(service) & ports(other)


def ports(service: Data) -> frozenset[tuple[object, object]]:
    """Of a Service."""
    listed = listing(dig(service, "spec"), "ports")
    return frozenset((port.get("protocol", "TCP"), port.get("port")) for port in listed)


def is_balanced(service: Data) -> bool:
    """Whether it is MetalLB's: other classes belong to other programs."""
    spec = dig(service, "spec")
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass")


def annotations_of(item: Data) -> Data:
    """Of an object."""
    return dig(item, "metadata", "annotations")


def ingress(item: Data) -> list[str]:
    """The addresses that an object has."""
    return [str(one["ip"]) for one in listing(dig(item, "status", "loadBalancer"), "ingress") if "ip" in one]


def asked(service: Data) -> list[Address]:
    """The addresses that a Service asks for; a ValueError when one is none."""
    text = str(annotations_of(service).get(ASKED) or dig(service, "spec").get("loadBalancerIP") or "")
    return [ipaddress.ip_address(part.strip()) for part in text.split(",") if part.strip()]


def families(service: Data) -> list[int]:
    """4 and 6: what it needs an address of."""
    return [6 if name == "IPv6" else 4 for name in strings(dig(service, "spec"), "ipFamilies") or ("IPv4",)]


def fits(service: Data, held: Sequence[Address], pools: Sequence[Data]) -> bool:
    """Whether a Service may keep its addresses."""
    try:
        wanted = asked(service)
    except ValueError:
        return False
    usable = allowed(service, pools, explicit=bool(wanted))
    return (not wanted or wanted == list(held)) and all(any(Pool(pool).has(one) for pool in usable) for one in held)


def choose(service: Data, pools: Sequence[Data], taken: Taken) -> list[Address]:
    """An address for each family, or none at all."""
    try:
        wanted = asked(service)
    except ValueError:
        return []
    found = []
    for family in families(service):
        of_family = [one for one in wanted if one.version == family]
        usable = allowed(service, pools, explicit=bool(wanted))
        candidates: Iterable[Address] = (
            (one for one in of_family if any(Pool(pool).has(one) for pool in usable))
            if wanted
            else (one for pool in usable for one in Pool(pool).addresses(family))
        )
        given = next((one for one in candidates if taken.may_have(service, one)), None)
        if given is None:
            return []
        found.append(given)
    return found


def allowed(service: Data, pools: Sequence[Data], *, explicit: bool) -> list[Data]:
    """The pools that a Service may have an address of, in MetalLB's order."""
    name = annotations_of(service).get(POOL)
    found = []
    for pool in pools:
        spec, allocation = dig(pool, "spec"), dig(pool, "spec", "serviceAllocation")
        named = name_of(pool) == name if name else explicit or spec.get("autoAssign") is not False
        if named and serves(allocation, service):
            # Those for some Services come first, by number; 0 is the last of them.
            order = (not allocation, int(str(allocation.get("priority") or 0)) or math.inf, name_of(pool))
            found.append((order, pool))
    return [pool for _, pool in sorted(found, key=lambda item: item[0])]


def serves(allocation: Data, service: Data) -> bool:
    """Whether a pool is for the namespace of a Service; one that chooses by labels is for nobody here."""
    if listing(allocation, "namespaceSelectors") or listing(allocation, "serviceSelectors"):
        return False
    namespaces = strings(allocation, "namespaces")
    return not namespaces or namespace_of(service) in namespaces


@dataclass(frozen=True, slots=True)
class Pool:
    """An IPAddressPool."""

    data: Data

    def ranges(self) -> Iterator[tuple[Address, Address]]:
        """First and last address of each."""
        for text in strings(dig(self.data, "spec"), "addresses"):
            with suppress(ValueError):  # a text that is no address has none to give
                if "-" in text:
                    first, _, last = text.partition("-")
                    yield ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
                else:
                    network = ipaddress.ip_network(text.strip(), strict=False)
                    yield network[0], network[-1]

    def has(self, address: Address) -> bool:
        """Whether an address belongs to it, and may be used."""
        if (
            dig(self.data, "spec").get("avoidBuggyIPs") is True
            and address.version == 4
            and int(address) % 256 in {0, LAST}
        ):
            return False
        return any(
            first.version == address.version and int(first) <= int(address) <= int(last)
            for first, last in self.ranges()
        )

    def addresses(self, family: int) -> Iterator[Address]:
        """One after the other."""
        for first, last in self.ranges():
            if first.version == family:
                numbers = range(int(first), int(last) + 1)
                yield from (one for one in (type(first)(number) for number in numbers) if self.has(one))


def ingresses(seen: Seen, now: str) -> Iterator[Change]:
    """An Ingress has the address of the Service that leads to Traefik."""
    found: list[str] = []
    for pod in seen.pods(TRAEFIK):
        labels = dig(pod, "metadata", "labels")
        for service in seen.all("Service"):
            selector = dig(service, "spec", "selector")
            leads = bool(selector) and selector.items() <= labels.items()
            if (
                leads
                and namespace_of(service) == namespace_of(pod)
                and dig(service, "spec").get("type") == "LoadBalancer"
            ):
                found = found or ingress(service)
    for item in seen.all("Ingress") if found else ():
        if ingress(item) != found:
            status = {"loadBalancer": {"ingress": [{"ip": one} for one in found]}}
            yield status_patch("Ingress", item, status, ", ".join(found))
