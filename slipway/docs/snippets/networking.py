"""Hosts of routes, LoadBalancer addresses, and the traffic of each namespace. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.docs.markdown import EMPTY, code, codes, prose, table
from slipway.docs.snippets import diagrams
from slipway.docs.source import resources
from slipway.docs.source.logins import Login, logins
from slipway.docs.source.platform import Platform, Traffic, traffic
from slipway.docs.source.schema import items
from slipway.util.mapping import dig

PAGES = "charts"
"""Relative path from a page at the top to the pages of charts."""


def hosts(every: Mapping[str, Platform]) -> str:
    """All routes with their host in each environment."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    about: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name, one in every.items():
        for member in one.members:
            for route, spec in resources.routes(member.values):
                key = (member.umbrella, member.name, route)
                host = resources.fill(str(spec.get("host", "")), dig(member.values, "global"))
                path = str(spec.get("path", "/"))
                found.setdefault(key, {})[name] = code(f"{host}{'' if path == '/' else path}")
                about[key] = (member.link, str(spec.get("access", "internal")))
    rows = (
        (about[key][0], code(key[0]), about[key][1], *(found[key].get(name, EMPTY) for name in every))
        for key in sorted(found)
    )
    return table(("Service", "Namespace", "Access", *every), rows)


def load_balancers(every: Mapping[str, Platform]) -> str:
    """Services of type LoadBalancer with their address."""
    rows = []
    for name, one in every.items():
        for member in one.members:
            for service, spec in items(member.values.get("service")):
                if spec.get("type") == "LoadBalancer":
                    ports = ", ".join(
                        f"{port.get('port')}/{port.get('protocol', 'TCP')}" for _, port in items(spec.get("ports"))
                    )
                    rows.append((name, member.link, code(resources.own_address(member.values, service)), ports))
    return table(("Environment", "Service", "Address", "Ports"), rows)


def first_logins(platform: Platform) -> str:
    """Where each service is reached and how the first person logs in; services of one kind of login share a row."""
    found: dict[str, list[Login]] = {}
    for login in logins(platform):
        found.setdefault(login.first, []).append(login)
    rows = (
        (
            ", ".join(dict.fromkeys(f"[{one.member.title}]({PAGES}/{one.member.entry.chart.name}.md)" for one in same)),
            ", ".join(code(f"{resources.named(one.host)}{one.path}") for one in same),
            prose(first),
        )
        for first, same in found.items()
    )
    return table(("Service", "Address", "First login"), rows)


READABLE = 16
"""The most arrows of a diagram that an eye can follow."""


def traffic_of(platform: Platform, umbrella: str) -> str:
    """The traffic of a namespace: an overview, and a table of all connections."""
    rows = [
        (code(edge.source), code(edge.target), edge.ports, prose(edge.purpose))
        for edge in traffic(platform)
        if umbrella in {edge.source.partition("/")[0], edge.target.partition("/")[0]}
    ]
    listed = table(("From", "To", "Ports", "Purpose"), rows)
    shown = diagrams.shown_traffic(platform, umbrella)
    overview = diagrams.traffic_diagram(platform, umbrella) if len(shown) <= READABLE else by_service(shown, umbrella)
    return f"{overview}\n\n{listed}"


def by_service(shown: Sequence[Traffic], umbrella: str) -> str:
    """Where each service of a namespace connects to, and what connects to it; the namespace itself is left out of names."""
    ends = sorted({end for edge in shown for end in (edge.source, edge.target) if end.startswith(f"{umbrella}/")})
    rows = (
        (
            code(short(end, umbrella)),
            codes(short(edge.target, umbrella) for edge in shown if edge.source == end),
            codes(short(edge.source, umbrella) for edge in shown if edge.target == end),
        )
        for end in ends
    )
    return table(("Service", "Connects to", "Accepts"), rows)


def short(end: str, umbrella: str) -> str:
    """The name of an end as one says it in a namespace."""
    return end.removeprefix(f"{umbrella}/")
