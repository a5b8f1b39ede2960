"""Who makes which secret of a namespace, and who takes it, as a drawing. Pure.

It is made from what `./inv secrets` lists: what the charts declare, and what the library reads for copies.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.docs.snippets.diagrams import fenced, label, node, quoted
from slipway.docs.source.parsing import Book
from slipway.docs.source.platform import Member, Platform
from slipway.secrets import inventory
from slipway.workspace import declarations, environments

SEALED = "you, as a sealed secret"
BY_HAND = "you, in the cluster"


def drawing(book: Book, found: Platform, umbrella: str) -> str:
    """The drawing of a namespace; empty when it has no secret."""
    chart = next(one for one in book.workspace.umbrellas if one.name == umbrella)
    above = environments.environment_values(book.workspace.environments[found.environment], umbrella)
    members = {member.name: member for member in found.of(umbrella)}
    return drawn(tuple(inventory.declared_by(book.workspace, chart, [above])), members)


def drawn(entries: tuple[inventory.Declared, ...], members: dict[str, Member]) -> str:
    """Makers on the left, secrets in the middle, the services that take them on the right; each arrow once."""
    makers = {item.name: SEALED for item in entries}
    makers |= accounts(members)
    makers |= {item.name: told(item.producer) for item in entries if item.producer}
    edges = dict.fromkeys(edge for item in entries for edge in arrows(item, makers[item.name], members))
    return fenced(["flowchart LR", *edges]) if edges else ""


def accounts(members: dict[str, Member]) -> dict[str, str]:
    """Secret with a database's account → what makes it: the operator does, for the Cluster."""
    return {
        declarations.account(name): f"Cluster {name}"
        for member in members.values()
        for name, _ in declarations.databases(member.entry.chart, member.name, member.values)
    }


def told(producer: str) -> str:
    """A producer in words."""
    return BY_HAND if producer == inventory.HAND else producer.replace("/", " ", 1)


def arrows(item: inventory.Declared, maker: str, members: dict[str, Member]) -> Iterator[str]:
    """From the maker to the secret, and from the secret to who declares it."""
    secret = f"{node(f'secret {item.name}')}[/{quoted(item.name)}/]"
    yield f"  {node(f'maker {maker}')}([{quoted(maker)}]) --> {secret}"
    yield f"  {secret} --> {node(f'member {item.key}')}{label(members[item.key].title)}"
