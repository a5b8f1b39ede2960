"""What NetworkPolicies allow between pods, as the API reference says it. Pure.

Source: Kubernetes v1.37 NetworkPolicySpec: a pod that no policy selects for a direction is open in it; one that is selected
is open to what any of its policies lists. A connection needs the egress of its source and the ingress of its target.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.util.mapping import dig, listing, strings

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One end of a connection; without a namespace it is no pod."""

    address: str
    namespace: str = ""
    name: str = ""
    labels: Mapping[str, object]
    ports: Mapping[str, int]
    """Name → number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies and namespaces of a cluster."""

    policies: Sequence[Data]
    namespaces: Mapping[str, Mapping[str, object]]
    """Name → labels."""

    def allow(self, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection is allowed."""
        out = self.direction(source, "Egress", target, (port, protocol), named=target)
        return out and self.direction(target, "Ingress", source, (port, protocol), named=target)

    def direction(self, of: Peer, way: str, other: Peer, port: tuple[int, str], *, named: Peer) -> bool:
        """Whether one end allows it."""
        if not of.namespace:
            return True
        mine = [item for item in self.policies if self.selects(item, of) and way in types(item)]
        rules = [rule for item in mine for rule in listing(dig(item, "spec"), way.lower())]
        field = "to" if way == "Egress" else "from"
        return not mine or any(
            self.peers(rule, field, other, of.namespace) and ports(rule, *port, named) for rule in rules
        )

    def selects(self, policy: Data, pod: Peer) -> bool:
        """Whether a policy is about a pod."""
        return dig(policy, "metadata").get("namespace") == pod.namespace and matches(
            dig(policy, "spec", "podSelector"), pod.labels
        )

    def peers(self, rule: Data, field: str, other: Peer, namespace: str) -> bool:
        """Whether the other end is one of a rule's peers; a rule without any is about all."""
        listed = listing(rule, field)
        return not listed or any(self.peer(item, other, namespace) for item in listed)

    def peer(self, item: Data, other: Peer, namespace: str) -> bool:
        """Whether the other end is this peer."""
        block = dig(item, "ipBlock")
        if block:
            address = ipaddress.ip_address(other.address)
            return address in ipaddress.ip_network(str(block["cidr"])) and not any(
                address in ipaddress.ip_network(cidr) for cidr in strings(block, "except")
            )
        if not other.namespace:
            return False
        inside = (
            matches(dig(item, "namespaceSelector"), self.namespaces[other.namespace])
            if "namespaceSelector" in item
            else other.namespace == namespace
        )
        return inside and ("podSelector" not in item or matches(dig(item, "podSelector"), other.labels))


def types(policy: Data) -> tuple[str, ...]:
    """The directions that a policy is about."""
    return strings(dig(policy, "spec"), "policyTypes")


def ports(rule: Data, port: int, protocol: str, named: Peer) -> bool:
    """Whether a port is one of a rule's; a rule without any is about all. Names are those of the target."""
    listed = listing(rule, "ports")
    return not listed or any(
        str(item.get("protocol", "TCP")) == protocol
        and ("port" not in item or port_number(item["port"], named) == port or within(item, port))
        for item in listed
    )


def port_number(value: object, named: Peer) -> int:
    """A port by number or by name."""
    return named.ports.get(value, 0) if isinstance(value, str) else int(str(value))


def within(item: Data, port: int) -> bool:
    """Whether a port is in a range."""
    return "endPort" in item and int(str(item["port"])) <= port <= int(str(item["endPort"]))


def matches(selector: Data, labels: Mapping[str, object]) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    if any(labels.get(key) != value for key, value in dig(selector, "matchLabels").items()):
        return False
    return all(expression(item, labels) for item in listing(selector, "matchExpressions"))


def expression(item: Data, labels: Mapping[str, object]) -> bool:
    """One of `matchExpressions`."""
    key, values = str(item["key"]), strings(item, "values")
    present = key in labels
    return {
        "In": present and str(labels.get(key)) in values,
        "NotIn": not present or str(labels.get(key)) not in values,
        "Exists": present,
        "DoesNotExist": not present,
    }[str(item["operator"])]
