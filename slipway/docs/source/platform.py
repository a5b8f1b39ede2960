"""All enabled members of one environment, the traffic between them, and their contract exceptions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.core.model import ChartKind
from slipway.docs.source import resources
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.docs.source.schema import Map, items
from slipway.policy import parse_exceptions
from slipway.util.mapping import dig
from slipway.workspace.declarations import MAIN

COMPONENT = "app.kubernetes.io/component"
CHARTS = "../charts"
"""Relative path from a page that includes a snippet to the pages of charts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A chart as a member of an umbrella."""

    umbrella: str
    name: str
    """The alias, or the chart's name."""
    entry: ParsedChart
    values: Map
    """The effective values in the environment, with `global`."""

    @property
    def title(self) -> str:
        """The display name; databases and caches have the name of the member."""
        return self.name if self.is_store else self.entry.title

    @property
    def is_store(self) -> bool:
        """Whether it is a database or a cache that belongs to a single application."""
        return self.entry.chart.annotation(MAIN) is not None

    @property
    def link(self) -> str:
        """The name, linked to the chart's page from a page of another folder."""
        return f"[{self.name}]({CHARTS}/{self.entry.chart.name}.md)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A connection that a network policy allows."""

    source: str
    target: str
    """`namespace/member`, or a well-known peer such as `internet`."""
    ports: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The enabled members of an environment."""

    environment: str
    members: tuple[Member, ...]
    peers: Mapping[str, str] = field(default_factory=dict)
    """Well-known peer → `namespace/member`, if it is a member."""

    def of(self, umbrella: str) -> tuple[Member, ...]:
        """The members of a namespace."""
        return tuple(member for member in self.members if member.umbrella == umbrella)

    @property
    def umbrellas(self) -> tuple[str, ...]:
        """The namespaces."""
        return tuple(dict.fromkeys(member.umbrella for member in self.members))


def platform(parsed: ParsedWorkspace, environment: str) -> Platform:
    """The members and well-known peers of an environment.

    Raises:
        WorkspaceError: a values file cannot be parsed.
    """
    found = tuple(members(parsed, environment))
    libraries = parsed.of_kind(ChartKind.LIBRARY)
    well_known = dig(libraries[0].values, "global", "peers") if libraries else {}
    ours = {f"{member.umbrella}/{member.entry.chart.name}" for member in found}
    peers = {name: end for name, spec in well_known.items() if (end := end_of(dig(spec))) in ours}
    return Platform(environment=environment, members=found, peers=peers)


def end_of(spec: Map) -> str:
    """`namespace/name` of a well-known peer."""
    return f"{spec.get('namespace')}/{dig(spec.get('labels')).get('app.kubernetes.io/name')}"


def members(parsed: ParsedWorkspace, environment: str) -> Iterator[Member]:
    """The enabled members of all umbrellas in an environment."""
    for umbrella in parsed.workspace.umbrellas:
        for member in parsed.members(umbrella, environment):
            if member.enabled:
                entry = parsed.entries[member.chart.name]
                yield Member(umbrella=umbrella.name, name=member.key, entry=entry, values=member.values)


def traffic(platform: Platform) -> tuple[Traffic, ...]:
    """The connections that the network policies allow; one that both sides declare is listed once.

    DNS is omitted, because every pod uses it, and so is traffic between the pods of one member.
    """
    known = {f"{member.umbrella}/{member.name}" for member in platform.members}
    merged: dict[tuple[str, str], Traffic] = {}
    for member in platform.members:
        here = f"{member.umbrella}/{member.name}"
        for incoming, key, side in ((False, "egress", "to"), (True, "ingress", "from")):
            for _, edge in items(dig(member.values, "network").get(key)):
                other = end_name(platform, member, dig(edge, side), known)
                if other == here:
                    continue
                pair = (other, here) if incoming else (here, other)
                one = Traffic(
                    source=pair[0],
                    target=pair[1],
                    ports=resources.ports_of(edge.get("ports")),
                    purpose=str(edge.get("purpose", "")),
                )
                # If both sides declare the connection, the first declaration wins.
                merged.setdefault(pair, one)
    return tuple(merged[pair] for pair in sorted(merged))


def end_name(platform: Platform, member: Member, spec: Map, known: set[str]) -> str:
    """The peer of a network rule: `namespace/member` if it is a member, else its description."""
    if "app" in spec:
        name = f"{spec.get('namespace', member.umbrella)}/{spec['app']}"
        return name if name in known else f"{name} (not installed)"
    peer = str(spec.get("peer", ""))
    if peer == "self" or (dig(spec, "podLabels").get(COMPONENT) in dig(member.values, "controllers")):
        return f"{member.umbrella}/{member.name}"
    return platform.peers.get(peer) or resources.peer(spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractException:
    """A rule of the contract that a member does not satisfy."""

    member: Member
    rule: str
    part: str
    reason: str


POD_SECURITY_RULES = frozenset({"contract.non-root", "contract.capabilities", "contract.escalation", "contract.host"})
"""Rules whose exceptions violate the Pod Security level restricted; every pod satisfies `seccomp`.

Source: Kubernetes' Pod Security Standards, restricted.
"""


def exceptions(found: Sequence[Member]) -> Iterator[ContractException]:
    """The declared exceptions of each chart."""
    seen: set[str] = set()
    for member in found:
        if member.entry.chart.name in seen:
            continue
        seen.add(member.entry.chart.name)
        for rule, parts in parse_exceptions(
            member.entry.chart.metadata.get("annotations"), member.entry.chart.prefix
        ).items():
            for part, reason in parts.items():
                yield ContractException(member=member, rule=rule, part=part, reason=reason)
