"""The section Alerts and dashboards of a service page. Pure."""

from __future__ import annotations

import re

from slipway.docs.markdown import code, prose, table
from slipway.docs.source.monitoring import Monitoring, query_pattern
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.util.mapping import dig

LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
TEMPLATE = re.compile(r"\{\{.*?\}\}")


def alerts(parsed: ParsedWorkspace, entry: ParsedChart, monitoring: Monitoring) -> str:
    """The alerts that query a service, each with its runbook."""
    pattern = query_pattern(parsed, entry)
    rows = []
    for query, alert in monitoring.alerts:
        if pattern.search(query):
            name, text = str(alert["alert"]), str(dig(alert, "annotations").get("summary", ""))
            severity = str(dig(alert, "labels").get("severity", ""))
            rows.append((f"[{name}](../runbooks/{name}.md)", severity, prose(summary(text))))
    return table(("Alert", "Severity", "Summary"), sorted(rows))


def summary(template: str) -> str:
    """A summary with its labels as placeholders, and an ellipsis for any other template."""
    return TEMPLATE.sub("…", LABEL.sub(lambda found: f"<{found[1]}>", template))


def dashboards(parsed: ParsedWorkspace, entry: ParsedChart, monitoring: Monitoring) -> str:
    """The dashboards that query a service."""
    pattern = query_pattern(parsed, entry)
    rows = [(prose(one.title), code(one.folder)) for one in monitoring.dashboards if pattern.search(one.queries)]
    return table(("Dashboard", "Folder"), sorted(rows))
