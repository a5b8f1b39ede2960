"""The platform as a whole in one environment: members of every namespace, who talks to whom, what is kept where. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.core.model import ChartKind
from slipway.docs.source import resources
from slipway.docs.source.parsing import Book, Entry, layered
from slipway.docs.source.schema import Map, dig, items, mapping
from slipway.policy import parse_exceptions
from slipway.workspace import environments
from slipway.workspace.declarations import MAIN

COMPONENT = "app.kubernetes.io/component"
CHARTS = "../charts"
"""From a page that takes a piece in to the pages of charts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A chart as a part of a namespace."""

    umbrella: str
    name: str
    """Its alias where it has one."""
    entry: Entry
    values: Map
    """What it gets in the environment, with the platform's facts under `global`."""

    @property
    def title(self) -> str:
        """What people call it; databases and caches by what they are there for."""
        return self.name if self.is_store else self.entry.title

    @property
    def is_store(self) -> bool:
        """Whether it is a database or a cache, of which each application has one of its own."""
        return MAIN in mapping(self.entry.chart.metadata.get("annotations"))

    @property
    def link(self) -> str:
        """Its name with a link to its page, from a page of another folder."""
        return f"[{self.name}]({CHARTS}/{self.entry.chart.name}.md)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A connection between two ends, as one side's policy lists it."""

    source: str
    target: str
    """`namespace/member`, or a well-known end such as `internet`."""
    ports: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Every member that is on."""

    environment: str
    members: tuple[Member, ...]
    peers: Mapping[str, str] = field(default_factory=dict)
    """Well-known end → `namespace/member`, when it is one of ours."""

    def of(self, umbrella: str) -> tuple[Member, ...]:
        """The members of a namespace."""
        return tuple(member for member in self.members if member.umbrella == umbrella)

    @property
    def umbrellas(self) -> tuple[str, ...]:
        """The namespaces, in their order."""
        return tuple(dict.fromkeys(member.umbrella for member in self.members))


def platform(book: Book, environment: str) -> Platform:
    """What an environment consists of.

    Raises:
        WorkspaceError: a values file cannot be understood.
    """
    found = tuple(members(book, environment))
    libraries = book.of_kind(ChartKind.LIBRARY)
    known = mapping(dig(libraries[0].values, "global", "peers")) if libraries else {}
    ours = {f"{member.umbrella}/{member.entry.chart.name}" for member in found}
    peers = {name: end for name, spec in known.items() if (end := end_of(mapping(spec))) in ours}
    return Platform(environment=environment, members=found, peers=peers)


def end_of(spec: Map) -> str:
    """`namespace/name` of an end that the platform's facts describe."""
    return f"{spec.get('namespace')}/{mapping(spec.get('labels')).get('app.kubernetes.io/name')}"


def members(book: Book, environment: str) -> Iterator[Member]:
    """Every member of every umbrella that is on in an environment."""
    settings = book.workspace.environments[environment]
    library: Map = {}
    for entry in book.of_kind(ChartKind.LIBRARY):
        library = mapping(entry.values.get("global"))
    for umbrella in book.of_kind(ChartKind.UMBRELLA):
        layers = (umbrella.values, environments.environment_values(settings, umbrella.chart.name))
        for dep in umbrella.chart.dependencies:
            entry = book.entries[dep.name]
            values = layered(entry.values, dep.key, layers, library)
            if values.get("enabled", True) is not False:
                yield Member(umbrella=umbrella.chart.name, name=dep.key, entry=entry, values=values)


def traffic(found: Platform) -> tuple[Traffic, ...]:
    """Every connection that the policies let through, once: what both sides list is one connection.

    DNS is left out, since every pod asks it, and so is what the pods of one member say to each other.
    """
    known = {f"{member.umbrella}/{member.name}" for member in found.members}
    merged: dict[tuple[str, str], Traffic] = {}
    for member in found.members:
        here = f"{member.umbrella}/{member.name}"
        for incoming, key, side in ((False, "egress", "to"), (True, "ingress", "from")):
            for _, edge in items(mapping(member.values.get("network")).get(key)):
                other = end_name(found, member, mapping(edge.get(side)), known)
                if other == here:
                    continue
                pair = (other, here) if incoming else (here, other)
                one = Traffic(
                    source=pair[0],
                    target=pair[1],
                    ports=resources.ports_of(edge.get("ports")),
                    purpose=str(edge.get("purpose", "")),
                )
                # The side that is asked knows its own ports by name; the first that was listed stays.
                merged.setdefault(pair, one)
    return tuple(merged[pair] for pair in sorted(merged))


def end_name(found: Platform, member: Member, spec: Map, known: set[str]) -> str:
    """The other end of an edge: `namespace/member` when it is one, else what the edge calls it."""
    if "app" in spec:
        name = f"{spec.get('namespace', member.umbrella)}/{spec['app']}"
        return name if name in known else f"{name} (not installed)"
    peer = str(spec.get("peer", ""))
    if peer == "self" or (mapping(spec.get("podLabels")).get(COMPONENT) in mapping(member.values.get("controllers"))):
        return f"{member.umbrella}/{member.name}"
    return found.peers.get(peer) or resources.peer(spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A rule of the contract that a member does not keep."""

    member: Member
    rule: str
    part: str
    reason: str


POD_SECURITY_RULES = frozenset({"contract.non-root", "contract.capabilities", "contract.escalation", "contract.host"})
"""Rules whose exceptions a namespace of the restricted level would not admit; `seccomp` is kept by every pod.

Source: Kubernetes' Pod Security Standards, restricted.
"""


def exceptions(found: Sequence[Member]) -> Iterator[Deviation]:
    """Every stated exception, once for each chart."""
    seen: set[str] = set()
    for member in found:
        if member.entry.chart.name in seen:
            continue
        seen.add(member.entry.chart.name)
        for rule, parts in parse_exceptions(member.entry.chart.metadata.get("annotations")).items():
            for part, reason in parts.items():
                yield Deviation(member=member, rule=rule, part=part, reason=reason)
