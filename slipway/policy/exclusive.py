"""What only one Service or pod of a cluster can have: an address, a port of a node, a node port. Pure.

The second one waits without an error at its Service or Deployment, or the API server refuses it. Who is second depends
on the start, so all umbrellas of an environment are compared.

Source: MetalLB 0.16, internal/allocator/{allocator,k8salloc}.go, controller/service.go; Kubernetes 1.37,
pkg/scheduler/framework/types.go, HostPortInfo, pkg/registry/core/service/portallocator/allocator.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS
from slipway.policy.pod_resources import counts
from slipway.util.mapping import dig, listing
from slipway.workspace.declarations import WANTED_ADDRESS, WANTED_ADDRESS_FIELD

ADDRESS = Rule("contract.address", "An address of the pool belongs to one Service, or to several that may share it.")
HOST_PORT = Rule("contract.host-port", "A port of a node belongs to one pod.")
NODE_PORT = Rule("contract.node-port", "A node port belongs to one Service.")

SHARING_KEY = ("metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip")
"""The annotation with which Services share an address, and its old name."""

EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 nothing is bound here

Port = tuple[str, int]
"""Protocol and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two objects that cannot both have something."""

    rule: Rule
    second: Object
    first: Object
    what: str
    """`requests the address 192.168.1.245`."""
    reason: str
    hint: str

    def problem(self, label: str) -> Problem:
        """The conflict as a problem of the second one."""
        one = "it" if self.first is self.second else f"{self.first.kind} {self.first.namespace}/{self.first.name}"
        return self.rule.problem(
            where=f"{self.second.namespace}: {self.second.title}",
            fact=f"{self.what}, which {one} has already",
            evidence=(self.reason, f"rendered with {label}"),
            hint=self.hint,
        )


def exclusive_problems(objects: Sequence[Object], label: str) -> Iterator[Problem]:
    """What two objects of an environment want for themselves.

    Args:
        objects: everything that all umbrellas render for an environment.
        label: its name.
    """
    for find in (shared_addresses, shared_host_ports, second_pods, shared_node_ports):
        yield from (conflict.problem(label) for conflict in find(objects))


def shared_addresses(objects: Sequence[Object]) -> Iterator[Conflict]:
    """Two load balancers that request one address and may not share it."""
    balancers = [item for item in objects if item.kind == "Service" and item.at("spec", "type") == "LoadBalancer"]
    for first, second in combinations(balancers, 2):
        both = [address for address in addresses(second) if address in addresses(first)]
        if both and (reason := not_shared(first, second)):
            yield Conflict(
                rule=ADDRESS,
                second=second,
                first=first,
                what=f"requests the address {', '.join(both)}",
                reason=reason,
                hint=f"request another address, or give both the same {SHARING_KEY[0]} and different ports",
            )


def addresses(service: Object) -> tuple[str, ...]:
    """The addresses that a Service requests."""
    asked = annotation(service, WANTED_ADDRESS) or str(service.at("spec", WANTED_ADDRESS_FIELD) or "")
    return tuple(address.strip() for address in asked.split(",") if address.strip())


def annotation(item: Object, names: Sequence[str]) -> str:
    """The first of some annotations that an object has; empty without one."""
    return next((text for name in names if (text := item.annotations.get(name))), "")


def not_shared(first: Object, second: Object) -> str:
    """Why MetalLB does not give two Services one address; empty when it does."""
    keys = annotation(first, SHARING_KEY), annotation(second, SHARING_KEY)
    if not all(keys):
        return f"MetalLB: both need the annotation {SHARING_KEY[0]} to share it"
    if keys[0] != keys[1]:
        return f"MetalLB: they share it only with one key, and have {keys[0]} and {keys[1]}"
    if same := sorted(service_ports(first) & service_ports(second)):
        return f"MetalLB: they share it only with different ports, and both have {listed(same)}"
    if backends(first) != backends(second):
        return "MetalLB: with externalTrafficPolicy Local they share it only with the same pods"
    return ""


def service_ports(service: Object) -> frozenset[Port]:
    """The ports of a Service."""
    return frozenset(
        (str(port.get("protocol", "TCP")), number)
        for port in listing(dig(service.data, "spec"), "ports")
        if isinstance(number := port.get("port"), int)
    )


def backends(service: Object) -> Mapping[str, object]:
    """The selector where only a node with its pods announces the address; empty otherwise."""
    local = service.at("spec", "externalTrafficPolicy") == "Local"
    return dig(service.data, "spec", "selector") if local else {}


def shared_host_ports(objects: Sequence[Object]) -> Iterator[Conflict]:
    """Pods of two workloads that may run on one node and want one port of it."""
    for first, second in combinations([item for item in objects if host_ports(item)], 2):
        both = [
            (protocol, port)
            for ip, protocol, port in host_ports(second)
            if taken(host_ports(first), ip, protocol, port)
        ]
        if both and may_share_node(first, second):
            yield Conflict(
                rule=HOST_PORT,
                second=second,
                first=first,
                what=f"listens on the port of the node {listed(both)}",
                reason="the scheduler starts only one of them on a node, and the other stays Pending",
                hint="change the port of one of them, or bind them to different nodes by nodeSelector",
            )


def taken(ports: Sequence[tuple[str, str, int]], ip: str, protocol: str, port: int) -> bool:
    """Whether a port of a node is among others: of the same address, or of every address."""
    return any(
        (protocol, port) == (other_protocol, other_port) and (ip == other or EVERY_ADDRESS & {ip, other})
        for other, other_protocol, other_port in ports
    )


def host_ports(item: Object) -> tuple[tuple[str, str, int], ...]:
    """Address, protocol and number of each port of the node that a workload's pods listen on."""
    if item.kind not in POD_TEMPLATE_PATHS:
        return ()
    spec = dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec")
    beside = [entry for entry in listing(spec, "initContainers") if entry.get("restartPolicy") == "Always"]
    field = "containerPort" if spec.get("hostNetwork") is True else "hostPort"
    return tuple(
        (str(port.get("hostIP", "")), str(port.get("protocol", "TCP")), number)
        for container in (*beside, *listing(spec, "containers"))
        for port in listing(container, "ports")
        if isinstance(number := port.get(field), int)
    )


def may_share_node(first: Object, second: Object) -> bool:
    """Whether no node selector keeps the pods of two workloads apart."""
    one, other = (dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec", "nodeSelector") for item in (first, second))
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def second_pods(objects: Sequence[Object]) -> Iterator[Conflict]:
    """A rolling update that starts the new pod beside the old one; how many nodes there are is not known here."""
    for item in objects:
        if item.kind == "Deployment" and host_ports(item) and counts(item)[1]:
            ports = [(protocol, port) for _, protocol, port in host_ports(item)]
            yield Conflict(
                rule=HOST_PORT,
                second=item,
                first=item,
                what=f"starts its new pod on the port of the node {listed(ports)}",
                reason="a rolling update starts the new pod before the old one has ended, and it stays Pending",
                hint="set its strategy to Recreate, or maxSurge to 0",
            )


def shared_node_ports(objects: Sequence[Object]) -> Iterator[Conflict]:
    """Two Services with one node port; the API server gives a number to one Service, whatever the protocol."""
    for first, second in combinations([item for item in objects if node_ports(item)], 2):
        if both := sorted(node_ports(first) & node_ports(second)):
            yield Conflict(
                rule=NODE_PORT,
                second=second,
                first=first,
                what=f"has the node port {', '.join(map(str, both))}",
                reason="the API server refuses the second: provided port is already allocated",
                hint="change the nodePort of one of them, or leave it out",
            )


def node_ports(item: Object) -> frozenset[int]:
    """The node ports that a Service asks for."""
    if item.kind != "Service":
        return frozenset()
    spec = dig(item.data, "spec")
    asked = [*(port.get("nodePort") for port in listing(spec, "ports")), spec.get("healthCheckNodePort")]
    return frozenset(number for number in asked if isinstance(number, int))


def listed(ports: Sequence[Port]) -> str:
    """Ports as a person writes them."""
    return ", ".join(f"{number}/{protocol}" for protocol, number in dict.fromkeys(ports))
