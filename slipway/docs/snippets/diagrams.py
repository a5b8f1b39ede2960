"""Mermaid diagrams of traffic, PVCs and sync waves. Pure.

A diagram shows names and arrows only; the tables next to it have ports and purposes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from slipway.docs.source import resources
from slipway.docs.source.platform import Member, Platform, Traffic, traffic
from slipway.docs.source.schema import items
from slipway.util.mapping import dig
from slipway.workspace import declarations

EXTERNAL = frozenset({"kube-apiserver", "internet", "lan", "any"})
"""Peers outside of the pod network."""
SHAPES = {"internet": '(("internet"))', "lan": '(("home network"))', "any": '(("clients"))'}


def mermaid(lines: Iterable[str]) -> str:
    """A fenced Mermaid block."""
    return "\n".join(["```mermaid", *lines, "```"])


def node_id(name: str) -> str:
    """A name as a Mermaid identifier; the prefix avoids keywords such as `end`."""
    return "n_" + re.sub(r"[^A-Za-z0-9]+", "_", name.replace("-", "m"))


def label(text: str) -> str:
    """A quoted label in brackets."""
    return '["' + text.replace('"', "'") + '"]'


def traffic_diagram(platform: Platform, umbrella: str) -> str:
    """The traffic of a namespace as arrows."""
    own = members_of(platform, umbrella)
    edges = shown_traffic(platform, umbrella)
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    lines = ["flowchart LR"]
    lines += [f"  subgraph {node_id(umbrella)}{label(umbrella)}", *member_nodes(own, ends), "  end"]
    lines += [f"  {node_id(end)}{SHAPES.get(end, label(end))}" for end in sorted(ends - own.keys())]
    lines += [f"  {node_id(edge.source)} --> {node_id(edge.target)}" for edge in edges]
    return mermaid(lines)


def shown_traffic(platform: Platform, umbrella: str) -> list[Traffic]:
    """The traffic of a namespace, without scraping and ingress."""
    own = members_of(platform, umbrella)
    return [edge for edge in traffic(platform) if is_shown(edge, own, platform)]


def members_of(platform: Platform, umbrella: str) -> dict[str, Member]:
    """`namespace/member` → the member, for those of a namespace."""
    return {f"{member.umbrella}/{member.name}": member for member in platform.of(umbrella)}


def member_nodes(own: dict[str, Member], ends: set[str]) -> Iterator[str]:
    """The members of the namespace that have an arrow."""
    return (f"    {node_id(end)}{label(member.title)}" for end, member in own.items() if end in ends)


def is_shown(edge: Traffic, own: dict[str, Member], platform: Platform) -> bool:
    """Whether a connection has an arrow; those of nearly every pod would hide the others."""
    if edge.source == edge.target or not (edge.source in own or edge.target in own):
        return False
    common = {"kube-apiserver", platform.peers.get("prometheus", ""), platform.peers.get("traefik", "")}
    if {edge.source, edge.target} & (common - own.keys()):
        return False
    if edge.source == platform.peers.get("prometheus") or edge.target.startswith("pods "):
        return False
    if edge.source == platform.peers.get("traefik") and edge.target != edge.source:
        return edge.target in EXTERNAL
    return "(not installed)" not in edge.source + edge.target and not edge.source.startswith("pods ")


def pvc_diagram(members: Sequence[Member]) -> str:
    """The PVCs of each member."""
    lines = ["flowchart LR"]
    for member in members:
        mounted = [(volume.detail, "") for volume in resources.volumes(member.values) if volume.type == "existingClaim"]
        for claim, size in (*claims(member), *mounted):
            here = f"{member.umbrella}/{member.name}"
            text = quoted(f"{claim} {size}".strip())
            lines.append(f"  {node_id(here)}{label(member.title)} --> {node_id(f'claim {claim}')}[({text})]")
    return mermaid(lines) if len(lines) > 1 else ""


def claims(member: Member) -> Iterator[tuple[str, str]]:
    """Name and size of the PVCs of a member; an instance of a database has the name of its cluster and a number."""
    for volume in resources.volumes(member.values):
        if volume.type in {"claim", "claim per pod"}:
            yield claim_name(member, volume.name), volume.detail
    for cluster, spec in declarations.databases(member.entry.chart, member.name, member.values):
        for number in range(1, int(str(spec.get("instances", 1))) + 1):
            yield f"{cluster}-{number}", str(spec.get("size", ""))


def quoted(text: str) -> str:
    """A quoted text."""
    return '"' + text.replace('"', "'") + '"'


def claim_name(member: Member, volume: str) -> str:
    """The name of a PVC."""
    return declarations.object_name(member.entry.chart, member.name, volume)


def sync_waves(members: Sequence[Member], steps: Sequence[tuple[str, str]]) -> str:
    """The order of a sync: each wave with its objects.

    Args:
        members: of one namespace.
        steps: wave and its objects from the library chart.
    """
    own = sorted({wave for member in members for wave in own_waves(member)}, key=int)
    known = dict(steps)
    order = sorted({*known, *own}, key=int)
    lines = ["flowchart TB"]
    lines += [f"  {wave_node(wave, known, members)}" for wave in order]
    lines += [f"  {node_id(f'wave {one}')} --> {node_id(f'wave {next_one}')}" for one, next_one in pairwise(order)]
    return mermaid(lines)


def own_waves(member: Member) -> Iterator[str]:
    """The sync waves of a member's `extraObjects`, and those of its workloads that are not the library's."""
    for _, spec in items(member.values.get("extraObjects")):
        notes = dig(spec, "metadata", "annotations")
        if wave := notes.get("argocd.argoproj.io/sync-wave"):
            yield str(wave)
    yield from (str(spec["wave"]) for _, spec in items(member.values.get("controllers")) if "wave" in spec)


def wave_node(wave: str, known: dict[str, str], members: Sequence[Member]) -> str:
    """A wave with its objects."""
    objects = known.get(wave, "")
    who = ", ".join(member.name for member in members if wave in set(own_waves(member)))
    text = "<br>".join(part for part in (f"wave {wave}", objects, f"objects of {who}" if who else "") if part)
    return f"{node_id(f'wave {wave}')}{label(text)}"
