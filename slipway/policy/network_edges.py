"""Network policies against each other: traffic that one pod may send, the other pod must accept. Pure.

A connection needs an egress rule at its source and an ingress rule at its target. With only one of them it times out in
the cluster without an error message, so each edge between two pods of the platform is checked from both sides, across
namespaces.

Source: Kubernetes' NetworkPolicy, `podSelector` and `namespaceSelector` with `matchLabels`, ports by name or number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, containers, labels_match, pod_labels
from slipway.policy.labels import PART_OF_LABEL
from slipway.util.mapping import dig, listing

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label that every namespace has; those of the platform have `PART_OF_LABEL` too."""

Direction = Literal["ingress", "egress"]
PEERS_FIELD: Mapping[Direction, str] = {"ingress": "from", "egress": "to"}
OPPOSITE: Mapping[Direction, Direction] = {"ingress": "egress", "egress": "ingress"}

ONE_SIDED = Rule("contract.reach", "Traffic between two services is allowed by the policies of both.")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pod:
    """The pods of a workload."""

    namespace: str
    title: str
    """`namespace/name` of the workload."""
    labels: Mapping[str, object]
    ports: Mapping[str, int]
    """Name → number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange:
    """A port of a network policy rule."""

    first: int | str | None
    """Number, or a name that the target pod does not have; None for every port of the protocol."""
    last: int | None
    protocol: str

    def allows(self, other: PortRange) -> bool:
        """Whether the first port of another range is in this one."""
        if self.protocol != other.protocol:
            return False
        if self.first is None or self.first == other.first:
            return True
        if not isinstance(self.first, int) or not isinstance(other.first, int):
            return False
        return self.last is not None and self.first <= other.first <= self.last

    def __str__(self) -> str:
        return f"{self.first}/{self.protocol}"


EVERY_PORT = tuple(PortRange(first=None, last=None, protocol=protocol) for protocol in ("TCP", "UDP"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSidedEdge:
    """Traffic that the policies of only one of its two ends allow."""

    policy: str
    """`namespace/name` of the policy that allows it."""
    source: str
    target: str
    port: str
    missing: Direction
    """The direction in which the other end does not allow it."""

    @property
    def fact(self) -> str:
        """The edge as the fact of a problem."""
        edge = f"allows traffic from {self.source} to {self.target}, port {self.port}"
        end = self.target if self.missing == "ingress" else self.source
        return f"{edge}, but the policies of {end} do not allow its {self.missing}"


@dataclass(frozen=True)
class NetworkPolicies:
    """Pods and network policies of an environment."""

    objects: Sequence[Object]
    platform: str
    """The `app.kubernetes.io/part-of` of its namespaces."""

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Pods that network policies apply to: not those on the host network."""
        templates = (
            (item, dig(item.data, *POD_TEMPLATE_PATHS[item.kind]))
            for item in self.objects
            if item.kind in POD_TEMPLATE_PATHS
        )
        return tuple(pod_of(item, pod) for item, pod in templates if not dig(pod, "spec").get("hostNetwork"))

    @cached_property
    def policies(self) -> tuple[Object, ...]:
        """NetworkPolicy objects."""
        return tuple(item for item in self.objects if item.kind == "NetworkPolicy")

    @cached_property
    def rules(self) -> Mapping[tuple[Pod, Direction], list[Mapping[str, object]]]:
        """Pod and direction → the rules of every policy that selects the pod."""
        found: dict[tuple[Pod, Direction], list[Mapping[str, object]]] = {}
        for policy in self.policies:
            for pod in self.pods_selected_by(policy):
                for direction in OPPOSITE:
                    found.setdefault((pod, direction), []).extend(listing(dig(policy.data, "spec"), direction))
        return found

    def pods_selected_by(self, policy: Object) -> list[Pod]:
        """The pods that a policy applies to."""
        selector = dig(policy.data, "spec", "podSelector", "matchLabels")
        return [pod for pod in self.pods if pod.namespace == policy.namespace and labels_match(selector, pod.labels)]

    def pods_of_peer(self, peer: Mapping[str, object], namespace: str) -> Iterator[Pod]:
        """The pods that a peer of a rule selects; an ipBlock selects none.

        Args:
            peer: an entry of `from` or `to`.
            namespace: of the policy, to which a peer without namespaceSelector is limited.
        """
        if "ipBlock" in peer:
            return
        namespace_selector = dig(peer, "namespaceSelector", "matchLabels")
        for pod in self.pods:
            namespace_labels = {NAMESPACE_LABEL: pod.namespace, PART_OF_LABEL: self.platform}
            in_namespace = (
                labels_match(namespace_selector, namespace_labels)
                if "namespaceSelector" in peer
                else pod.namespace == namespace
            )
            if in_namespace and labels_match(dig(peer, "podSelector", "matchLabels"), pod.labels):
                yield pod

    def named_pods_of_peer(self, peer: Mapping[str, object], namespace: str) -> tuple[Pod, ...]:
        """The pods of a peer that names an application; empty for a peer that selects all pods, or all of the platform."""
        names_application = dig(peer, "podSelector", "matchLabels").keys() - {PART_OF_LABEL}
        return tuple(self.pods_of_peer(peer, namespace)) if names_application else ()

    def allows(self, pod: Pod, direction: Direction, other: Pod, port: PortRange) -> bool:
        """Whether the policies of a pod allow traffic with another pod."""
        target = pod if direction == "ingress" else other
        for rule in self.rules.get((pod, direction), ()):
            peers = listing(rule, PEERS_FIELD[direction])
            peer_matches = not peers or any(other in self.pods_of_peer(peer, pod.namespace) for peer in peers)
            if peer_matches and any(allowed.allows(port) for allowed in ports_of(rule, target)):
                return True
        return False

    def one_sided_edges(self) -> Iterator[OneSidedEdge]:
        """Every edge that a policy allows and the other end does not."""
        for policy in self.policies:
            selected = self.pods_selected_by(policy)
            for direction, peers_field in PEERS_FIELD.items():
                for rule in listing(dig(policy.data, "spec"), direction):
                    for peer in listing(rule, peers_field):
                        others = self.named_pods_of_peer(peer, policy.namespace)
                        for pod in selected:
                            yield from self.edges_refused_by(others, policy, rule, direction, pod)

    def edges_refused_by(
        self,
        others: Sequence[Pod],
        policy: Object,
        rule: Mapping[str, object],
        direction: Direction,
        pod: Pod,
    ) -> Iterator[OneSidedEdge]:
        """The ports of a rule that none of the pods at the other end allows.

        One pod is enough: a peer that names an application selects all of its pods, such as the one that backs up its
        volumes. A rule without ports allows whatever the other end offers, so only listed ports are compared.
        """
        others = sorted((other for other in others if other is not pod), key=lambda other: other.title)
        ports = dict.fromkeys(
            port for other in others for port in ports_of(rule, pod if direction == "ingress" else other)
        )
        for port in ports:
            answer = OPPOSITE[direction]
            if port.first is None or any(self.allows(other, answer, pod, port) for other in others):
                continue
            source, target = (pod, others[0]) if direction == "egress" else (others[0], pod)
            yield OneSidedEdge(
                policy=f"{policy.namespace}/{policy.name}",
                source=source.title,
                target=target.title,
                port=str(port),
                missing=answer,
            )


def pod_of(item: Object, template: Mapping[str, object]) -> Pod:
    """The pods of a workload."""
    ports = {
        str(port.get("name")): number
        for container in containers(template)
        for port in listing(container, "ports")
        if isinstance(number := port.get("containerPort"), int)
    }
    return Pod(
        namespace=item.namespace, title=f"{item.namespace}/{item.name}", labels=pod_labels(template), ports=ports
    )


def ports_of(rule: Mapping[str, object], target: Pod) -> tuple[PortRange, ...]:
    """The ports of a rule, with the names that the target pod has resolved to numbers; every port when it lists none."""
    listed = tuple(port_range(port, target) for port in listing(rule, "ports"))
    return listed or EVERY_PORT


def port_range(port: Mapping[str, object], target: Pod) -> PortRange:
    """An entry of a rule's `ports`."""
    first, last = port.get("port"), port.get("endPort")
    if isinstance(first, str):
        first = target.ports.get(first, first)
    return PortRange(
        first=first if isinstance(first, (int, str)) else None,
        last=last if isinstance(last, int) else None,
        protocol=str(port.get("protocol", "TCP")),
    )


def one_sided_edge_problems(objects: Sequence[Object], platform: str, label: str) -> Iterator[Problem]:
    """Traffic between two pods that only one of them allows.

    Args:
        objects: everything that is rendered for an environment.
        platform: the `app.kubernetes.io/part-of` of its namespaces.
        label: names the environment in messages.
    """
    for edge in NetworkPolicies(objects, platform).one_sided_edges():
        yield ONE_SIDED.problem(
            where=f"NetworkPolicy {edge.policy}",
            fact=edge.fact,
            evidence=(ONE_SIDED.meaning, f"rendered with {label}"),
            hint=f"add the edge to network.{edge.missing} of the other chart, or remove it from this one",
        )
