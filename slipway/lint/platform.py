"""Facts of an environment that must fit together: networks, address pool, storage classes, hosts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Environment, Workspace
from slipway.util import yaml
from slipway.workspace import values as lay
from slipway.workspace.documents import chart_document, platform_document
from slipway.workspace.values import Layer, Path

if TYPE_CHECKING:
    from slipway.workspace.values import Scopes

NETWORKS: tuple[Path, ...] = (("lan", "cidr"), ("pods", "cidr"), ("services", "cidr"))
POOL: Path = ("addressPool",)
CLASSES: tuple[Path, ...] = (("storage", "class"), ("storage", "mediaClass"))

DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""Name of a StorageClass. Source: RFC 1123, as Kubernetes validates object names."""

FACT = re.compile(r"\{\{-?\s*\.Values\.global\.([A-Za-z0-9_.]+)\s*-?\}\}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check(workspace: Workspace, document: yaml.Document) -> Iterator[Problem]:
    """An environment's facts, over the library's defaults."""
    facts, layers = facts_of(workspace, document)
    networks: dict[Path, Network] = {}
    for path in (*NETWORKS, POOL):
        value = lay.value_at(facts, path)
        if value is lay.ABSENT or (path == POOL and isinstance(value, str) and "/" not in value):
            continue
        found = network_of(value)
        if isinstance(found, str):
            name = ".".join(path)
            yield Problem(where=where_of(layers, path), fact=f"{name}: {found}", rule="values.cidr")
        else:
            networks[path] = found
    yield from overlaps(layers, networks)
    yield from pool_in_lan(layers, networks, lay.value_at(facts, POOL))
    for path in CLASSES:
        value = lay.value_at(facts, path)
        if isinstance(value, str) and value and "{{" not in value and not DNS_SUBDOMAIN.fullmatch(value):
            yield Problem(
                where=where_of(layers, path),
                fact=f"{'.'.join(path)}: {value!r} cannot be the name of a StorageClass",
                hint="use lower-case letters, digits, '-' and '.', such as local-path",
                rule="values.storage-class",
            )


def facts_of(workspace: Workspace, document: yaml.Document) -> tuple[Mapping[str, object], tuple[Layer, ...]]:
    """The facts that win, and the layers that they come from."""
    library = lay.library_of(workspace)
    defaults = () if library is None else (Layer(document=chart_document(library), inside=("global",)),)
    layers = (*defaults, Layer(document=document))
    return lay.coalesce(layers), layers


def where_of(layers: Sequence[Layer], path: Path) -> str:
    """`file:line` of the layer that sets a fact."""
    layer = lay.top_layer(layers, path)
    return layer.where(path) if layer else ""


def network_of(value: object) -> Network | str:
    """A network, or what is wrong with it."""
    if not isinstance(value, str) or "/" not in value:
        return f"{value!r} is not a network such as 192.168.1.0/24"
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        try:
            meant = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return f"{value!r} is not a network such as 192.168.1.0/24"
        return f"{value!r} has host bits set; did you mean {meant}?"


def overlaps(layers: Sequence[Layer], networks: Mapping[Path, Network]) -> Iterator[Problem]:
    """The home network, the pods' and the services' are three."""
    known = [path for path in NETWORKS if path in networks]
    for index, one in enumerate(known):
        for other in known[index + 1 :]:
            if networks[one].version == networks[other].version and networks[one].overlaps(networks[other]):
                mine, theirs = (one, other) if layers[-1].has(one) else (other, one)
                yield Problem(
                    where=where_of(layers, mine),
                    fact=f"{'.'.join(mine)} {networks[mine]} overlaps {'.'.join(theirs)} {networks[theirs]}",
                    evidence=(f"{'.'.join(theirs)} is set at {where_of(layers, theirs)}",),
                    rule="values.cidr",
                )


def pool_in_lan(layers: Sequence[Layer], networks: Mapping[Path, Network], pool: object) -> Iterator[Problem]:
    """MetalLB answers for addresses of the home network only."""
    lan = networks.get(("lan", "cidr"))
    if lan is None or not isinstance(pool, str):
        return
    try:
        ends = [ipaddress.ip_address(end.strip()) for end in pool.split("-")] if "/" not in pool else []
    except ValueError:
        fact = f"addressPool: {pool!r} is neither a network nor FIRST-LAST"
        yield Problem(where=where_of(layers, POOL), fact=fact, rule="values.cidr")
        return
    block = networks.get(POOL)
    inside = all(end in lan for end in ends) and (
        block is None or (block.version == lan.version and lan.supernet_of(block))  # type: ignore[arg-type]
    )
    if not inside:
        yield Problem(
            where=where_of(layers, POOL),
            fact=f"addressPool {pool} is not inside lan.cidr {lan}",
            evidence=(f"lan.cidr is set at {where_of(layers, ('lan', 'cidr'))}",),
            hint="choose addresses of the home network that its DHCP server does not give out",
            rule="values.address-pool",
        )


def filled(facts: Mapping[str, object], text: str) -> str:
    """A text with the facts that it names put in."""
    return FACT.sub(lambda match: str(lay.value_at(facts, match.group(1).split("."))), text)


def duplicate_hosts(run: Scopes, environment: Environment, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Two routes of an environment for one host and path: the cluster would choose one of them."""
    facts, _ = facts_of(run.workspace, platform_document(environment))
    taken: dict[tuple[str, str], tuple[str, str]] = {}
    chosen = set(names)
    for umbrella in run.workspace.of_kind(ChartKind.UMBRELLA):
        for member, scope in run.members(umbrella, environment):
            values = scope.values
            routes = values.get("route")
            if values.get("enabled") is False or not isinstance(routes, Mapping):
                continue
            for route, spec in routes.items():
                if not isinstance(spec, Mapping) or spec.get("enabled") is False or "host" not in spec:
                    continue
                host = filled(facts, str(spec["host"]))
                place = (host, str(spec.get("path", "/")))
                name = f"{member.key}.route.{route}"
                layer = lay.top_layer(scope.layers, ("route", str(route), "host"))
                where = layer.where(("route", str(route), "host")) if layer else umbrella.folder
                if place in taken and umbrella.name in chosen:
                    yield Problem(
                        where=where,
                        fact=f"{host}{place[1]} belongs to two routes in {environment.name}",
                        evidence=(f"{taken[place][0]} at {taken[place][1]}", f"{name} at {where}"),
                        hint="give one of them another host",
                        rule="values.duplicate-host",
                    )
                taken.setdefault(place, (name, where))
