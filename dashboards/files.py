"""The dashboard files of charts/grafana: generates them, and compares them with the committed ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from dashboards.model import Dashboard
from dashboards.pages import (
    addresses,
    argocd,
    caches,
    certificates,
    crowdsec,
    databases,
    downloads,
    home_dns,
    library,
    logs,
    names,
    nodes,
    overview,
    photos,
    pipeline,
    prometheus,
    routes,
    runbooks,
    sign_in,
    storage,
    traefik,
    workloads,
)
from dashboards.write import to_text
from slipway.core.errors import Problem
from slipway.core.model import ChartName, Workspace
from slipway.util.generated import outdated, update
from slipway.workspace.values import members_in

CHART = ChartName("grafana")
FOLDER = f"charts/{CHART}/files/dashboards"
PAGES = (
    *(overview.OVERVIEW, workloads.WORKLOADS, nodes.NODES, storage.STORAGE, databases.DATABASES, caches.CACHES),
    *(
        routes.ROUTES,
        traefik.TRAEFIK,
        certificates.CERTIFICATES,
        addresses.ADDRESSES,
        names.NAMES,
        home_dns.HOME_DNS,
        crowdsec.CROWDSEC,
        sign_in.SIGN_IN,
    ),
    argocd.ARGOCD,
    *(prometheus.PROMETHEUS, logs.LOGS, logs.TRACES, pipeline.PIPELINE),
    *(library.LIBRARY, downloads.DOWNLOADS, photos.PHOTOS),
)
"""All pages except the runbooks."""


def members(workspace: Workspace) -> frozenset[str]:
    """The charts that are enabled in at least one environment.

    Raises:
        WorkspaceError: a values file cannot be parsed.
    """
    return frozenset(
        str(member.chart.name)
        for umbrella in workspace.umbrellas
        for environment in workspace.environments.values()
        for member in members_in(workspace, umbrella, environment)
        if member.enabled
    )


def required(page: Dashboard) -> frozenset[str]:
    """The charts that a page or one of its rows requires."""
    return frozenset({*page.requires, *(chart for row in page.rows for chart in row.requires)})


def pages(root: Path, services: Collection[str]) -> tuple[Dashboard, ...]:
    """The pages of a platform with these charts, without pages and rows that have no data there."""
    found = (*PAGES, *runbooks.dashboards(root))
    return tuple(trimmed(page, services) for page in found if set(page.requires) <= set(services))


def trimmed(page: Dashboard, services: Collection[str]) -> Dashboard:
    """A page without the rows that have no data."""
    return replace(page, rows=tuple(row for row in page.rows if set(row.requires) <= set(services)))


def generated(workspace: Workspace) -> Mapping[str, str]:
    """Path relative to the root → content; empty without the chart grafana."""
    if CHART not in workspace.charts:
        return {}
    wanted = pages(workspace.root, members(workspace))
    return {f"{FOLDER}/{page.file}": to_text(page) for page in wanted}


def committed(root: Path) -> tuple[str, ...]:
    """The committed dashboard files, relative to the root."""
    return tuple(path.relative_to(root).as_posix() for path in sorted((root / FOLDER).rglob("*.json")))


def generate(workspace: Workspace) -> tuple[str, ...]:
    """Write the files and delete those of removed pages; returns the changed paths, relative to the root."""
    return update(workspace.root, generated(workspace), committed(workspace.root))


def check(workspace: Workspace) -> tuple[Problem, ...]:
    """A problem for each file that differs from the generated one."""
    return tuple(
        Problem(
            where=path,
            fact="differs from what dashboards/ and docs/runbooks/ generate for the enabled charts",
            hint="./inv dashboards",
            rule="dashboards.drift",
        )
        for path in outdated(workspace.root, generated(workspace), committed(workspace.root))
    )
