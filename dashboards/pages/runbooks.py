"""Folder `runbooks`: the runbook of each alert, beside what the alert says now, so that a click leads from one to the other."""

from __future__ import annotations

import re
from pathlib import Path

from dashboards.model import Column, Dashboard, Row, metric, series, table, text
from slipway.util.files import read_text

FOLDER = "docs/runbooks"
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
TITLE = re.compile(r"\A# .*\n+")
LABELS = ("severity", "namespace", "node", "pod", "service", "name", "instance")
"""Labels of alerts that say what it is about."""


def dashboards(root: Path) -> tuple[Dashboard, ...]:
    """One page for each file of docs/runbooks but their list."""
    paths = sorted(path for path in (root / FOLDER).glob("*.md") if path.stem != "index")
    return tuple(page(path.stem, read_text(path, f"{FOLDER}/{path.name}")) for path in paths)


def page(alert: str, markdown: str) -> Dashboard:
    """The page of an alert; the overview leads to it by the alert's name."""
    firing = f'ALERTS{{alertname="{alert}", alertstate="firing"}}'
    return Dashboard(
        uid=f"alert-{alert}",
        title=alert,
        folder="runbooks",
        about="What the alert means, and what to do.",
        since="now-24h",
        rows=(
            Row(
                title=alert,
                panels=(
                    text("What to do", as_panel(markdown), width=14, height=20),
                    table(
                        "What it is about",
                        metric(f"count by ({', '.join(LABELS)}) ({firing})"),
                        columns=(
                            *(Column(field=label, title=label.capitalize()) for label in LABELS),
                            Column(field="Value", title="How many", width=90),
                        ),
                        about="Empty: it does not fire.",
                        width=10,
                        height=10,
                    ),
                    series(
                        "When it fired",
                        metric(f"count({firing})", "fires"),
                        metric(f'count(ALERTS{{alertname="{alert}", alertstate="pending"}})', "waits"),
                        width=10,
                        about="It waits until it has lasted long enough.",
                    ),
                ),
            ),
        ),
    )


def as_panel(markdown: str) -> str:
    """A page of the site as a panel's text: its title is the panel's, and other pages of the site are not here."""
    return LINK.sub(r"\1", TITLE.sub("", markdown)).strip() + "\n"
