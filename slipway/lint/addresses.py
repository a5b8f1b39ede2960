"""Addresses that Services ask MetalLB for: each one must be in a pool of its environment, or the Service waits for ever."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Environment
from slipway.lint.platform import FACT, facts_of, filled, where_of
from slipway.util.mapping import dig
from slipway.workspace import values as lay
from slipway.workspace.declarations import WANTED_ADDRESS
from slipway.workspace.documents import platform_document
from slipway.workspace.values import Path

if TYPE_CHECKING:
    from slipway.workspace.values import Scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An address that a Service asks for."""

    address: str
    where: str
    who: str


def outside_of_pools(run: Scopes, environment: Environment, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Every address of a chosen umbrella's Services that no pool has.

    Without a pool there is nobody who gives addresses, and with one that cannot be read that is the finding.
    """
    facts, layers = facts_of(run.workspace, platform_document(environment))
    pools: list[str] = []
    wishes: list[Wish] = []
    for umbrella in run.workspace.of_kind(ChartKind.UMBRELLA):
        for member, scope in run.members(umbrella, environment):
            values = scope.values
            if values.get("enabled") is False:
                continue
            pools += [filled(facts, text) for text in pooled(values)]
            if umbrella.name not in names:
                continue
            for path, text in wanted(values):
                layer = lay.top_layer(scope.layers, path)
                where = layer.where(path) if layer else umbrella.folder
                if named := FACT.fullmatch(text):
                    where = where_of(layers, tuple(named.group(1).split(".")))
                who = f"{member.key}.service.{path[1]}"
                wishes += [Wish(address=each.strip(), where=where, who=who) for each in filled(facts, text).split(",")]
    ranges = [found for pool in pools if (found := ends_of(pool)) is not None]
    if len(ranges) < len(pools) or not ranges:
        return
    for wish in wishes:
        found = ends_of(wish.address)
        if found is None or not any(first <= found[0] and found[1] <= last for first, last in ranges):
            yield Problem(
                where=wish.where,
                fact=f"{wish.address} is in no pool of {environment.name}",
                evidence=(f"{wish.who} asks for it", f"pools: {', '.join(pools)}"),
                hint=f"choose an address of a pool: values/{environment.name}/ has the place for it",
                rule="values.address-outside-pool",
            )


def pooled(values: Mapping[str, object]) -> Iterator[str]:
    """The addresses of every pool that a member makes."""
    for spec in dig(values, "extraObjects").values():
        if isinstance(spec, Mapping) and spec.get("kind") == "IPAddressPool":
            listed = dig(spec, "spec").get("addresses")
            yield from map(str, listed if isinstance(listed, list) else ())


def wanted(values: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Where a Service asks for addresses, and for which."""
    for name, spec in dig(values, "service").items():
        if (
            isinstance(spec, Mapping)
            and spec.get("enabled") is not False
            and WANTED_ADDRESS in dig(spec, "annotations")
        ):
            yield ("service", str(name), "annotations", WANTED_ADDRESS), str(dig(spec, "annotations")[WANTED_ADDRESS])


def ends_of(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and last address of `10.0.0.0/24`, `10.0.0.1-10.0.0.9` or `10.0.0.1`, each after its version, so that they compare."""
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(end.strip()) for end in text.split("-", 1))
            return (first.version, int(first)), (last.version, int(last))
        block = ipaddress.ip_network(text.strip())
    except ValueError:
        return None
    return (block.version, int(block[0])), (block.version, int(block[-1]))
