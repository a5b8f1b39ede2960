"""README.md of a chart folder: what it is, for someone who browses the sources. Pure.

It says nothing that changes with each release or from one fork to the next (versions, digests, domains), so that neither an
update of an image nor a new domain makes it wrong. The site's pages have all of that.
"""

from __future__ import annotations

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, codes, page, prose, section, table, value
from slipway.docs.pages import services
from slipway.docs.source import resources
from slipway.docs.source.parsing import Entry
from slipway.docs.source.schema import texts
from slipway.docs.source.value_rows import Row, said

SHOWN = {"network", "secrets"}
"""Root keys that have a table of their own."""

HEAD = "<!-- Written by `./inv docs generate`; edits are overwritten. -->"

MOVING = {"tag", "digest"}
"""Keys whose defaults change with each update of an image."""


def text(entry: Entry) -> str:
    """The whole README."""
    if entry.chart.kind is ChartKind.LIBRARY:
        return library(entry)
    return page(
        HEAD,
        f"# {entry.chart.name}",
        prose(entry.description) + ".",
        section(2, "Images", images(entry)),
        section(2, "Ingress", routes(entry)),
        section(2, "Ports", services.ports(entry)),
        section(2, "Storage", storage(entry)),
        section(2, "Required secrets", services.secrets(entry)),
        section(2, "Network policy", services.network_policy(entry)),
        section(2, "Metrics", services.metrics(entry)),
        section(2, "Values", VALUES, values(tuple(row for row in entry.rows() if row.path[0] not in SHOWN))),
    )


VALUES = "`./inv docs serve` shows the type and description of every key, and the defaults of the library chart."


def library(entry: Entry) -> str:
    """The library's: its defaults; the vocabulary is on the site."""
    return page(
        HEAD,
        f"# {entry.chart.name}",
        prose(entry.description) + ".",
        'A service\'s `templates/all.yaml` is one line: `{{- include "common.all" . }}`.\n'
        "The schema of its values is in `schemas/`; `./inv docs serve` shows it as a page.",
        section(2, "Default values of every service", values(tuple(entry.rows()))),
    )


def images(entry: Entry) -> str:
    """Repositories, without versions."""
    rows = (
        (code(f"{c.controller}/{c.name}"), c.kind, code(c.image.get("repository", "")))
        for c in resources.containers(entry.values)
    )
    return table(("Container", "Type", "Image"), rows)


def routes(entry: Entry) -> str:
    """Hosts with the platform's facts named."""
    rows = (
        (
            code(name),
            code(resources.named(str(route.get("host", "")))),
            str(route.get("access", "internal")),
            codes(texts(route.get("blockPaths"))),
        )
        for name, route in entry.routes()
    )
    return table(("Route", "Host", "Access", "Blocked paths"), rows)


def storage(entry: Entry) -> str:
    """Volumes with the chart's own sizes."""
    rows = (
        (code(volume.name), volume.kind, code(volume.detail), codes(volume.mounts), prose(volume.kept))
        for volume in resources.volumes(entry.values)
    )
    return table(("Volume", "Type", "Size or source", "Mount path", "Retention and backup"), rows)


def values(rows: tuple[Row, ...]) -> str:
    """One table of key and default."""
    lines = (
        (code(row.key), "see values.yaml" if row.path[-1] in MOVING else value(row.default), said(row)) for row in rows
    )
    return table(("Key", "Default", "Description"), lines)
