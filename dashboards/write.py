"""A dashboard as Grafana's JSON: places on the grid, numbers of panels, and the same text for the same dashboard always.

Source of the format: Grafana's dashboard model (`schemaVersion` 42, Grafana 13) and the options of its own panels.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.model import Choice, Colour, Column, Dashboard, Kind, Panel, Query, Row, Source, Step

SCHEMA_VERSION = 42
COLUMNS = 24
"""Of Grafana's grid."""
ROW_HEIGHT = 1
LINE = 120
"""Characters of JSON that stay on one line."""

Json = dict[str, Any]


def to_text(dashboard: Dashboard) -> str:
    """The file's text; equal dashboards give equal bytes."""
    return laid_out(to_json(dashboard), 0) + "\n"


def laid_out(value: object, depth: int) -> str:
    """JSON with sorted keys; what is short stays on one line, since a ConfigMap has to hold every page of a folder."""
    short = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if len(short) <= LINE or not value or not isinstance(value, (Mapping, list)):
        return short
    space = " " * depth
    if isinstance(value, list):
        inner = [laid_out(item, depth + 1) for item in value]
    else:
        inner = [f"{json.dumps(key)}: {laid_out(value[key], depth + 1)}" for key in sorted(value)]
    opened, closed = "[]" if isinstance(value, list) else "{}"
    return f"{opened}\n" + ",\n".join(f"{space} {item}" for item in inner) + f"\n{space}{closed}"


def to_json(dashboard: Dashboard) -> Json:
    """Grafana's model of a dashboard."""
    return {
        "id": None,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": sorted({dashboard.folder, *dashboard.tags}),
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": dashboard.since, "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": links(dashboard),
        "templating": {"list": [variable(choice) for choice in dashboard.choices]},
        "panels": list(panels(dashboard.rows)),
    }


def panels(rows: tuple[Row, ...]) -> Iterator[Json]:
    """Rows and panels with their numbers and places, from the top down."""
    number, y = 0, 0
    for row in rows:
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": ROW_HEIGHT}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []}
        y += ROW_HEIGHT
        x, highest = 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, highest = 0, y + highest, 0
            number += 1
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **picture(panel)}
            x, highest = x + panel.width, max(highest, panel.height)
        y += highest


def links(dashboard: Dashboard) -> list[Json]:
    """The other pages of the folder as a list, then the dashboard's own."""
    common = {"asDropdown": False, "icon": "external link", "includeVars": False, "keepTime": True, "tags": []}
    common |= {"targetBlank": False, "tooltip": "", "type": "link", "url": ""}
    others = {**common, "asDropdown": True, "title": "Pages", "type": "dashboards", "tags": [dashboard.folder]}
    return [others, *({**common, "title": title, "url": url} for title, url in dashboard.links)]


def variable(choice: Choice) -> Json:
    """A templating variable."""
    if choice.free:
        return {"name": choice.name, "label": choice.title, "type": "textbox", "query": "", "hide": 0}
    made: Json = {
        "name": choice.name,
        "label": choice.title,
        "type": "query",
        "datasource": reference(choice.source),
        "includeAll": choice.multiple,
        "multi": choice.multiple,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]} if choice.multiple else {},
    }
    if choice.multiple:
        # Loki refuses a question whose every selector could be empty.
        made["allValue"] = ".+" if choice.source is Source.LOKI else ".*"
    if choice.source is Source.LOKI:
        # 1 asks for the values of a label.
        loki = {"refId": "variable", "type": 1, "label": choice.label, "stream": choice.metric}
        return {**made, "definition": f"label_values({choice.metric}, {choice.label})", "query": loki}
    asked = f"label_values({choice.metric}, {choice.label})"
    return {**made, "definition": asked, "query": {"qryType": 1, "query": asked, "refId": "variable"}}


def reference(source: Source) -> Json:
    """How a panel names its data source."""
    return {"type": source.value, "uid": source.value}


def picture(panel: Panel) -> Json:
    """A panel without its place."""
    made: Json = {"type": panel.kind.value, "title": panel.title, "description": panel.about}
    if panel.kind is Kind.TEXT:
        return {**made, "options": {"mode": "markdown", "content": panel.markdown}}
    made["datasource"] = reference(panel.queries[0].source)
    made["targets"] = [
        target(query, ref, panel.kind) for query, ref in zip(panel.queries, string.ascii_uppercase, strict=False)
    ]
    made["fieldConfig"] = {
        "defaults": defaults(panel),
        "overrides": [changed for item in panel.columns if (changed := override(item))["properties"]],
    }
    made["options"] = options(panel)
    if panel.kind is Kind.TABLE:
        made["transformations"] = transformations(panel)
    return made


def target(query: Query, ref: str, kind: Kind) -> Json:
    """A question as the data source's plugin stores it."""
    now = kind in {Kind.TABLE, Kind.BARS, Kind.STAT}
    made: Json = {"refId": ref, "datasource": reference(query.source), "expr": query.expr, "editorMode": "code"}
    if query.source is Source.LOKI:
        return {**made, "queryType": "instant" if now else "range", "legendFormat": query.legend}
    return {
        **made,
        "legendFormat": query.legend,
        "instant": now,
        "range": not now,
        "format": "table" if kind is Kind.TABLE else "time_series",
    }


def defaults(panel: Panel) -> Json:
    """How every value of a panel is shown."""
    made: Json = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps(panel.base, panel.steps)},
        "mappings": mappings(panel.words),
        "color": {"mode": "palette-classic" if panel.kind is Kind.SERIES else "thresholds"},
    }
    for key, value in (("min", panel.minimum), ("max", panel.maximum), ("decimals", panel.decimals)):
        if value is not None:
            made[key] = value
    if panel.link:
        made["links"] = [{"title": "Look closer", "url": panel.link, "targetBlank": False}]
    if panel.kind is Kind.SERIES:
        made["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 30 if panel.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
        }
    if panel.kind is Kind.TABLE:
        made["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}}
    return made


def steps(base: Colour, changes: tuple[Step, ...]) -> list[Json]:
    """Thresholds; the first has no value, since it reaches down without end."""
    return [{"color": base.value, "value": None}, *({"color": step.colour.value, "value": step.at} for step in changes)]


def mappings(words: tuple[tuple[float, str, Colour], ...]) -> list[Json]:
    """Values that are words."""
    said = {
        f"{value:g}": {"text": word, "color": colour.value, "index": index}
        for index, (value, word, colour) in enumerate(words)
    }
    return [{"type": "value", "options": said}] if said else []


def override(column: Column) -> Json:
    """How one column is shown."""
    properties: list[Json] = []
    if column.unit:
        properties.append({"id": "unit", "value": column.unit})
    if column.steps or column.words:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    if column.steps:
        thresholds = {"mode": "absolute", "steps": steps(Colour.GOOD, column.steps)}
        properties.append({"id": "thresholds", "value": thresholds})
    if column.words:
        properties.append({"id": "mappings", "value": mappings(column.words)})
    if column.link:
        properties.append({"id": "links", "value": [{"title": "Look closer", "url": column.link}]})
    if column.width:
        properties.append({"id": "custom.width", "value": column.width})
    return {"matcher": {"id": "byName", "options": column.title}, "properties": properties}


def options(panel: Panel) -> Mapping[str, object]:
    """What the panel's plugin is told."""
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case Kind.STAT:
            return {
                "colorMode": "value",
                "graphMode": "none",
                "justifyMode": "auto",
                "orientation": "auto",
                "reduceOptions": last,
                "textMode": "auto" if panel.queries[0].legend else "value",
                "wideLayout": True,
            }
        case Kind.BARS:
            return {
                "displayMode": "basic",
                "orientation": "horizontal",
                "reduceOptions": last,
                "showUnfilled": True,
                "valueMode": "color",
            }
        case Kind.TABLE:
            values = [column.title for column in panel.columns if column.field.startswith("Value")]
            return {"cellHeight": "sm", "showHeader": True, "sortBy": [{"displayName": values[0], "desc": True}]}
        case Kind.LOGS:
            return {
                "dedupStrategy": "none",
                "enableLogDetails": True,
                "showLabels": False,
                "showTime": True,
                "sortOrder": "Descending",
                "wrapLogMessage": True,
            }
        case _:
            legend = {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom"}
            return {"legend": {**legend, "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}


def transformations(panel: Panel) -> list[Json]:
    """One table of several answers, with the chosen columns, in order, under their titles."""
    organised = {
        "indexByName": {column.field: index for index, column in enumerate(panel.columns)},
        "renameByName": {column.field: column.title for column in panel.columns},
        "excludeByName": {"Time": True},
    }
    joined: list[Json] = [{"id": "merge", "options": {}}] if len(panel.queries) > 1 else []
    return [*joined, {"id": "organize", "options": organised}]
