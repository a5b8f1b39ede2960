"""The files of dashboards in charts/grafana: which pages there are, and whether what is committed is what they give."""

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
    library,
    logs,
    names,
    nodes,
    overview,
    photos,
    pipeline,
    prometheus,
    runbooks,
    storage,
    traefik,
    workloads,
)
from dashboards.write import to_text
from slipway.core.errors import Problem
from slipway.core.model import ChartName, Workspace
from slipway.util.files import write_atomic
from slipway.workspace.values import members_in

CHART = ChartName("grafana")
FOLDER = f"charts/{CHART}/files/dashboards"
PAGES = (
    *(overview.OVERVIEW, workloads.WORKLOADS, nodes.NODES, storage.STORAGE, databases.DATABASES, caches.CACHES),
    *(traefik.TRAEFIK, certificates.CERTIFICATES, addresses.ADDRESSES, names.NAMES, crowdsec.CROWDSEC),
    argocd.ARGOCD,
    *(prometheus.PROMETHEUS, logs.LOGS, logs.TRACES, pipeline.PIPELINE),
    *(library.LIBRARY, downloads.DOWNLOADS, photos.PHOTOS),
)
"""Every page, but for the runbooks, which are files."""


def members(workspace: Workspace) -> frozenset[str]:
    """The charts that run in at least one environment.

    Raises:
        WorkspaceError: a values file cannot be understood.
    """
    return frozenset(
        str(member.chart.name)
        for umbrella in workspace.umbrellas
        for environment in workspace.environments.values()
        for member in members_in(workspace, umbrella, environment)
        if member.enabled
    )


def needs(page: Dashboard) -> frozenset[str]:
    """Every chart that a page or a row of it needs."""
    return frozenset({*page.needs, *(need for row in page.rows for need in row.needs)})


def pages(root: Path, services: Collection[str]) -> tuple[Dashboard, ...]:
    """Every page of a platform with these services; what has nothing to show there is left out."""
    found = (*PAGES, *runbooks.dashboards(root))
    return tuple(trimmed(page, services) for page in found if set(page.needs) <= set(services))


def trimmed(page: Dashboard, services: Collection[str]) -> Dashboard:
    """A page without the rows that have nothing to show."""
    return replace(page, rows=tuple(row for row in page.rows if set(row.needs) <= set(services)))


def fresh(workspace: Workspace) -> Mapping[str, str]:
    """File, relative to the root → text; none without Grafana."""
    if CHART not in workspace.charts:
        return {}
    made = pages(workspace.root, members(workspace))
    return {f"{FOLDER}/{page.file}": to_text(page) for page in made}


def committed(root: Path) -> tuple[str, ...]:
    """Every file of dashboards, relative to the root."""
    return tuple(path.relative_to(root).as_posix() for path in sorted((root / FOLDER).rglob("*.json")))


def generate(workspace: Workspace) -> tuple[str, ...]:
    """Write the files; returns those that changed, relative to the root."""
    root, made = workspace.root, fresh(workspace)
    changed = [path for path, text in made.items() if read(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(root / path, made[path])
    left = [path for path in committed(root) if path not in made]
    for path in left:
        (root / path).unlink()
    return tuple(sorted([*changed, *left]))


def check(workspace: Workspace) -> tuple[Problem, ...]:
    """Every file that is not what the pages give; nothing is written."""
    root, made = workspace.root, fresh(workspace)
    return tuple(
        Problem(
            where=path,
            fact="is not what dashboards and docs/runbooks give for what runs in some environment",
            hint="./inv dashboards",
            rule="dashboards.drift",
        )
        for path in sorted({*made, *committed(root)})
        if read(root / path) != made.get(path)
    )


def read(path: Path) -> str | None:
    """A file's text, or None when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
