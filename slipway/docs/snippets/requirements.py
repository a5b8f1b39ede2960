"""What the platform asks of a machine: processor, memory and disk of everything that is on. Pure, from the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from slipway.docs.markdown import code, table
from slipway.docs.source.platform import Member, Platform
from slipway.docs.source.schema import Map, dig, items
from slipway.util import quantity

GIB = 1024**3
ONCE = frozenset({"CronJob", "Job"})
"""Workloads that run for a while and end; what they need is there when nothing else begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A sum over pods, or over volumes."""

    cores: Decimal = Decimal(0)
    """That the scheduler keeps for them."""
    memory: Decimal = Decimal(0)
    """Bytes that the scheduler keeps for them."""
    most: Decimal = Decimal(0)
    """Bytes that they may use at most."""
    disk: Decimal = Decimal(0)
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
        rows.append(row(name, "**total**", sum(sums.values(), Need())))
    return table(("Environment", "Namespace", "CPU requests", "Memory requests", "Memory limits", "Storage"), rows)


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
            yield Need(disk=pods * amount(claim.get("size")))
    for database in switched_on(values.get("databases")):
        pods = int(str(database.get("instances", 1)))
        yield from (pod_of(database.get("resources")) for _ in range(pods))
        yield Need(disk=pods * amount(database.get("size")))
    for volume in switched_on(values.get("persistence")):
        yield Need(disk=amount(volume.get("size")))


def switched_on(data: object) -> Iterator[Map]:
    """The entries of a collection that are not switched off."""
    return (spec for _, spec in items(data) if spec.get("enabled", True) is not False)


def pod_of(resources: object) -> Need:
    """What a container asks for."""
    return Need(
        cores=amount(dig(resources, "requests", "cpu")),
        memory=amount(dig(resources, "requests", "memory")),
        most=amount(dig(resources, "limits", "memory")),
    )


def amount(written: object) -> Decimal:
    """Cores or bytes of a quantity; 0 when it is not set, and for what lint refuses."""
    try:
        return quantity.parse(written)
    except ValueError:
        return Decimal(0)
