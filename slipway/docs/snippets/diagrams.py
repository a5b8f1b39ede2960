"""Mermaid drawings of the platform, made from what the charts say. Pure.

A drawing shows what a reader can take in: names and arrows. Ports and purposes stand in the tables beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from slipway.docs.source import resources
from slipway.docs.source.platform import Member, Platform, Traffic, traffic
from slipway.docs.source.schema import items, mapping
from slipway.workspace import declarations

EVERYWHERE = frozenset({"kube-apiserver", "internet", "lan", "any"})
"""Ends that are no pods."""
SHAPES = {"internet": '(("internet"))', "lan": '(("home network"))', "any": '(("clients"))'}


def fenced(lines: Iterable[str]) -> str:
    """A drawing as the site's Markdown has it."""
    return "\n".join(["```mermaid", *lines, "```"])


def node(name: str) -> str:
    """A name as Mermaid's identifier; `end` and others are words of its own, so each gets a mark."""
    return "n_" + re.sub(r"[^A-Za-z0-9]+", "_", name.replace("-", "m"))


def label(text: str) -> str:
    """A text as Mermaid shows it."""
    return '["' + text.replace('"', "'") + '"]'


def talk(found: Platform, umbrella: str) -> str:
    """Who talks to whom in a namespace, and with what outside it; scraping and the way in are said beside the drawing."""
    own = {f"{member.umbrella}/{member.name}": member for member in found.of(umbrella)}
    edges = [edge for edge in traffic(found) if shown(edge, own, found)]
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    lines = ["flowchart LR"]
    lines += [f"  subgraph {node(umbrella)}{label(umbrella)}", *inside(own, ends), "  end"]
    lines += [f"  {node(end)}{SHAPES.get(end, label(end))}" for end in sorted(ends - own.keys())]
    lines += [f"  {node(edge.source)} --> {node(edge.target)}" for edge in edges]
    return fenced(lines)


def inside(own: dict[str, Member], ends: set[str]) -> Iterator[str]:
    """The members of the namespace that an arrow leads to or from."""
    return (f"    {node(end)}{label(member.title)}" for end, member in own.items() if end in ends)


def shown(edge: Traffic, own: dict[str, Member], found: Platform) -> bool:
    """Whether a connection is worth an arrow: what nearly every pod has hides the rest."""
    if edge.source == edge.target or not (edge.source in own or edge.target in own):
        return False
    common = {"kube-apiserver", found.peers.get("prometheus", ""), found.peers.get("traefik", "")}
    if {edge.source, edge.target} & (common - own.keys()):
        return False
    if edge.source == found.peers.get("prometheus") or edge.target.startswith("pods "):
        return False
    if edge.source == found.peers.get("traefik") and edge.target != edge.source:
        return edge.target in EVERYWHERE
    return "(not installed)" not in edge.source + edge.target and not edge.source.startswith("pods ")


def volumes(members: Sequence[Member]) -> str:
    """Which member keeps what on which claim, and which share one."""
    lines = ["flowchart LR"]
    for member in members:
        for volume in resources.volumes(member.values):
            if volume.kind not in {"claim", "existingClaim", "claim per pod"}:
                continue
            claim = volume.detail if volume.kind == "existingClaim" else claim_name(member, volume.name)
            size = f" {volume.detail}" if volume.kind != "existingClaim" else ""
            here = f"{member.umbrella}/{member.name}"
            lines.append(f"  {node(here)}{label(member.title)} --> {node(f'claim {claim}')}[({quoted(claim + size)})]")
    return fenced(lines) if len(lines) > 1 else ""


def quoted(text: str) -> str:
    """A text inside a shape."""
    return '"' + text.replace('"', "'") + '"'


def claim_name(member: Member, volume: str) -> str:
    """A claim as the library names it."""
    return declarations.object_name(member.entry.chart, member.name, volume)


def waves(members: Sequence[Member], steps: Sequence[tuple[str, str]]) -> str:
    """The order of a sync: each wave with what it brings.

    Args:
        members: of one namespace.
        steps: wave and what the library puts there.
    """
    own = sorted({wave for member in members for wave in own_waves(member)}, key=int)
    known = dict(steps)
    order = sorted({*known, *own}, key=int)
    lines = ["flowchart TB"]
    lines += [f"  {wave_node(wave, known, members)}" for wave in order]
    lines += [f"  {node(f'wave {one}')} --> {node(f'wave {next_one}')}" for one, next_one in pairwise(order)]
    return fenced(lines)


def own_waves(member: Member) -> Iterator[str]:
    """Waves that a member's own objects name."""
    for _, spec in items(member.values.get("extraObjects")):
        notes = mapping(mapping(spec.get("metadata")).get("annotations"))
        if wave := notes.get("argocd.argoproj.io/sync-wave"):
            yield str(wave)


def wave_node(wave: str, known: dict[str, str], members: Sequence[Member]) -> str:
    """A wave with what is in it."""
    said = known.get(wave, "")
    who = ", ".join(member.name for member in members if wave in set(own_waves(member)))
    text = "<br>".join(part for part in (f"wave {wave}", said, f"objects of {who}" if who else "") if part)
    return f"{node(f'wave {wave}')}{label(text)}"
