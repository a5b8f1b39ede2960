"""CPU, memory and storage that each namespace requires, summed over the values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from slipway.docs.markdown import code, table
from slipway.docs.source.platform import Member, Platform
from slipway.docs.source.schema import Map, items, lookup
from slipway.util import quantity

GIB = 1024**3
BATCH = frozenset({"CronJob", "Job"})
"""Workloads that run to completion; they are not part of the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Resources of pods and volumes."""

    cpu: Decimal = Decimal(0)
    """Requested cores."""
    memory: Decimal = Decimal(0)
    """Requested bytes."""
    memory_limit: Decimal = Decimal(0)
    """Bytes."""
    storage: Decimal = Decimal(0)
    """Bytes of PVCs."""

    def __add__(self, other: Requirements) -> Requirements:
        """The sum of both."""
        return Requirements(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            memory_limit=self.memory_limit + other.memory_limit,
            storage=self.storage + other.storage,
        )


def text(every: Mapping[str, Platform]) -> str:
    """A row for each namespace of each environment, and their total."""
    rows = []
    for name, platform in every.items():
        sums = {umbrella: total(platform.of(umbrella)) for umbrella in platform.umbrellas}
        rows += [row(name, code(umbrella), required) for umbrella, required in sums.items()]
        rows.append(row(name, "**total**", sum(sums.values(), Requirements())))
    return table(("Environment", "Namespace", "CPU requests", "Memory requests", "Memory limits", "Storage"), rows)


def row(environment: str, namespace: str, required: Requirements) -> tuple[str, ...]:
    """A table row."""
    return (
        environment,
        namespace,
        f"{required.cpu:.1f}",
        *(f"{size / GIB:.1f} GiB" for size in (required.memory, required.memory_limit)),
        f"{required.storage / GIB:.0f} GiB",
    )


def total(members: tuple[Member, ...]) -> Requirements:
    """The sum over members."""
    return sum((one for member in members for one in of_values(member.values)), Requirements())


def of_values(values: Map) -> Iterator[Requirements]:
    """The requirements of each container, database and volume of a member."""
    for controller in enabled(values.get("controllers")):
        if controller.get("type") in BATCH:
            continue
        pods = int(str(controller.get("replicas", 1)))
        for kind in ("containers", "sidecars"):
            for container in enabled(controller.get(kind)):
                yield from (of_container(container.get("resources")) for _ in range(pods))
        for claim in enabled(controller.get("volumeClaims")):
            yield Requirements(storage=pods * amount(claim.get("size")))
    for database in enabled(values.get("databases")):
        pods = int(str(database.get("instances", 1)))
        yield from (of_container(database.get("resources")) for _ in range(pods))
        yield Requirements(storage=pods * amount(database.get("size")))
    for volume in enabled(values.get("persistence")):
        yield Requirements(storage=amount(volume.get("size")))


def enabled(data: object) -> Iterator[Map]:
    """The enabled entries of a collection."""
    return (spec for _, spec in items(data))


def of_container(resources: object) -> Requirements:
    """The requests and limits of a container."""
    return Requirements(
        cpu=amount(lookup(resources, "requests", "cpu")),
        memory=amount(lookup(resources, "requests", "memory")),
        memory_limit=amount(lookup(resources, "limits", "memory")),
    )


def amount(written: object) -> Decimal:
    """Cores or bytes of a quantity; 0 when it is not set, and for what lint refuses."""
    try:
        return quantity.parse(written)
    except ValueError:
        return Decimal(0)
