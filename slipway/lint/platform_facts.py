"""The facts of an environment's platform.yaml: networks, address pool, storage classes."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from slipway.core.errors import Problem
from slipway.core.model import Workspace
from slipway.core.rules import Rule
from slipway.lint.positions import value_position
from slipway.util import yaml
from slipway.util.text import closest, suggest
from slipway.workspace.documents import chart_document
from slipway.workspace.values import ABSENT, Layer, Path, coalesce, library_of, value_at

CIDR = Rule("values.cidr", "A network is a CIDR without host bits, and networks do not overlap.")
ADDRESS_POOL = Rule("values.address-pool", "The address pool is in the home network.")
TIME_ZONE = Rule("values.time-zone", "The time zone is in the tz database.")
STORAGE_CLASS = Rule("values.storage-class", "The name of a storage class is valid in Kubernetes.")

NETWORKS: tuple[Path, ...] = (("lan", "cidr"), ("pods", "cidr"), ("services", "cidr"))
POOL: Path = ("addressPool",)
ZONE: Path = ("timezone",)
CLASSES: tuple[Path, ...] = (("storage", "class"), ("storage", "mediaClass"))

DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""Name of a StorageClass. Source: RFC 1123, as Kubernetes validates object names."""

FACT = re.compile(r"\{\{-?\s*\.Values\.global\.([A-Za-z0-9_.]+)\s*-?\}\}")
"""A template action that is replaced by a fact."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def platform_facts(workspace: Workspace, document: yaml.Document) -> tuple[Mapping[str, object], tuple[Layer, ...]]:
    """The facts of an environment over the library's defaults, and these layers."""
    library = library_of(workspace)
    defaults = () if library is None else (Layer(document=chart_document(library), inside=("global",)),)
    layers = (*defaults, Layer(document=document))
    return coalesce(layers), layers


def with_facts(facts: Mapping[str, object], text: str) -> str:
    """A string with its template actions replaced by facts."""
    return FACT.sub(lambda match: str(value_at(facts, match.group(1).split("."))), text)


def fact_problems(workspace: Workspace, document: yaml.Document) -> Iterator[Problem]:
    """Facts that are invalid, or do not fit together."""
    facts, layers = platform_facts(workspace, document)
    networks: dict[Path, Network] = {}
    for path in (*NETWORKS, POOL):
        value = value_at(facts, path)
        if value is ABSENT or (path == POOL and isinstance(value, str) and "/" not in value):
            continue
        network = parse_network(value)
        if isinstance(network, str):
            yield CIDR.problem(where=value_position(layers, path), fact=f"{'.'.join(path)}: {network}")
        else:
            networks[path] = network
    yield from overlapping_networks(layers, networks)
    yield from pool_outside_lan(layers, networks, value_at(facts, POOL))
    yield from unknown_time_zone(layers, value_at(facts, ZONE))
    for path in CLASSES:
        value = value_at(facts, path)
        if isinstance(value, str) and value and "{{" not in value and not DNS_SUBDOMAIN.fullmatch(value):
            yield STORAGE_CLASS.problem(
                where=value_position(layers, path),
                fact=f"{'.'.join(path)}: {value!r} cannot be the name of a StorageClass",
                hint="use lower-case letters, digits, '-' and '.', such as local-path",
            )


def unknown_time_zone(layers: Sequence[Layer], zone: object) -> Iterator[Problem]:
    """A time zone that programs would take for UTC; a machine without a tz database knows none."""
    if isinstance(zone, str) and not is_time_zone(zone) and is_time_zone("UTC"):
        known = zoneinfo.available_timezones()
        yield TIME_ZONE.problem(
            where=value_position(layers, ZONE),
            fact=f"timezone: there is no time zone {zone!r}",
            hint=suggest(zone, known) if closest(zone, known) else "use AREA/CITY, such as Europe/Berlin",
        )


def is_time_zone(name: str) -> bool:
    """Whether the tz database of this machine has a time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def parse_network(value: object) -> Network | str:
    """A network, or the reason why the value is none."""
    if isinstance(value, str) and "/" in value:
        try:
            return ipaddress.ip_network(value)
        except ValueError:
            pass
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            pass
        else:
            return f"{value!r} has host bits set; did you mean {network}?"
    return f"{value!r} is not a network such as 192.168.1.0/24"


def overlapping_networks(layers: Sequence[Layer], networks: Mapping[Path, Network]) -> Iterator[Problem]:
    """Overlaps of the home, pod and Service networks."""
    for one, other in combinations([path for path in NETWORKS if path in networks], 2):
        if networks[one].version == networks[other].version and networks[one].overlaps(networks[other]):
            mine, theirs = (one, other) if layers[-1].has(one) else (other, one)
            yield CIDR.problem(
                where=value_position(layers, mine),
                fact=f"{'.'.join(mine)} {networks[mine]} overlaps {'.'.join(theirs)} {networks[theirs]}",
                evidence=(f"{'.'.join(theirs)} is set at {value_position(layers, theirs)}",),
            )


def pool_outside_lan(layers: Sequence[Layer], networks: Mapping[Path, Network], pool: object) -> Iterator[Problem]:
    """An address pool outside of the home network, the only one in which MetalLB announces addresses."""
    lan = networks.get(("lan", "cidr"))
    if lan is None or not isinstance(pool, str):
        return
    try:
        ends = [ipaddress.ip_address(end.strip()) for end in pool.split("-")] if "/" not in pool else []
    except ValueError:
        fact = f"addressPool: {pool!r} is neither a network nor FIRST-LAST"
        yield CIDR.problem(where=value_position(layers, POOL), fact=fact)
        return
    block = networks.get(POOL)
    inside = all(end in lan for end in ends) and (
        block is None or (block.version == lan.version and lan.supernet_of(block))  # type: ignore[arg-type]
    )
    if not inside:
        yield ADDRESS_POOL.problem(
            where=value_position(layers, POOL),
            fact=f"addressPool {pool} is not inside lan.cidr {lan}",
            evidence=(f"lan.cidr is set at {value_position(layers, ('lan', 'cidr'))}",),
            hint="choose addresses of the home network outside the range of its DHCP server",
        )
