"""Objects against the LimitRanges and ResourceQuotas of their namespace: what the API server would refuse. Pure.

The API server refuses such a claim when Argo CD applies it, and such a pod without an event at its Deployment.

Source: Kubernetes 1.37, plugin/pkg/admission/limitranger/admission.go, pkg/quota/v1/evaluator/core/{pods,services,
persistent_volume_claims}.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.pod_resources import (
    NONE,
    Amounts,
    Defaults,
    Resources,
    amounts,
    claims_of,
    container_defaults,
    container_resources,
    pod_resources,
    pods_of,
    roles,
    written,
)
from slipway.policy.quota import Quota
from slipway.util.mapping import dig, listing

LIMIT_RANGE = Rule("contract.limit-range", "Claims, pods and containers are within the LimitRanges of their namespace.")
QUOTA = Rule("contract.quota", "The objects of a namespace fit into its ResourceQuota, with a rolling update or a job.")

ValuePaths = Mapping[tuple[str, str], str]
"""Kind and name of an object → the path of its entry in the values of its umbrella."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfBounds:
    """An amount outside of an entry of a LimitRange."""

    fact: str
    value: str
    """Where the values have it."""
    end: str
    """`maximum`, `minimum` or `ratio`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Something that a LimitRange bounds."""

    what: str
    """`container app`, `pod`, `claim`."""
    resources: Resources
    values: str
    """Where the values have `requests` and `limits`, or the size of a claim."""

    def value(self, of: str, resource: str) -> str:
        """The path of one amount; a claim has a size alone."""
        return self.values if self.what == "claim" else f"{self.values}.{of}.{resource}"

    def amounts(self, of: str) -> Amounts:
        """`requests` or `limits`."""
        return self.resources.requests if of == "requests" else self.resources.limits

    def beyond(self, of: str, resource: str, relation: str, bound: Decimal) -> OutOfBounds:
        """An amount beside its bound."""
        amount = written(resource, self.amounts(of)[resource])
        named = resource if self.what == "claim" else f"{of}.{resource}"
        fact = f"{self.what} has {named} {amount}, {relation} {written(resource, bound)}"
        return OutOfBounds(fact=fact, value=self.value(of, resource), end=relation.rpartition(" ")[2])

    def missing(self, of: str, resource: str, end: str) -> OutOfBounds:
        """A missing amount that a bound requires."""
        fact = f"{self.what} has no {of.removesuffix('s')} of {resource}, which has a {end}"
        return OutOfBounds(fact=fact, value=self.value(of, resource), end=end)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The LimitRanges and quotas of one namespace, and its objects."""

    objects: Sequence[Object]
    label: str
    values: ValuePaths = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Object]:
        """Objects of a kind."""
        return [item for item in self.objects if item.kind == kind]

    def path(self, item: Object) -> str:
        """The entry of an object in the values; what it is called where the values have none."""
        return self.values.get((item.kind, item.name), item.title)

    @property
    def defaults(self) -> Defaults:
        """What a container gets that says nothing."""
        return container_defaults(self.of_kind("LimitRange"))

    def measured(self, kind: str) -> Iterator[tuple[Object, Measured]]:
        """Everything of a type of LimitRange, once for each object."""
        if kind == "PersistentVolumeClaim":
            for claim in claims_of(self.objects):
                resources = Resources(requests={"storage": claim.storage}, limits={})
                size = "size" if claim.owner.kind != "StatefulSet" else claim.field
                yield (
                    claim.owner,
                    Measured(what="claim", resources=resources, values=f"{self.path(claim.owner)}.{size}"),
                )
        for pods in pods_of(self.objects):
            path = self.path(pods.owner)
            if kind == "Pod":
                yield pods.owner, Measured(what="pod", resources=pod_resources(pods.spec, self.defaults), values=path)
            for role, container in roles(pods.spec) if kind == "Container" else ():
                name = container.get("name")
                within = f"{path}.{role}.{name}" if pods.owner.kind != "Cluster" else path
                resources = container_resources(container, self.defaults)
                yield pods.owner, Measured(what=f"container {name}", resources=resources, values=f"{within}.resources")

    def outside(self, application: str) -> Iterator[Problem]:
        """What is above a maximum or below a minimum."""
        for bound in self.of_kind("LimitRange"):
            for entry in listing(dig(bound.data, "spec"), "limits"):
                for owner, thing in self.measured(str(entry.get("type"))):
                    for found in out_of_bounds(thing, entry):
                        yield LIMIT_RANGE.problem(
                            where=f"{application}: {owner.title}",
                            fact=f"{found.fact} of {bound.title}",
                            evidence=("the API server refuses it", f"rendered with {self.label}"),
                            hint=f"change {found.value}, or the {found.end} in {self.path(bound)}.spec.limits",
                        )

    def beyond(self, application: str) -> Iterator[Problem]:
        """What a quota does not allow."""
        for item in self.of_kind("ResourceQuota"):
            quota = Quota(objects=self.objects, defaults=self.defaults, hard=amounts(dig(item.data, "spec", "hard")))
            if "scopes" in dig(item.data, "spec") or "scopeSelector" in dig(item.data, "spec"):
                continue
            for resource, allowed in quota.hard.items():
                found = quota.used(resource)
                if found is None or found.total <= allowed:
                    continue
                evidence = [f"{self.path(owner)}: {written(resource, share)}" for owner, share in found.largest]
                if found.passing is not None:
                    owner, share = found.passing
                    evidence.append(f"a rolling update or a job of {owner.title} adds {written(resource, share)}")
                total = written(resource, found.total)
                yield QUOTA.problem(
                    where=f"{application}: {item.title}",
                    fact=f"{total} of {resource} are needed, and {written(resource, allowed)} are allowed",
                    evidence=(*evidence, f"rendered with {self.label}"),
                    hint=f"lower one of them, or raise {self.path(item)}.spec.hard.{resource}",
                )
            for owner, container, resource in quota.undeclared():
                yield QUOTA.problem(
                    where=f"{application}: {owner.title}",
                    fact=f"container {container} has no {resource}, which {item.title} counts",
                    evidence=("the API server refuses its pods", f"rendered with {self.label}"),
                    hint=f"set it in {self.path(owner)}, or a default in the LimitRange of the namespace",
                )


def out_of_bounds(thing: Measured, entry: Mapping[str, object]) -> Iterator[OutOfBounds]:
    """What is outside of an entry of a LimitRange."""
    for resource, end in amounts(dig(entry, "max")).items():
        # A claim has requests alone; everything else must have a limit where there is a maximum.
        if thing.what != "claim" and resource not in thing.resources.limits:
            yield thing.missing("limits", resource, "maximum")
        else:
            beyond = [of for of in ("limits", "requests") if thing.amounts(of).get(resource, NONE) > end]
            yield from (thing.beyond(of, resource, "more than the maximum", end) for of in beyond[:1])
    for resource, end in amounts(dig(entry, "min")).items():
        if resource not in thing.resources.requests:
            yield thing.missing("requests", resource, "minimum")
        else:
            below = [of for of in ("requests", "limits") if thing.amounts(of).get(resource, end) < end]
            yield from (thing.beyond(of, resource, "less than the minimum", end) for of in below[:1])
    for resource, end in amounts(dig(entry, "maxLimitRequestRatio")).items():
        request = thing.resources.requests.get(resource, NONE)
        if not request or thing.resources.limits.get(resource, NONE) > end * request:
            fact = f"{thing.what} has a limit of {resource} above {end.normalize():f} times its request, the ratio"
            yield OutOfBounds(fact=fact, value=thing.value("limits", resource), end="ratio")


def bounds_problems(
    objects: Sequence[Object], application: str, label: str, values: ValuePaths | None = None
) -> Iterator[Problem]:
    """What the API server would refuse by a LimitRange or a quota of the objects' own namespaces.

    Args:
        objects: everything that an umbrella renders.
        application: its name.
        label: which values it was rendered with.
        values: where the umbrella's values have an object.
    """
    for namespace in dict.fromkeys(item.namespace for item in objects):
        inside = [item for item in objects if item.namespace == namespace]
        bounds = Bounds(objects=inside, label=label, values=values or {})
        yield from bounds.outside(application)
        yield from bounds.beyond(application)
