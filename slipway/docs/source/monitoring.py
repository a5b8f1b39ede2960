"""Which alerts and dashboards are about a service: those that ask for its figures. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, prose, table
from slipway.docs.snippets.observability import rule_groups
from slipway.docs.source import resources
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import mapping

PREFIXES: Mapping[str, tuple[str, ...]] = {
    "cert-manager": ("certmanager_",),
    "argo-cd": ("argocd_",),
    "cloudnative-pg": (),
    "crowdsec": ("cs_",),
    "media": (),
    "node-exporter": ("node_",),
    "postgres": ("cnpg_",),
    "valkey": ("redis_",),
}
"""Chart → how the names of its figures begin, where that is not its own name; CrowdSec's, CloudNativePG's and the exporter's
of caches are theirs."""


LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
TEMPLATE = re.compile(r"\{\{.*?\}\}")


def patterns(book: Book, entry: Entry) -> re.Pattern[str]:
    """What a question about a service has in it: its figures, the job it is asked by, or one of its containers."""
    name = str(entry.chart.name)
    begins = PREFIXES.get(name, (f"{name.replace('-', '_')}_",))
    called = "|".join(map(re.escape, (name, *book.member_keys(entry.chart.name))))
    # `app` is what every chart calls its only container.
    own = {item.name for item in resources.containers(entry.values)} - {"app", "postgres", "exporter"}
    parts = [rf"\b{re.escape(start)}" for start in begins]
    parts.append(rf'\b(?:job|app)="(?:{called})"')
    parts += [rf'\bcontainer="{re.escape(container)}"' for container in sorted(own)]
    return re.compile("|".join(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Every alert and dashboard, read once for all pages."""

    alerts: tuple[tuple[str, Mapping[str, object]], ...]
    """Question, with those behind its recorded names, and the alert."""
    dashboards: tuple[tuple[str, str, str], ...]
    """Questions, title and folder."""


def watch(book: Book) -> Watch:
    """Read the rules and the dashboards of all charts."""
    rules = [mapping(rule) for _, group in rule_groups(book) for rule in listing(group.get("rules"))]
    recorded = {str(rule["record"]): str(rule.get("expr", "")) for rule in rules if "record" in rule}

    def resolved(expr: str) -> str:
        return " ".join([expr, *(behind for name, behind in recorded.items() if name in expr)])

    alerts = tuple((resolved(str(rule.get("expr", ""))), rule) for rule in rules if "alert" in rule)
    dashboards = []
    for owner in book.of_kind(ChartKind.SERVICE):
        for path, content in sorted(owner.chart.files.items()):
            # Runbooks are pages of text.
            if path.startswith("files/dashboards/") and path.endswith(".json") and "/runbooks/" not in path:
                model = mapping(json.loads(content))
                asked = "\n".join(resolved(expr) for expr in questions(model))
                dashboards.append((asked, str(model.get("title", "")), path.split("/")[2]))
    return Watch(alerts=alerts, dashboards=tuple(dashboards))


def alerts(book: Book, entry: Entry, watch: Watch) -> str:
    """The alerts about a service, each with its runbook."""
    about = patterns(book, entry)
    rows = []
    for asked, one in watch.alerts:
        if about.search(asked):
            name, said = str(one["alert"]), str(mapping(one.get("annotations")).get("summary", ""))
            severity = str(mapping(one.get("labels")).get("severity", ""))
            rows.append((f"[{name}](../runbooks/{name}.md)", severity, prose(shown(said))))
    return table(("Alert", "Severity", "Summary"), sorted(rows))


def shown(summary: str) -> str:
    """A summary with its labels by name, and an ellipsis for what is worked out."""
    return TEMPLATE.sub("…", LABEL.sub(lambda found: f"<{found[1]}>", summary))


def dashboards(book: Book, entry: Entry, watch: Watch) -> str:
    """The dashboards that show figures of a service."""
    about = patterns(book, entry)
    rows = [(prose(title), code(folder)) for asked, title, folder in watch.dashboards if about.search(asked)]
    return table(("Dashboard", "Folder"), sorted(rows))


def listing(data: object) -> list[object]:
    """The data when it is a list, else an empty one."""
    return data if isinstance(data, list) else []


def questions(data: object) -> Iterator[str]:
    """Every question of a dashboard."""
    if isinstance(data, Mapping):
        if isinstance(expr := data.get("expr"), str):
            yield expr
        for item in data.values():
            yield from questions(item)
    elif isinstance(data, list):
        for item in data:
            yield from questions(item)
