"""What tests ask of Grafana's dashboards: their queries, the metrics in them, and what would confuse a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from testing.workspaces import ROOT

FOLDER = ROOT / "charts" / "grafana" / "files" / "dashboards"
BUILT_IN = {"__rate_interval": "5m", "__interval": "1m", "__range": "6h", "__auto": "1m"}
"""Variables that Grafana fills in by itself."""
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
LINK = re.compile(r"^/d/([\w-]+|alert-\$\{[^}]+\})(?:\?(.*))?$")
KEYWORDS = frozenset(
    [
        "and",
        "or",
        "unless",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "offset",
        "bool",
        "inf",
        "nan",
        "start",
        "end",
        "atan2",
    ]
)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
NAME = re.compile(r"(?<![\w:.])[A-Za-z_:][\w:]*")
ALERT = "alert-"

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A query of a panel or a variable."""

    where: str
    source: str
    expr: str


def load(path: Path) -> Json:
    """A dashboard."""
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def all_dashboards() -> dict[str, Json]:
    """File, relative to the folder → dashboard."""
    return {path.relative_to(FOLDER).as_posix(): load(path) for path in sorted(FOLDER.rglob("*.json"))}


def items(value: object) -> list[dict[str, Any]]:
    """A list of mappings."""
    assert isinstance(value, list)
    return value


def questions(dashboard: Json) -> Iterator[Question]:
    """Every query, with its variables."""
    for panel in items(dashboard["panels"]):
        for target in items(panel.get("targets", [])):
            source = target["datasource"]["uid"]
            yield Question(where=f"{dashboard['uid']}: {panel['title']}", source=source, expr=target["expr"])
    for variable in items(dashboard["templating"]["list"]):
        if variable["type"] == "query":
            source, asked = variable["datasource"]["uid"], variable["query"]
            expr = (
                asked["stream"] if source == "loki" else asked["query"].removeprefix("label_values(").rpartition(",")[0]
            )
            if expr:
                yield Question(where=f"{dashboard['uid']}: variable {variable['name']}", source=source, expr=expr)


def filled(expr: str) -> str:
    """A query with a word for each variable."""
    return VARIABLE.sub(lambda found: BUILT_IN.get(found[1] or found[2], "word"), expr)


def metrics(expr: str) -> frozenset[str]:
    """The metrics that PromQL names.

    What is left without strings, selectors, ranges and lists of labels, and is followed by no parenthesis, is one.
    """
    bare = STRING.sub('""', filled(expr))
    bare = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", " ", bare)
    bare = LABELS.sub(" ", bare)
    called = {found[0] for found in re.finditer(r"[A-Za-z_]\w*(?=\s*\()", bare)}
    aggregated = {
        found[1] for found in re.finditer(r"\b(sum|min|max|avg|count|topk|bottomk|quantile|stddev|group)\b", bare)
    }
    return frozenset(NAME.findall(bare)) - called - aggregated - KEYWORDS


def stumbles(name: str, dashboards: Mapping[str, Json], alerts: frozenset[str]) -> Iterator[str]:
    """What would confuse a reader of a dashboard, as sentences.

    Args:
        name: its file.
        dashboards: all of them, since links lead from one to the other.
        alerts: names of alerts, which may be part of a link.
    """
    dashboard = dashboards[name]
    panels = items(dashboard["panels"])
    yield from places(panels)
    yield from unused(dashboard)
    yield from broken_links(dashboard, dashboards, alerts)
    for panel in panels:
        if panel["type"] in {"row", "text"}:
            continue
        yield from (f"{panel['title']}: {problem}" for problem in (*unreadable(panel), *columns(panel)))


def places(panels: list[dict[str, Any]]) -> Iterator[str]:
    """Panels that share a number or a place, or leave the grid."""
    for one, other in combinations(panels, 2):
        if one["id"] == other["id"]:
            yield f"{one['title']} and {other['title']} have the number {one['id']}"
        a, b = one["gridPos"], other["gridPos"]
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        if not (apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]):
            yield f"{one['title']} overlaps {other['title']}"
    for panel in panels:
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"{panel['title']} leaves the grid"


def unused(dashboard: Json) -> Iterator[str]:
    """Variables that nothing uses, and those that are used and are not there."""
    declared = {variable["name"] for variable in items(dashboard["templating"]["list"])}
    used = {
        name for question in questions(dashboard) for found in VARIABLE.findall(question.expr) for name in found if name
    }
    yield from (f"variable {name} is not used" for name in sorted(declared - used))
    yield from (f"variable {name} is not declared" for name in sorted(used - declared - BUILT_IN.keys()))


def broken_links(dashboard: Json, dashboards: Mapping[str, Json], alerts: frozenset[str]) -> Iterator[str]:
    """Links to pages, or to variables of pages, that are not there."""
    pages = {str(other["uid"]): other for other in dashboards.values()}
    for url in sorted(set(re.findall(r'"url": "(/[^"]*)"', json.dumps(dashboard)))):
        found = LINK.match(url)
        if found is None:
            if not url.startswith("/explore?"):
                yield f"link {url} leads to no page"
            continue
        wanted = {f"{ALERT}{alert}" for alert in alerts} if "$" in found[1] else {found[1]}
        yield from (f"link to {uid}, which is not there" for uid in sorted(wanted - pages.keys()))
        for uid in sorted(wanted & pages.keys()):
            there = {variable["name"] for variable in items(pages[uid]["templating"]["list"])}
            asked = set(re.findall(r"var-(\w+)=", found[2] or ""))
            yield from (f"link to {uid} sets {name}, which it does not have" for name in sorted(asked - there))


def unreadable(panel: dict[str, Any]) -> Iterator[str]:
    """Numbers or lines that nobody could name."""
    if not panel["title"]:
        yield "has no title"
    if panel["type"] == "stat" and not panel["description"]:
        yield "is a number without an explanation"
    if not items(panel["targets"]):
        yield "asks nothing"
    if panel["type"] not in {"timeseries", "bargauge"}:
        return
    for target in items(panel["targets"]):
        legend, labels = target["legendFormat"], grouping(target["expr"])
        if not legend:
            yield f"a line has no name: {target['expr']}"
        shown = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", legend))
        if labels is not None and shown != labels - {"le", ""}:
            yield f"lines differ by {sorted(labels - {'le', ''})} and are named by {sorted(shown)}: {target['expr']}"


def grouping(expr: str) -> set[str] | None:
    """The labels of the first `by (…)` of a query; None without one."""
    found = re.search(r"\bby \(([^)]*)\)", expr)
    return {label.strip() for label in found[1].split(",")} if found else None


def columns(panel: dict[str, Any]) -> Iterator[str]:
    """Columns of tables that their questions do not give, or that are left without a title."""
    if panel["type"] != "table":
        return
    targets = items(panel["targets"])
    kept = {label for target in targets for label in grouping(target["expr"]) or ()}
    values = {"Value"} if len(targets) == 1 else {f"Value #{target['refId']}" for target in targets}
    organised = next(item for item in items(panel["transformations"]) if item["id"] == "organize")
    renamed = organised["options"]["renameByName"]
    if renamed.keys() != kept | values:
        yield f"columns are {sorted(renamed)}, and the questions give {sorted(kept | values)}"
    titled = {item["matcher"]["options"] for item in items(panel["fieldConfig"]["overrides"])}
    yield from (f"column {title} is changed and is not there" for title in sorted(titled - set(renamed.values())))
