"""Hosts and addresses that members of all umbrellas of an environment share: routes and load balancer addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Environment
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, workspace_check
from slipway.lint.members import EnabledMember, enabled_members
from slipway.lint.platform_facts import FACT, platform_facts, with_facts
from slipway.lint.positions import value_position
from slipway.util.mapping import dig
from slipway.workspace.declarations import WANTED_ADDRESS, WANTED_ADDRESS_FIELD
from slipway.workspace.documents import platform_document
from slipway.workspace.values import Path, Scopes

DUPLICATE_HOST = Rule("values.duplicate-host", "Within an environment a host and path belong to one route.")
OUTSIDE_POOL = Rule(
    "values.address-outside-pool", "An address that a Service requests is in a pool of its environment."
)

AddressRange = tuple[tuple[int, int], tuple[int, int]]
"""First and last address, each after its IP version, so that they compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRequest:
    """An address that a Service requests from MetalLB."""

    address: str
    where: str
    service: str


def members_of_umbrellas(scopes: Scopes, environment: Environment) -> Iterator[EnabledMember]:
    """The enabled members of every umbrella."""
    for umbrella in scopes.workspace.of_kind(ChartKind.UMBRELLA):
        yield from enabled_members(scopes, umbrella, environment)


@workspace_check(DUPLICATE_HOST)
def duplicate_hosts(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Two routes of an environment with the same host and path: the ingress controller would choose one of them."""
    for environment in context.workspace.environments.values():
        facts, _ = platform_facts(context.workspace, platform_document(environment))
        first: dict[tuple[str, str], tuple[str, str]] = {}
        for member in members_of_umbrellas(context.scopes, environment):
            for identifier, route in dig(member.values, "route").items():
                if not isinstance(route, Mapping) or route.get("enabled") is False or "host" not in route:
                    continue
                host, path = with_facts(facts, str(route["host"])), str(route.get("path", "/"))
                name = f"{member.key}.route.{identifier}"
                where = member.position(("route", str(identifier), "host"))
                if (host, path) in first and member.umbrella.name in names:
                    other, other_where = first[host, path]
                    yield DUPLICATE_HOST.problem(
                        where=where,
                        fact=f"{host}{path} belongs to two routes in {environment.name}",
                        evidence=(f"{other} at {other_where}", f"{name} at {where}"),
                        hint="change the host of one of them",
                    )
                first.setdefault((host, path), (name, where))


@workspace_check(OUTSIDE_POOL)
def addresses_outside_pools(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    for environment in context.workspace.environments.values():
        yield from unavailable_addresses(context, environment, names)


def unavailable_addresses(
    context: LintContext, environment: Environment, names: Sequence[ChartName]
) -> Iterator[Problem]:
    """Requested addresses that are in no pool: the Service would stay pending.

    Without a pool, or with one that cannot be parsed, there is nothing to compare with.
    """
    facts, layers = platform_facts(context.workspace, platform_document(environment))
    pools: list[str] = []
    requests: list[AddressRequest] = []
    for member in members_of_umbrellas(context.scopes, environment):
        pools += [with_facts(facts, text) for text in address_pools(member.values)]
        if member.umbrella.name not in names:
            continue
        for path, text in requested_addresses(member.values):
            where = member.position(path)
            if fact := FACT.fullmatch(text):
                where = value_position(layers, tuple(fact.group(1).split(".")))
            service = f"{member.key}.{path[0]}.{path[1]}"
            requests += [
                AddressRequest(address=address.strip(), where=where, service=service)
                for address in with_facts(facts, text).split(",")
            ]
    ranges = [found for pool in pools if (found := address_range(pool)) is not None]
    if len(ranges) < len(pools) or not ranges:
        return
    for request in requests:
        if outside(request.address, ranges):
            yield OUTSIDE_POOL.problem(
                where=request.where,
                fact=f"{request.address} is in no pool of {environment.name}",
                evidence=(f"{request.service} requests it", f"pools: {', '.join(pools)}"),
                hint=f"choose an address of a pool, in values/{environment.name}/",
            )


def outside(address: str, ranges: Sequence[AddressRange]) -> bool:
    """Whether an address is in none of some ranges; what is no address is in none."""
    found = address_range(address)
    return found is None or not any(first <= found[0] and found[1] <= last for first, last in ranges)


def address_pools(values: Mapping[str, object]) -> Iterator[str]:
    """The addresses of each IPAddressPool of a member."""
    for spec in dig(values, "extraObjects").values():
        if isinstance(spec, Mapping) and spec.get("kind") == "IPAddressPool":
            listed = dig(spec, "spec").get("addresses")
            yield from map(str, listed if isinstance(listed, list) else ())


def requested_addresses(values: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Path and value of each annotation or field with which a Service requests addresses."""
    for metadata, spec in service_paths(values):
        annotations = dig(values, *metadata, "annotations")
        for name in WANTED_ADDRESS:
            if name in annotations:
                yield (*metadata, "annotations", name), str(annotations[name])
        if address := dig(values, *spec).get(WANTED_ADDRESS_FIELD):
            yield (*spec, WANTED_ADDRESS_FIELD), str(address)


def service_paths(values: Mapping[str, object]) -> Iterator[tuple[Path, Path]]:
    """Paths of the metadata and of the spec of each Service: of the library, or written as an object."""
    for name, spec in dig(values, "service").items():
        if isinstance(spec, Mapping) and spec.get("enabled") is not False:
            yield ("service", str(name)), ("service", str(name))
    for name, spec in dig(values, "extraObjects").items():
        if isinstance(spec, Mapping) and spec.get("kind") == "Service":
            yield ("extraObjects", str(name), "metadata"), ("extraObjects", str(name), "spec")


def address_range(text: str) -> AddressRange | None:
    """The range of `10.0.0.0/24`, `10.0.0.1-10.0.0.9` or `10.0.0.1`; None for anything else."""
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(end.strip()) for end in text.split("-", 1))
            return (first.version, int(first)), (last.version, int(last))
        block = ipaddress.ip_network(text.strip())
    except ValueError:
        return None
    return (block.version, int(block[0])), (block.version, int(block[-1]))
