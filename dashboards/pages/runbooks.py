"""Folder `runbooks`: the runbook of each alert, next to its current state."""

from __future__ import annotations

import re
from pathlib import Path

from dashboards.model import Column, Dashboard, Row, promql, series, table, text
from slipway.util.files import read_text

FOLDER = "docs/runbooks"
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
TITLE = re.compile(r"\A# .*\n+")
LABELS = ("severity", "namespace", "node", "pod", "service", "name", "instance")
"""Labels that identify the subject of an alert."""


def dashboards(root: Path) -> tuple[Dashboard, ...]:
    """A page for each file of docs/runbooks, except the index."""
    paths = sorted(path for path in (root / FOLDER).glob("*.md") if path.stem != "index")
    return tuple(page(path.stem, read_text(path, f"{FOLDER}/{path.name}")) for path in paths)


def page(alert: str, markdown: str) -> Dashboard:
    """The page of an alert; the overview leads to it by the alert's name."""
    firing = f'ALERTS{{alertname="{alert}", alertstate="firing"}}'
    return Dashboard(
        uid=f"alert-{alert}",
        title=alert,
        folder="runbooks",
        description="What the alert means, and what to do.",
        time_from="now-24h",
        rows=(
            Row(
                title=alert,
                panels=(
                    text("What to do", as_panel(markdown), width=14, height=20),
                    table(
                        "What it is about",
                        promql(f"count by ({', '.join(LABELS)}) ({firing})"),
                        columns=(
                            *(Column(field=label, title=label.capitalize()) for label in LABELS),
                            Column(field="Value", title="How many", width=90),
                        ),
                        description="Empty: it does not fire.",
                        width=10,
                        height=10,
                    ),
                    series(
                        "When it fired",
                        promql(f"count({firing})", "fires"),
                        promql(f'count(ALERTS{{alertname="{alert}", alertstate="pending"}})', "waits"),
                        width=10,
                        description="It waits until it has lasted long enough.",
                    ),
                ),
            ),
        ),
    )


def as_panel(markdown: str) -> str:
    """A page of the site as the text of a panel: without its title, and without links to other pages of the site."""
    return LINK.sub(r"\1", TITLE.sub("", markdown)).strip() + "\n"
