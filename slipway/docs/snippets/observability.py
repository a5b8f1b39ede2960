"""Scrape endpoints, alerts and dashboards of the platform. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, section, table
from slipway.docs.pages.alerting import summary
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


GROUP_TITLES = {
    "argocd": "Argo CD",
    "kubernetes": "Pods and workloads",
    "media": "Media services",
    "monitoring": "Monitoring itself",
    "postgresql": "PostgreSQL",
    "redis": "Redis and Valkey",
}
"""Group of rules → its title, where it is neither a chart's nor the group's own name."""
SEVERITIES = ("critical", "warning")
"""The most urgent first; any other comes last."""


def runbooks(parsed: ParsedWorkspace) -> str:
    """A section for each group of rules: its alerts by severity, each with what it means."""
    titles = {str(entry.chart.name): entry.title for entry in parsed.of_kind(ChartKind.SERVICE)}
    sections: dict[str, str] = {}
    for _, group in rule_groups(parsed):
        name = str(group.get("name", ""))
        title = GROUP_TITLES.get(name) or titles.get(name) or name.capitalize()
        rows = sorted((urgency(rule), runbook(rule)) for rule in listing(group, "rules") if "alert" in rule)
        if text := table(("Alert", "Severity", "Meaning"), (row for _, row in rows)):
            sections[title] = section(3, title, text)
    return "\n\n".join(sections[title] for title in sorted(sections, key=str.lower))


def urgency(rule: Mapping[str, object]) -> int:
    """The place of an alert among those of its group."""
    severity = str(dig(rule, "labels").get("severity", ""))
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def runbook(rule: Mapping[str, object]) -> tuple[str, str, str]:
    """An alert with the link to its runbook, its severity and its summary."""
    name, text = str(rule["alert"]), str(dig(rule, "annotations").get("summary", ""))
    return f"[{name}]({name}.md)", str(dig(rule, "labels").get("severity", "")), prose(summary(text))


def dashboards(parsed: ParsedWorkspace) -> str:
    """All Grafana dashboards."""
    rows = []
    for path, model in dashboard_files(parsed):
        count = sum(1 for panel in listing(model, "panels") if panel.get("type") != "row")
        folder = path.split("/")[2] if path.count("/") > 2 else ""
        title, description = str(model.get("title", "")), str(model.get("description", ""))
        rows.append((prose(title), prose(folder), str(count), prose(description)))
    return table(("Dashboard", "Folder", "Panels", "Description"), rows)
