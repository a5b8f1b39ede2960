"""The picture of the front page: the way of a request, every namespace with its members, who watches and who delivers. Pure.

It is a list of lists that the style sheet puts side by side, so it is read on a phone and by a screen reader as well, and
every name leads to its page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from slipway.docs.markdown import code
from slipway.docs.pages import chart_index
from slipway.docs.source import resources
from slipway.docs.source.platform import Member, Platform
from slipway.docs.source.schema import mapping

WATCHING = (
    ("prometheus", "metrics"),
    ("loki", "logs"),
    ("jaeger", "traces"),
    ("grafana", "dashboards"),
    ("alertmanager", "alerts"),
)
"""Member of infra → what it does for every namespace."""


def picture(found: Platform, charts: str, icons: Collection[str]) -> str:
    """The picture of one environment.

    Args:
        found: the environment.
        charts: the folder of the pages of charts, from the page that takes the picture in.
        icons: see `catalogue.text`.
    """
    by_chart = {str(member.entry.chart.name): member for member in found.members}
    lines = ['<div class="platform" markdown>', *block("way", way(found, by_chart, charts))]
    lines += ['<ul class="spaces" markdown>']
    for umbrella in found.umbrellas:
        lines += ["<li markdown>", f"[{umbrella}]({charts}/{umbrella}.md)"]
        lines += block("members", (chip(member, charts, icons) for member in shown(found.of(umbrella))))
        lines += ["</li>"]
    lines += ["</ul>"]
    watching = [(by_chart[name], does) for name, does in WATCHING if name in by_chart]
    lines += block("watching", (("", f"{link(member, charts)}<small>{does}</small>") for member, does in watching))
    return "\n".join([*lines, "</div>"])


def block(name: str, entries: Sequence[tuple[str, str]] | Iterator[tuple[str, str]]) -> list[str]:
    """A list of entries, each with the class that it has."""
    lines = [f'<ul class="{name}" markdown>']
    for kind, said in entries:
        lines += [f'<li class="{kind}" markdown>' if kind else "<li markdown>", said, "</li>"]
    return [*lines, "</ul>"]


def way(found: Platform, by_chart: dict[str, Member], charts: str) -> Iterator[tuple[str, str]]:
    """The stations of a request until a service has it."""
    yield "", "Clients<small>home network; internet for `external` routes</small>"
    known = mapping(found.members[0].values.get("global")) if found.members else {}
    yield "", f"DNS<small>{code('*.' + str(known.get('domain')))}</small>"
    if "metallb" in by_chart:
        announced = code(known.get("ingressAddress", ""))
        yield "", f"{link(by_chart['metallb'], charts)}<small>announces {announced}</small>"
    if "traefik" in by_chart:
        routes = sum(1 for member in found.members for _ in resources.routes(member.values))
        tls = f", TLS by {link(by_chart['cert-manager'], charts)}" if "cert-manager" in by_chart else ""
        yield "", f"{link(by_chart['traefik'], charts)}<small>{routes} routes{tls}</small>"


def shown(members: Sequence[Member]) -> list[Member]:
    """What runs in a namespace: applications before the stores that they keep their data in."""
    running = [member for member in members if member.values.get("controllers") or member.is_store]
    return sorted(running, key=lambda member: (member.is_store, member.title.lower()))


def link(member: Member, charts: str) -> str:
    """A member's name, which leads to its page."""
    return f"[{member.title}]({charts}/{member.entry.chart.name}.md)"


def chip(member: Member, charts: str, icons: Collection[str]) -> tuple[str, str]:
    """One member with its icon."""
    icon = chart_index.icon(member.entry, icons).replace("/", "-")
    return ("store" if member.is_store else ""), f":{icon}: {link(member, charts)}"
