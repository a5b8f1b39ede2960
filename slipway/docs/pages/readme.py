"""README.md of a chart. Pure.

It omits versions, digests and domains, so that neither an image update nor a fork changes it. The site has them.
"""

from __future__ import annotations

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, codes, page, prose, section, table, value
from slipway.docs.pages import chart_parts, services
from slipway.docs.source import resources
from slipway.docs.source.parsing import ParsedChart
from slipway.docs.source.schema import texts
from slipway.docs.source.value_rows import ValueRow, description

SEPARATE = {"network", "secrets"}
"""Root keys with a separate table."""

HEAD = "<!-- Written by `./inv docs generate`; edits are overwritten. -->"

IMAGE_VERSION = {"tag", "digest"}
"""Keys whose defaults change with every image update."""


def text(entry: ParsedChart) -> str:
    """The README of a chart."""
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
        section(2, "Network policy", chart_parts.network_policy(entry)),
        section(2, "Metrics", chart_parts.metrics(entry)),
        section(2, "Values", VALUES, values(tuple(row for row in entry.rows() if row.path[0] not in SEPARATE))),
    )


VALUES = "`./inv docs serve` shows the type and description of every key, and the defaults of the library chart."


def library(entry: ParsedChart) -> str:
    """The README of the library chart: its defaults."""
    return page(
        HEAD,
        f"# {entry.chart.name}",
        prose(entry.description) + ".",
        'A service\'s `templates/all.yaml` is one line: `{{- include "common.all" . }}`.\n'
        "The schema of its values is in `schemas/`; `./inv docs serve` shows it as a page.",
        section(2, "Default values of every service", values(tuple(entry.rows()))),
    )


def images(entry: ParsedChart) -> str:
    """Image repositories, without tags."""
    rows = (
        (code(f"{c.controller}/{c.name}"), c.kind, code(c.image.get("repository", "")))
        for c in resources.containers(entry.values)
    )
    return table(("Container", "Type", "Image"), rows)


def routes(entry: ParsedChart) -> str:
    """Hosts, with placeholders for global values."""
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


def storage(entry: ParsedChart) -> str:
    """Volumes, with their default sizes."""
    rows = (
        (code(volume.name), volume.type, code(volume.detail), codes(volume.mounts), prose(volume.retention))
        for volume in resources.volumes(entry.values)
    )
    return table(("Volume", "Type", "Size or source", "Mount path", "Retention and backup"), rows)


def values(rows: tuple[ValueRow, ...]) -> str:
    """A table of keys, defaults and descriptions."""
    lines = (
        (code(row.key), "see values.yaml" if row.path[-1] in IMAGE_VERSION else value(row.default), description(row))
        for row in rows
    )
    return table(("Key", "Default", "Description"), lines)
