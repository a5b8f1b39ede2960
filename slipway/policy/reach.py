"""Whether both ends of a network edge agree: what one pod may send, the other must let in. Pure.

A policy is only half of an edge. One that is listed on one side alone is a connection that times out in the cluster, where
nothing says why; so every edge between two pods of the platform is looked at from both sides, across namespaces.

Source: Kubernetes' NetworkPolicy, `podSelector` and `namespaceSelector` with `matchLabels`, ports by name or number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from slipway.build.render import Object
from slipway.policy.subject import PODS, containers
from slipway.util.mapping import dig, listing

NAMESPACE = "kubernetes.io/metadata.name"
"""The label that every namespace has; those of the platform have `PART_OF` besides."""
PART_OF = "app.kubernetes.io/part-of"
Labels = Mapping[str, object]
Map = Mapping[str, object]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pod:
    """The pods of a workload, as a policy sees them."""

    namespace: str
    title: str
    labels: Labels
    ports: Mapping[str, tuple[int, str]]
    """Name → number and protocol."""

    def number(self, port: object) -> object:
        """A port of a rule as this pod's number; a name that it does not have stays."""
        return self.ports[port][0] if isinstance(port, str) and port in self.ports else port


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port of a rule; without a number every port of the protocol."""

    number: object
    last: int | None
    protocol: str

    def admits(self, number: object, protocol: str) -> bool:
        """Whether a connection to a port goes through."""
        if protocol != self.protocol:
            return False
        if self.number is None or number == self.number:
            return True
        return self.last is not None and isinstance(number, int) and int(str(self.number)) <= number <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An edge that one side lists and the other does not."""

    policy: str
    """`namespace/name` of the policy that lists it."""
    source: str
    target: str
    port: str
    missing: str
    """`egress` or `ingress`: the side that lacks it."""

    @property
    def fact(self) -> str:
        """In words."""
        side = "does not let it in" if self.missing == "ingress" else "may not send it"
        who = self.target if self.missing == "ingress" else self.source
        return f"lists an edge from {self.source} to {self.target}, port {self.port}, and {who} {side}"


@dataclass(frozen=True)
class Cluster:
    """Every pod and policy of an environment."""

    objects: Sequence[Object]
    platform: str
    """What the namespaces are part of."""

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Pods that policies reach: those on the node's network are not among them."""
        found = ((item, dig(item.data, *PODS[item.kind])) for item in self.objects if item.kind in PODS)
        return tuple(pod_of(item, template) for item, template in found if not dig(template, "spec").get("hostNetwork"))

    @cached_property
    def policies(self) -> tuple[Object, ...]:
        """Those that list edges; what only denies has none."""
        return tuple(item for item in self.objects if item.kind == "NetworkPolicy")

    @cached_property
    def rules(self) -> Mapping[tuple[str, str, str], list[Map]]:
        """Namespace and title of a pod, and direction → the rules of every policy that selects it."""
        found: dict[tuple[str, str, str], list[Map]] = {}
        for policy in self.policies:
            for pod in self.pods:
                if pod.namespace == policy.namespace and selects(dig(policy.data, "spec", "podSelector"), pod.labels):
                    for direction in ("ingress", "egress"):
                        listed = listing(dig(policy.data, "spec"), direction)
                        found.setdefault((pod.namespace, pod.title, direction), []).extend(listed)
        return found

    def chosen(self, peer: Map, namespace: str) -> Iterator[Pod]:
        """The pods that a peer of a rule means; addresses mean none."""
        if "ipBlock" in peer:
            return
        for pod in self.pods:
            here = {NAMESPACE: pod.namespace, PART_OF: self.platform}
            where = dig(peer, "namespaceSelector")
            inside = selects(where, here) if "namespaceSelector" in peer else pod.namespace == namespace
            if inside and selects(dig(peer, "podSelector"), pod.labels):
                yield pod

    def allows(self, pod: Pod, direction: str, other: Pod, number: object, protocol: str) -> bool:
        """Whether the policies of a pod let a connection with another one through."""
        target = pod if direction == "ingress" else other
        for rule in self.rules.get((pod.namespace, pod.title, direction), ()):
            peers = listing(rule, "from" if direction == "ingress" else "to")
            meant = not peers or any(other in tuple(self.chosen(peer, pod.namespace)) for peer in peers)
            if meant and any(door.admits(number, protocol) for door in doors(rule, target)):
                return True
        return False


def pod_of(item: Object, template: Map) -> Pod:
    """The pods of a workload."""
    ports = {
        str(port.get("name")): (int(str(port.get("containerPort"))), str(port.get("protocol", "TCP")))
        for container in containers(template)
        for port in listing(container, "ports")
    }
    title = f"{item.namespace}/{item.name}"
    return Pod(namespace=item.namespace, title=title, labels=dig(template, "metadata", "labels"), ports=ports)


def selects(selector: Map, labels: Labels) -> bool:
    """Whether a selector means these labels; an empty one means everything."""
    return all(labels.get(key) == value for key, value in dig(selector, "matchLabels").items())


def doors(rule: Map, target: Pod) -> tuple[Door, ...]:
    """The ports of a rule, as numbers of the pod that is reached; all of them when it names none."""
    listed = listing(rule, "ports")
    if not listed:
        return tuple(Door(number=None, last=None, protocol=protocol) for protocol in ("TCP", "UDP"))
    return tuple(
        Door(
            number=target.number(port.get("port")),
            last=int(str(port["endPort"])) if "endPort" in port else None,
            protocol=str(port.get("protocol", "TCP")),
        )
        for port in listed
    )


def one_sided(objects: Sequence[Object], platform: str) -> Iterator[Trouble]:
    """Every edge between two pods that only one of them lists.

    A rule without ports is a wish for whatever the other side offers, so only the listed ports are asked for.

    Args:
        objects: everything that is rendered for an environment.
        platform: the `app.kubernetes.io/part-of` of its namespaces.
    """
    cluster = Cluster(objects, platform)
    for policy in cluster.policies:
        own = [pod for pod in cluster.pods if pod.namespace == policy.namespace]
        mine = [pod for pod in own if selects(dig(policy.data, "spec", "podSelector"), pod.labels)]
        for direction, side in (("egress", "to"), ("ingress", "from")):
            for rule in listing(dig(policy.data, "spec"), direction):
                for peer in listing(rule, side):
                    others = ends(cluster, peer, policy.namespace)
                    for here in mine:
                        yield from compared(cluster, policy, rule, direction=direction, here=here, others=others)


def ends(cluster: Cluster, peer: Map, namespace: str) -> tuple[Pod, ...]:
    """The pods that a peer names; one that means every pod, or every one of the platform, names none."""
    named = dig(peer, "podSelector", "matchLabels").keys() - {PART_OF}
    return tuple(cluster.chosen(peer, namespace)) if named else ()


def compared(
    cluster: Cluster, policy: Object, rule: Map, *, direction: str, here: Pod, others: Sequence[Pod]
) -> Iterator[Trouble]:
    """The other side's answer, port by port; one of the pods that a peer means is enough.

    A peer that names an application means each of its pods, such as the one that copies its volumes.
    """
    answer = "ingress" if direction == "egress" else "egress"
    there = sorted((pod for pod in others if pod is not here), key=lambda pod: pod.title)
    asked = dict.fromkeys(door for pod in there for door in doors(rule, here if direction == "ingress" else pod))
    for door in asked:
        if door.number is None or any(cluster.allows(pod, answer, here, door.number, door.protocol) for pod in there):
            continue
        first = there[0]
        source, target = (here, first) if direction == "egress" else (first, here)
        yield Trouble(
            policy=f"{policy.namespace}/{policy.name}",
            source=source.title,
            target=target.title,
            port=f"{door.number}/{door.protocol}",
            missing=answer,
        )
