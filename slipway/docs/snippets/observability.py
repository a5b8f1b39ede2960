"""What is watched: metrics, alerts, dashboards. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, table
from slipway.docs.source.parsing import Book
from slipway.docs.source.platform import Platform
from slipway.docs.source.schema import dig, items, mapping
from slipway.util import yaml


def metrics(found: Platform) -> str:
    """What Prometheus asks."""
    rows = (
        (
            code(member.umbrella),
            member.link,
            code(name),
            code(spec.get("path", "/metrics")),
            str(spec.get("scheme", "http")),
        )
        for member in found.members
        for name, spec in items(member.values.get("metrics"))
    )
    return table(("Namespace", "Service", "Endpoint", "Path", "Scheme"), rows)


def rule_groups(book: Book) -> Iterator[tuple[str, Mapping[str, object]]]:
    """File and group of every rule that Prometheus gets."""
    for entry in book.of_kind(ChartKind.SERVICE):
        for path, content in sorted(entry.chart.files.items()):
            if path.startswith("files/rules/") and path.endswith((".yml", ".yaml")):
                yield from groups_of(path, yaml.parse(content, f"{entry.chart.folder}/{path}").mapping)
        for path, data in mapping(dig(entry.values, "config", "rules", "files")).items():
            yield from groups_of(str(path), mapping(data))


def groups_of(path: str, data: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The groups of a file."""
    listed = data.get("groups")
    for group in listed if isinstance(listed, list) else ():
        yield path.rpartition("/")[2], mapping(group)


def alerts(book: Book) -> str:
    """Every alert with its runbook."""
    rows = []
    for _, group in rule_groups(book):
        listed = group.get("rules")
        for rule in listed if isinstance(listed, list) else ():
            one = mapping(rule)
            if name := one.get("alert"):
                severity = str(mapping(one.get("labels")).get("severity", ""))
                after = str(one.get("for", "0s"))
                rows.append((f"[{name}](../runbooks/{name}.md)", severity, after, str(group.get("name", ""))))
    return table(("Alert", "Severity", "For", "Group"), sorted(rows))


def dashboards(book: Book) -> str:
    """Every dashboard that Grafana gets."""
    rows = []
    for entry in book.of_kind(ChartKind.SERVICE):
        for path, content in sorted(entry.chart.files.items()):
            # Runbooks are pages as well, and have a list of their own.
            if path.startswith("files/dashboards/") and path.endswith(".json") and "/runbooks/" not in path:
                model = mapping(json.loads(content))
                panels = model.get("panels")
                count = (
                    sum(1 for panel in panels if mapping(panel).get("type") != "row") if isinstance(panels, list) else 0
                )
                folder = path.split("/")[2] if path.count("/") > 2 else ""
                rows.append(
                    (
                        prose(str(model.get("title", ""))),
                        prose(folder),
                        str(count),
                        prose(str(model.get("description", ""))),
                    )
                )
    return table(("Dashboard", "Folder", "Panels", "Description"), rows)
