"""The index of charts: a card for each service, with a filter by text, namespace and access. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from html import escape

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, section, site_page, table
from slipway.docs.pages.services import accesses, link
from slipway.docs.source import pinned_versions
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.util.mapping import dig

ICONS = {
    "alertmanager": "simple/prometheus",
    "argo-cd": "simple/argo",
    "backup": "material/backup-restore",
    "baseline": "material/shield-lock-outline",
    "blackbox-exporter": "simple/prometheus",
    "cert-manager": "simple/letsencrypt",
    "cloudflared": "simple/cloudflare",
    "cloudnative-pg": "simple/postgresql",
    "external-dns": "simple/cloudflare",
    "kube-state-metrics": "simple/kubernetes",
    "local-path-provisioner": "material/harddisk",
    "media": "material/filmstrip-box-multiple",
    "metallb": "material/scale-balance",
    "node-exporter": "simple/prometheus",
    "postgres": "simple/postgresql",
    "sealed-secrets": "material/lock-outline",
    "traefik": "simple/traefikproxy",
}
"""Chart → icon, if the icon has another name."""
DEFAULT_ICON = "material/cube-outline"

STATUS = """\
An environment runs the versions that `deploy/` pins; a dash means that nothing is released to it yet.
`./inv registry list` shows all published versions, `./inv plan` what the next release would publish."""


def text(parsed: ParsedWorkspace, icons: Collection[str]) -> str:
    """The page.

    Args:
        parsed: the workspace.
        icons: available icons of the theme, such as `simple/jellyfin`.
    """
    pinned = pinned_versions.state(parsed)
    umbrellas = (
        (
            link(entry),
            code(entry.chart.version),
            *(pinned_versions.umbrella(pins.get(entry.chart.name)) for pins in pinned.values()),
            prose(entry.description),
        )
        for entry in parsed.of_kind(ChartKind.UMBRELLA)
    )
    head = ("Namespace", "Version in git", *(f"Pinned in {name}" for name in pinned), "Description")
    libraries = (
        (f"[{entry.chart.name}](../reference/library.md)", prose(entry.description), entry.chart.version)
        for entry in parsed.of_kind(ChartKind.LIBRARY)
    )
    services = parsed.of_kind(ChartKind.SERVICE)
    namespaces = dict.fromkeys(name for entry in services for name in entry.umbrellas)
    return site_page(
        "# Charts",
        "All Helm charts of this repository.\nA service chart is one application, an umbrella chart is one namespace.",
        section(2, "Namespaces", STATUS, table(head, umbrellas)),
        section(2, "Services", form(namespaces), cards(services, icons, pinned)),
        section(2, "Library", table(("Chart", "Description", "Version"), libraries)),
    )


def form(namespaces: Collection[str]) -> str:
    """The filter of the cards; hidden without JavaScript."""
    options = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in namespaces)
    return (
        '<form class="catalogue-filter" hidden role="search" aria-label="Filter the services">'
        '<label>Name or description <input type="search" name="words" autocomplete="off"></label>'
        f'<label>Namespace <select name="namespace"><option value="">all</option>{options}</select></label>'
        '<label>Access <select name="access"><option value="">all</option><option>internal</option>'
        "<option>external</option><option>none</option></select></label>"
        '<output aria-live="polite"></output></form>'
    )


def cards(services: Collection[ParsedChart], icons: Collection[str], pinned: pinned_versions.PinnedVersions) -> str:
    """A list with a card for each service."""
    return "\n".join(
        [
            '<ul class="catalogue" markdown>',
            *(line for entry in services for line in card(entry, icons, pinned)),
            "</ul>",
        ]
    )


def card(entry: ParsedChart, icons: Collection[str], pinned: pinned_versions.PinnedVersions) -> Iterator[str]:
    """A service: icon, name, description, namespace and access."""
    chart = entry.chart
    access = " ".join(dict.fromkeys(access for _, access in accesses(entry))) or "none"
    words = f"{chart.name} {entry.title} {entry.description}".lower()
    keys = {"words": words, "namespace": " ".join(entry.umbrellas), "access": access}
    data = " ".join(f'data-{key}="{escape(text)}"' for key, text in keys.items())
    version = f" {chart.app_version}" if chart.app_version else ""
    where = ", ".join(entry.umbrellas)
    yield f"<li {data} markdown>"
    yield f":{icon(entry, icons).replace('/', '-')}: [{entry.title}]({chart.name}.md)"
    yield f"<small>{escape(' · '.join(part for part in (f'{chart.name}{version}', where, access) if part))}</small>"
    yield f"<span>{prose(entry.description)}</span>"
    yield f"<small>{escape(pinned_versions.card(pinned, entry))}</small>"
    yield "</li>"


def icon(entry: ParsedChart, icons: Collection[str]) -> str:
    """The icon of a service, or the default one."""
    name = entry.chart.name
    declared = str(dig(entry.values, "dashboard").get("icon", "")).partition(".")[0]
    wanted = (ICONS.get(name, ""), f"simple/{name}", f"simple/{declared}")
    return next((each for each in wanted if each in icons), DEFAULT_ICON)
