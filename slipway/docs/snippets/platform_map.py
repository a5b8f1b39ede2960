"""The map of the platform on the front page: the path of a request, all namespaces with their members, observability. Pure.

It consists of nested lists that the style sheet lays out, so phones and screen readers can show it; every name is a link.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from slipway.docs.markdown import code
from slipway.docs.pages import chart_index
from slipway.docs.source import resources
from slipway.docs.source.platform import Member, Platform
from slipway.util.mapping import dig

OBSERVABILITY = (
    ("prometheus", "metrics"),
    ("loki", "logs"),
    ("jaeger", "traces"),
    ("grafana", "dashboards"),
    ("alertmanager", "alerts"),
)
"""Member of infra → its purpose."""


def render(platform: Platform, charts: str, icons: Collection[str]) -> str:
    """The map of one environment.

    Args:
        platform: the environment.
        charts: relative path from the including page to the pages of charts.
        icons: see `chart_index.text`.
    """
    by_chart = {str(member.entry.chart.name): member for member in platform.members}
    lines = ['<div class="platform" markdown>', *block("way", request_path(platform, by_chart, charts))]
    lines += ['<ul class="spaces" markdown>']
    for umbrella in platform.umbrellas:
        lines += ["<li markdown>", f"[{umbrella}]({charts}/{umbrella}.md)"]
        lines += block("members", (chip(member, charts, icons) for member in running(platform.of(umbrella))))
        lines += ["</li>"]
    lines += ["</ul>"]
    watching = [(by_chart[name], purpose) for name, purpose in OBSERVABILITY if name in by_chart]
    lines += block(
        "watching", (("", f"{link(member, charts)}<small>{purpose}</small>") for member, purpose in watching)
    )
    return "\n".join([*lines, "</div>"])


def block(name: str, entries: Sequence[tuple[str, str]] | Iterator[tuple[str, str]]) -> list[str]:
    """A list of entries, each with its CSS class."""
    lines = [f'<ul class="{name}" markdown>']
    for kind, text in entries:
        lines += [f'<li class="{kind}" markdown>' if kind else "<li markdown>", text, "</li>"]
    return [*lines, "</ul>"]


def request_path(platform: Platform, by_chart: dict[str, Member], charts: str) -> Iterator[tuple[str, str]]:
    """The hops of a request to a service."""
    yield "", "Clients<small>home network; internet for `external` routes</small>"
    global_values = dig(platform.members[0].values.get("global")) if platform.members else {}
    yield "", f"DNS<small>{code('*.' + str(global_values.get('domain')))}</small>"
    if "metallb" in by_chart:
        announced = code(global_values.get("ingressAddress", ""))
        yield "", f"{link(by_chart['metallb'], charts)}<small>announces {announced}</small>"
    if "traefik" in by_chart:
        routes = sum(1 for member in platform.members for _ in resources.routes(member.values))
        tls = f", TLS by {link(by_chart['cert-manager'], charts)}" if "cert-manager" in by_chart else ""
        yield "", f"{link(by_chart['traefik'], charts)}<small>{routes} routes{tls}</small>"


def running(members: Sequence[Member]) -> list[Member]:
    """The members with pods: applications, then databases and caches."""
    found = [member for member in members if member.values.get("controllers") or member.is_store]
    return sorted(found, key=lambda member: (member.is_store, member.title.lower()))


def link(member: Member, charts: str) -> str:
    """A member, linked to the page of its chart."""
    return f"[{member.title}]({charts}/{member.entry.chart.name}.md)"


def chip(member: Member, charts: str, icons: Collection[str]) -> tuple[str, str]:
    """A member with its icon."""
    icon = chart_index.icon(member.entry, icons).replace("/", "-")
    return ("store" if member.is_store else ""), f":{icon}: {link(member, charts)}"
