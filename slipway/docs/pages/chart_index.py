"""The catalogue of charts: a card for each service, to filter by words, namespace and access. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from html import escape

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, section, site_page, table
from slipway.docs.pages.services import accesses, link
from slipway.docs.source import pinned_versions
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import mapping

ICONS = {
    "alertmanager": "simple/prometheus",
    "argo-cd": "simple/argo",
    "backup": "material/backup-restore",
    "baseline": "material/shield-lock-outline",
    "cert-manager": "simple/letsencrypt",
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
"""Chart → icon, where its name is not the icon's."""
PLAIN = "material/cube-outline"

STATUS = """\
An environment runs the versions that `deploy/` pins; a dash means that nothing is released to it yet.
`./inv registry list` shows all published versions, `./inv plan` what the next release would publish."""


def text(book: Book, icons: Collection[str]) -> str:
    """The page.

    Args:
        book: the workspace.
        icons: what the theme has, as `simple/jellyfin`.
    """
    known = pinned_versions.state(book)
    umbrellas = (
        (
            link(entry),
            code(entry.chart.version),
            *(pinned_versions.umbrella(pins.get(entry.chart.name)) for pins in known.values()),
            prose(entry.description),
        )
        for entry in book.of_kind(ChartKind.UMBRELLA)
    )
    head = ("Umbrella", "Version in git", *(f"Pinned in {name}" for name in known), "Description")
    libraries = (
        (f"[{entry.chart.name}](../reference/library.md)", prose(entry.description), entry.chart.version)
        for entry in book.of_kind(ChartKind.LIBRARY)
    )
    services = book.of_kind(ChartKind.SERVICE)
    namespaces = dict.fromkeys(name for entry in services for name in entry.umbrellas)
    return site_page(
        "# Charts",
        "All Helm charts of this repository.\nA service chart is one application, an umbrella chart is one namespace.",
        section(2, "Namespaces", STATUS, table(head, umbrellas)),
        section(2, "Services", form(namespaces), cards(services, icons, known)),
        section(2, "Library", table(("Chart", "Description", "Version"), libraries)),
    )


def form(namespaces: Collection[str]) -> str:
    """What narrows the cards down; without scripts it is hidden, and every card shows."""
    options = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in namespaces)
    return (
        '<form class="catalogue-filter" hidden role="search" aria-label="Filter the services">'
        '<label>Search <input type="search" name="words" autocomplete="off"></label>'
        f'<label>Namespace <select name="namespace"><option value="">all</option>{options}</select></label>'
        '<label>Access <select name="access"><option value="">all</option><option>internal</option>'
        "<option>external</option><option>none</option></select></label>"
        '<output aria-live="polite"></output></form>'
    )


def cards(services: Collection[Entry], icons: Collection[str], known: pinned_versions.State) -> str:
    """A list with one card for each service."""
    return "\n".join(
        [
            '<ul class="catalogue" markdown>',
            *(line for entry in services for line in card(entry, icons, known)),
            "</ul>",
        ]
    )


def card(entry: Entry, icons: Collection[str], known: pinned_versions.State) -> Iterator[str]:
    """One service: icon, name, what it does, where it is and how it is reached."""
    chart = entry.chart
    access = " ".join(dict.fromkeys(access for _, access in accesses(entry))) or "none"
    words = f"{chart.name} {entry.title} {entry.description}".lower()
    keys = {"words": words, "namespace": " ".join(entry.umbrellas), "access": access}
    data = " ".join(f'data-{key}="{escape(said)}"' for key, said in keys.items())
    version = f" {chart.app_version}" if chart.app_version else ""
    where = ", ".join(entry.umbrellas)
    yield f"<li {data} markdown>"
    yield f":{icon(entry, icons).replace('/', '-')}: [{entry.title}]({chart.name}.md)"
    yield f"<small>{escape(' · '.join(part for part in (f'{chart.name}{version}', where, access) if part))}</small>"
    yield f"<span>{prose(entry.description)}</span>"
    yield f"<small>{escape(pinned_versions.card(known, entry))}</small>"
    yield "</li>"


def icon(entry: Entry, icons: Collection[str]) -> str:
    """The theme's icon of a service, or the plain one."""
    name = entry.chart.name
    told = str(mapping(entry.values.get("dashboard")).get("icon", "")).partition(".")[0]
    wanted = (ICONS.get(name, ""), f"simple/{name}", f"simple/{told}")
    return next((each for each in wanted if each in icons), PLAIN)
