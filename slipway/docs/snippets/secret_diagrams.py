"""Diagrams of the Secrets of a namespace, with their creators and users. Pure.

The input is the list of `./inv secrets`: Secrets that charts declare, and those that the library chart reads for backups.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.docs.snippets.diagrams import label, mermaid, node_id, quoted
from slipway.docs.source.parsing import ParsedWorkspace
from slipway.docs.source.platform import Member, Platform
from slipway.secrets import inventory
from slipway.workspace import declarations, environments
from slipway.workspace.values.effective import members_with

SEALED = "you, as a sealed secret"
BY_HAND = "you, in the cluster"


def diagram(parsed: ParsedWorkspace, platform: Platform, umbrella: str) -> str:
    """The diagram of a namespace; empty if it has no Secrets."""
    chart = next(one for one in parsed.workspace.umbrellas if one.name == umbrella)
    above = environments.environment_values(parsed.workspace.environments[platform.environment], umbrella)
    members = {member.name: member for member in platform.of(umbrella)}
    return render(tuple(inventory.declared_secrets(members_with(parsed.workspace, chart, [above]))), members)


def render(entries: tuple[inventory.DeclaredSecret, ...], members: dict[str, Member]) -> str:
    """Creators on the left, Secrets in the middle, services on the right."""
    creators = {item.name: SEALED for item in entries}
    creators |= database_accounts(members)
    creators |= {item.name: producer_name(item.producer) for item in entries if item.producer}
    edges = dict.fromkeys(edge for item in entries for edge in arrows(item, creators[item.name], members))
    return mermaid(["flowchart LR", *edges]) if edges else ""


def database_accounts(members: dict[str, Member]) -> dict[str, str]:
    """Secret with a database account → the Cluster that the operator creates it for."""
    return {
        declarations.account(name): f"Cluster {name}"
        for member in members.values()
        for name, _ in declarations.databases(member.entry.chart, member.name, member.values)
    }


def producer_name(producer: str) -> str:
    """The label of a producer."""
    return BY_HAND if producer == inventory.HAND else producer.replace("/", " ", 1)


def arrows(item: inventory.DeclaredSecret, creator: str, members: dict[str, Member]) -> Iterator[str]:
    """From the creator to the Secret, and from the Secret to the service that declares it."""
    secret = f"{node_id(f'secret {item.name}')}[/{quoted(item.name)}/]"
    yield f"  {node_id(f'creator {creator}')}([{quoted(creator)}]) --> {secret}"
    yield f"  {secret} --> {node_id(f'member {item.key}')}{label(members[item.key].title)}"
