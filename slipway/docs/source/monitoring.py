"""Alert rules and dashboards of all charts, and which of them query a service. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.model import ChartKind
from slipway.docs.source import resources
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.util import yaml
from slipway.util.mapping import dig, listing

METRIC_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "blackbox-exporter": ("probe_",),
    "cert-manager": ("certmanager_",),
    "argo-cd": ("argocd_",),
    "cloudnative-pg": (),
    "crowdsec": ("cs_",),
    "media": (),
    "node-exporter": ("node_",),
    "postgres": ("cnpg_",),
    "valkey": ("redis_",),
}
"""Chart → prefixes of its metrics, if they differ from the chart's name. Source: the documentation of CrowdSec,
CloudNativePG and redis_exporter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A Grafana dashboard."""

    title: str
    folder: str
    queries: str
    """Its expressions, and those of the recording rules that they use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """All alerts and dashboards, parsed once for all pages."""

    alerts: tuple[tuple[str, Mapping[str, object]], ...]
    """Expression, with those of the recording rules that it uses, and the alert."""
    dashboards: tuple[Dashboard, ...]


def load(parsed: ParsedWorkspace) -> Monitoring:
    """Parse the rules and dashboards of all charts."""
    rules = [rule for _, group in rule_groups(parsed) for rule in listing(group, "rules")]
    recorded = {str(rule["record"]): str(rule.get("expr", "")) for rule in rules if "record" in rule}

    def resolved(expr: str) -> str:
        return " ".join([expr, *(recording for name, recording in recorded.items() if name in expr)])

    return Monitoring(
        alerts=tuple((resolved(str(rule.get("expr", ""))), rule) for rule in rules if "alert" in rule),
        dashboards=tuple(
            Dashboard(
                title=str(model.get("title", "")),
                folder=path.split("/")[2],
                queries="\n".join(resolved(expr) for expr in expressions(model)),
            )
            for path, model in dashboard_files(parsed)
        ),
    )


def rule_groups(parsed: ParsedWorkspace) -> Iterator[tuple[str, Mapping[str, object]]]:
    """File name and group of all Prometheus rules."""
    for entry in parsed.of_kind(ChartKind.SERVICE):
        for path, content in sorted(entry.chart.files.items()):
            if path.startswith("files/rules/") and path.endswith((".yml", ".yaml")):
                document = yaml.parse(content, f"{entry.chart.folder}/{path}")
                yield from ((path.rpartition("/")[2], group) for group in listing(document.mapping, "groups"))
        for path, data in dig(entry.values, "config", "rules", "files").items():
            yield from ((str(path).rpartition("/")[2], group) for group in listing(data, "groups"))


def dashboard_files(parsed: ParsedWorkspace) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Path and content of all dashboards, without those that only show a runbook."""
    for entry in parsed.of_kind(ChartKind.SERVICE):
        for path, content in sorted(entry.chart.files.items()):
            if path.startswith("files/dashboards/") and path.endswith(".json") and "/runbooks/" not in path:
                yield path, dig(json.loads(content))


def expressions(data: object) -> Iterator[str]:
    """All query expressions of a dashboard."""
    if isinstance(data, Mapping):
        if isinstance(expr := data.get("expr"), str):
            yield expr
        for item in data.values():
            yield from expressions(item)
    elif isinstance(data, list):
        for item in data:
            yield from expressions(item)


def query_pattern(parsed: ParsedWorkspace, entry: ParsedChart) -> re.Pattern[str]:
    """Matches an expression about a service: one of its metrics, its scrape job, or one of its containers."""
    name = str(entry.chart.name)
    prefixes = METRIC_PREFIXES.get(name, (f"{name.replace('-', '_')}_",))
    jobs = "|".join(map(re.escape, (name, *parsed.member_keys(entry.chart.name))))
    # Every chart with a single container calls it `app`.
    containers = {item.name for item in resources.containers(entry.values)} - {"app", "postgres", "exporter"}
    parts = [rf"\b{re.escape(prefix)}" for prefix in prefixes]
    parts.append(rf'\b(?:job|app)="(?:{jobs})"')
    parts += [rf'\bcontainer="{re.escape(container)}"' for container in sorted(containers)]
    return re.compile("|".join(parts))
