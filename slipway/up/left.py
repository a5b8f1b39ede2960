"""What is left for a person once the platform runs: the router and the DNS of the home network, and keys that come later. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.source.logins import Login
from slipway.secrets.inventory import HAND, SecretEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One thing to do."""

    what: str
    command: str = ""
    """Empty for what no command of ours does."""
    optional: bool = False


def left(facts: Mapping[str, object], logins: Iterable[Login], secrets: Iterable[SecretEntry]) -> Iterator[Left]:
    """Everything that is left.

    Args:
        facts: of the environment, over the library's defaults.
        logins: its routes.
        secrets: every secret of the environment.
    """
    address, domain = facts.get("ingressAddress"), facts.get("domain")
    if address:
        yield Left(what=f"DNS of the home network: *.{domain} is {address}")
    if pool := facts.get("addressPool"):
        yield Left(what=f"router: its DHCP server leaves out {pool}")
    outside = dict.fromkeys(login.member.title for login in logins if not login.internal)
    if outside and address:
        what = f"router: port 443 to {address}, only if {', '.join(outside)} shall be reached from the internet"
        yield Left(what=what, optional=True)
    for entry in secrets:
        if entry.missing:
            what = f"{entry.namespace}/{entry.name}: {entry.purpose or ', '.join(entry.missing)}"
            yield Left(what=what, command=entry.command, optional=entry.optional)
        elif entry.producer == HAND:
            yield Left(what=f"{entry.namespace}/{entry.name}, by hand in the cluster: {entry.purpose}", optional=True)
