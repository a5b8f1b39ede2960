"""What Prometheus scrapes: its jobs, and the catalogues of the metrics of each."""

from __future__ import annotations

from pathlib import Path

import yaml

from slipway.util.mapping import dig
from testing.rendering import Repository
from testing.workspaces import ROOT, load

CATALOGUES = ROOT / "tests" / "charts" / "infra" / "metrics"
BY_ANNOTATION = "services"
"""The job whose targets are the Services that announce themselves."""


def jobs(repository: Repository) -> frozenset[str]:
    """What catalogues are called: the chart of every Service that is scraped, and the name of every other job."""
    found: set[str] = set()
    for umbrella in load(repository.root).umbrellas:
        charts = {dependency.key: str(dependency.name) for dependency in umbrella.dependencies}
        for case in repository.cases(umbrella.name):
            for item in repository.rendered(case).objects:
                if item.kind == "Service" and item.annotations.get("prometheus.io/scrape") == "true":
                    found.add(charts[item.labels["app.kubernetes.io/name"]])
                if item.kind == "ConfigMap" and "prometheus.yml" in dig(item.data, "data"):
                    found |= {
                        job["job_name"]
                        for job in yaml.safe_load(str(item.at("data", "prometheus.yml")))["scrape_configs"]
                    }
    return frozenset(found - {BY_ANNOTATION})


def rules(repository: Repository) -> list[dict[str, object]]:
    """Every rule of Prometheus."""
    found: list[dict[str, object]] = []
    for case in repository.cases("infra"):
        for item in repository.rendered(case).objects:
            for name, text in dig(item.data, "data").items() if item.kind == "ConfigMap" else ():
                if item.labels["app.kubernetes.io/name"] == "prometheus" and name != "prometheus.yml":
                    found += [rule for group in yaml.safe_load(str(text))["groups"] for rule in group["rules"]]
    return found


def catalogue(path: Path) -> tuple[str, ...]:
    """The names of a file; lines with # are comments."""
    text = path.read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
