"""How much of a ResourceQuota the objects of a namespace use. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from slipway.build.render import Object
from slipway.policy.chart_objects import containers
from slipway.policy.pod_resources import (
    NONE,
    Amounts,
    Defaults,
    Pods,
    Resources,
    claims_of,
    container_resources,
    pod_resources,
    pods_of,
)
from slipway.util.mapping import dig, listing

SHOWN = 3
"""Objects that a message names."""

COMPUTE = ("cpu", "memory")
"""Resources that every container must name once a quota counts them."""

OF_CLASS = ".storageclass.storage.k8s.io/"

Share = tuple[Object, Decimal]
"""An object and what it uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What is used of one resource."""

    shares: tuple[Share, ...]
    passing: Share | None
    """The largest use that comes and goes: the others wait for it, so that one at a time must fit."""

    @property
    def total(self) -> Decimal:
        """All of it, with the largest that comes and goes."""
        return sum((share for _, share in self.shares), NONE) + (NONE if self.passing is None else self.passing[1])

    @property
    def largest(self) -> list[Share]:
        """Those who use the most."""
        return sorted(self.shares, key=lambda share: (-share[1], share[0].title))[:SHOWN]


@dataclass(frozen=True)
class Quota:
    """The objects of a namespace with a quota."""

    objects: Sequence[Object]
    defaults: Defaults
    hard: Amounts

    @cached_property
    def pods(self) -> tuple[tuple[Pods, Amounts], ...]:
        """Pods, and what the quota counts for one of them."""
        return tuple((pods, counted(pod_resources(pods.spec, self.defaults))) for pods in pods_of(self.objects))

    def used(self, resource: str) -> Use | None:
        """What is used of a resource; None for one that only the cluster knows."""
        if any(resource in each for _, each in self.pods):
            steady = [(pods.owner, pods.steady * each.get(resource, NONE)) for pods, each in self.pods]
            passing = [(pods.owner, pods.passing * each.get(resource, NONE)) for pods, each in self.pods]
            most = max(passing, key=lambda share: share[1])
            return Use(shares=some(steady), passing=most if most[1] else None)
        shares = some(self.shares(resource))
        return Use(shares=shares, passing=None) if shares else None

    def shares(self, resource: str) -> Iterator[Share]:
        """What each object uses of a resource that pods do not use."""
        storage_class, _, of_class = resource.rpartition(OF_CLASS)
        for claim in claims_of(self.objects):
            if not storage_class or claim.storage_class == storage_class:
                if of_class == "requests.storage":
                    yield claim.owner, claim.count * claim.storage
                elif of_class in {"persistentvolumeclaims", "count/persistentvolumeclaims"}:
                    yield claim.owner, Decimal(claim.count)
        for item in self.objects:
            if item.kind != "PersistentVolumeClaim" and resource in {
                counter(item),
                counter(item).removeprefix("count/"),
            }:
                yield item, Decimal(1)
            if item.kind == "Service":
                yield item, service_use(item).get(resource, NONE)

    def undeclared(self) -> Iterator[tuple[Object, str, str]]:
        """Owner, container and resource that the quota counts and the container does not name."""
        wanted = {name for name in self.hard if name.removeprefix("requests.").removeprefix("limits.") in COMPUTE}
        for pods, _ in self.pods:
            for container in containers({"spec": pods.spec}):
                declared = counted(container_resources(container, self.defaults))
                yield from ((pods.owner, str(container.get("name")), name) for name in sorted(wanted - declared.keys()))


def some(shares: Sequence[Share] | Iterator[Share]) -> tuple[Share, ...]:
    """The shares that are not zero."""
    return tuple(share for share in shares if share[1])


def counted(resources: Resources) -> dict[str, Decimal]:
    """What a quota counts for one pod, under all of its names."""
    requests = {f"requests.{name}": amount for name, amount in resources.requests.items()}
    limits = {f"limits.{name}": amount for name, amount in resources.limits.items()}
    short = {name: amount for name, amount in resources.requests.items() if "/" not in name}
    return {"pods": Decimal(1), "count/pods": Decimal(1), **short, **requests, **limits}


def counter(item: Object) -> str:
    """The name by which a quota counts objects of a kind: `count/deployments.apps`."""
    kind = item.kind.lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return f"count/{plural}.{item.group}" if item.group else f"count/{plural}"


def service_use(item: Object) -> Mapping[str, Decimal]:
    """Load balancers and node ports of a Service; a load balancer has node ports too."""
    spec = dig(item.data, "spec")
    balancer = spec.get("type") == "LoadBalancer"
    ported = spec.get("type") == "NodePort" or (balancer and spec.get("allocateLoadBalancerNodePorts") is not False)
    return {
        "services.loadbalancers": Decimal(balancer),
        "services.nodeports": Decimal(len(listing(spec, "ports")) if ported else 0),
    }
