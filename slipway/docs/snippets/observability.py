"""Scrape endpoints, alerts and dashboards of the platform. Pure."""

from __future__ import annotations

from slipway.docs.markdown import code, prose, table
from slipway.docs.source.monitoring import dashboard_files, rule_groups
from slipway.docs.source.parsing import ParsedWorkspace
from slipway.docs.source.platform import Platform
from slipway.docs.source.schema import items
from slipway.util.mapping import dig, listing


def metrics(platform: Platform) -> str:
    """The endpoints that Prometheus scrapes."""
    rows = (
        (
            code(member.umbrella),
            member.link,
            code(name),
            code(spec.get("path", "/metrics")),
            str(spec.get("scheme", "http")),
        )
        for member in platform.members
        for name, spec in items(member.values.get("metrics"))
    )
    return table(("Namespace", "Service", "Endpoint", "Path", "Scheme"), rows)


def alerts(parsed: ParsedWorkspace) -> str:
    """All alerts, each with its runbook."""
    rows = []
    for _, group in rule_groups(parsed):
        for rule in listing(group, "rules"):
            if name := rule.get("alert"):
                severity = str(dig(rule, "labels").get("severity", ""))
                pending = str(rule.get("for", "0s"))
                rows.append((f"[{name}](../runbooks/{name}.md)", severity, pending, str(group.get("name", ""))))
    return table(("Alert", "Severity", "For", "Group"), sorted(rows))


def dashboards(parsed: ParsedWorkspace) -> str:
    """All Grafana dashboards."""
    rows = []
    for path, model in dashboard_files(parsed):
        count = sum(1 for panel in listing(model, "panels") if panel.get("type") != "row")
        folder = path.split("/")[2] if path.count("/") > 2 else ""
        title, description = str(model.get("title", "")), str(model.get("description", ""))
        rows.append((prose(title), prose(folder), str(count), prose(description)))
    return table(("Dashboard", "Folder", "Panels", "Description"), rows)
