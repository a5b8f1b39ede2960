"""What the platform asks of a machine: processor, memory and disk of everything that is on. Pure, from the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.markdown import code, table
from slipway.docs.source.platform import Member, Platform
from slipway.docs.source.schema import Map, dig, items
from slipway.versioning.evidence.objects import size_bytes

GIB = 1024**3
ONCE = frozenset({"CronJob", "Job"})
"""Workloads that run for a while and end; what they need is there when nothing else begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A sum over pods, or over volumes."""

    cores: float = 0.0
    """That the scheduler keeps for them."""
    memory: float = 0.0
    """Bytes that the scheduler keeps for them."""
    most: float = 0.0
    """Bytes that they may use at most."""
    disk: float = 0.0
    """Bytes of claims."""

    def __add__(self, other: Need) -> Need:
        """Both together."""
        return Need(
            cores=self.cores + other.cores,
            memory=self.memory + other.memory,
            most=self.most + other.most,
            disk=self.disk + other.disk,
        )


def text(every: Mapping[str, Platform]) -> str:
    """A row for each namespace of each environment, and their sum."""
    rows = []
    for name, one in every.items():
        sums = {umbrella: total(one.of(umbrella)) for umbrella in one.umbrellas}
        rows += [row(name, code(umbrella), need) for umbrella, need in sums.items()]
        rows.append(row(name, "**together**", sum(sums.values(), Need())))
    return table(("Environment", "Namespace", "Cores", "Memory kept", "Memory at most", "Volumes"), rows)


def row(environment: str, what: str, need: Need) -> tuple[str, ...]:
    """A sum in words."""
    return (
        environment,
        what,
        f"{need.cores:.1f}",
        *(f"{size / GIB:.1f} GiB" for size in (need.memory, need.most)),
        f"{need.disk / GIB:.0f} GiB",
    )


def total(members: tuple[Member, ...]) -> Need:
    """Everything of some members."""
    return sum((need for member in members for need in needs(member.values)), Need())


def needs(values: Map) -> Iterator[Need]:
    """What each workload, database and volume of a member asks for."""
    for controller in switched_on(values.get("controllers")):
        if controller.get("type") in ONCE:
            continue
        pods = int(str(controller.get("replicas", 1)))
        for kind in ("containers", "sidecars"):
            for container in switched_on(controller.get(kind)):
                yield from (pod_of(container.get("resources")) for _ in range(pods))
        for claim in switched_on(controller.get("volumeClaims")):
            yield Need(disk=pods * size_bytes(claim.get("size")))
    for database in switched_on(values.get("databases")):
        pods = int(str(database.get("instances", 1)))
        yield from (pod_of(database.get("resources")) for _ in range(pods))
        yield Need(disk=pods * size_bytes(database.get("size")))
    for volume in switched_on(values.get("persistence")):
        yield Need(disk=size_bytes(volume.get("size")))


def switched_on(data: object) -> Iterator[Map]:
    """The entries of a collection that are not switched off."""
    return (spec for _, spec in items(data) if spec.get("enabled", True) is not False)


def pod_of(resources: object) -> Need:
    """What a container asks for."""
    return Need(
        cores=cores_of(dig(resources, "requests", "cpu")),
        memory=size_bytes(dig(resources, "requests", "memory")),
        most=size_bytes(dig(resources, "limits", "memory")),
    )


def cores_of(said: object) -> float:
    """Processors as a quantity says them: `250m` or `2`; none when nothing is said."""
    written = str(said or 0)
    return float(written.removesuffix("m")) / 1000 if written.endswith("m") else float(written)
