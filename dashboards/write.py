"""A dashboard as Grafana's JSON: grid positions, panel ids, and a deterministic text.

Source of the format: Grafana's dashboard model (`schemaVersion` 42, Grafana 13) and the options of its built-in panels.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.model import Colour, Column, Dashboard, Panel, PanelType, Query, Row, Source, Threshold, Variable

SCHEMA_VERSION = 42
COLUMNS = 24
"""Of Grafana's grid."""
ROW_HEIGHT = 1
LINE = 120
"""Longest JSON value that is written on one line."""

Json = dict[str, Any]


def to_text(dashboard: Dashboard) -> str:
    """The content of the file; equal dashboards have equal bytes."""
    return laid_out(to_json(dashboard), 0) + "\n"


def laid_out(value: object, depth: int) -> str:
    """JSON with sorted keys; short values are on one line, because the dashboards of a folder must fit into a ConfigMap."""
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
        "description": dashboard.description,
        "tags": sorted({dashboard.folder, *dashboard.tags}),
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": dashboard.time_from, "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": links(dashboard),
        "templating": {"list": [variable(item) for item in dashboard.variables]},
        "panels": list(panels(dashboard.rows)),
    }


def panels(rows: tuple[Row, ...]) -> Iterator[Json]:
    """Rows and panels with their ids and grid positions, from the top."""
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
            yield {"id": number, "gridPos": place, **panel_json(panel)}
            x, highest = x + panel.width, max(highest, panel.height)
        y += highest


def links(dashboard: Dashboard) -> list[Json]:
    """A dropdown of the folder's dashboards, then the links of the dashboard."""
    common = {"asDropdown": False, "icon": "external link", "includeVars": False, "keepTime": True, "tags": []}
    common |= {"targetBlank": False, "tooltip": "", "type": "link", "url": ""}
    others = {**common, "asDropdown": True, "title": "Pages", "type": "dashboards", "tags": [dashboard.folder]}
    return [others, *({**common, "title": title, "url": url} for title, url in dashboard.links)]


def variable(declared: Variable) -> Json:
    """A template variable."""
    if declared.free_text:
        return {"name": declared.name, "label": declared.title, "type": "textbox", "query": "", "hide": 0}
    result: Json = {
        "name": declared.name,
        "label": declared.title,
        "type": "query",
        "datasource": reference(declared.source),
        "includeAll": declared.multiple,
        "multi": declared.multiple,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]} if declared.multiple else {},
    }
    if declared.multiple:
        # Loki rejects a query in which every matcher may match the empty string.
        result["allValue"] = ".+" if declared.source is Source.LOKI else ".*"
    if declared.source is Source.LOKI:
        # Type 1 queries the values of a label.
        loki = {"refId": "variable", "type": 1, "label": declared.label, "stream": declared.metric}
        return {**result, "definition": f"label_values({declared.metric}, {declared.label})", "query": loki}
    query = f"label_values({declared.metric}, {declared.label})"
    return {**result, "definition": query, "query": {"qryType": 1, "query": query, "refId": "variable"}}


def reference(source: Source) -> Json:
    """A reference to a data source."""
    return {"type": source.value, "uid": source.value}


def panel_json(panel: Panel) -> Json:
    """A panel without id and position."""
    result: Json = {"type": panel.type.value, "title": panel.title, "description": panel.description}
    if panel.type is PanelType.TEXT:
        return {**result, "options": {"mode": "markdown", "content": panel.markdown}}
    result["datasource"] = reference(panel.queries[0].source)
    result["targets"] = [
        target(query, ref, panel.type) for query, ref in zip(panel.queries, string.ascii_uppercase, strict=False)
    ]
    result["fieldConfig"] = {
        "defaults": defaults(panel),
        "overrides": [changed for item in panel.columns if (changed := override(item))["properties"]],
    }
    result["options"] = options(panel)
    if panel.type is PanelType.TABLE:
        result["transformations"] = transformations(panel)
    return result


def target(query: Query, ref: str, panel_type: PanelType) -> Json:
    """A query in the format of the data source's plugin."""
    instant = panel_type in {PanelType.TABLE, PanelType.BARS, PanelType.STAT}
    result: Json = {"refId": ref, "datasource": reference(query.source), "expr": query.expr, "editorMode": "code"}
    if query.source is Source.LOKI:
        return {**result, "queryType": "instant" if instant else "range", "legendFormat": query.legend}
    return {
        **result,
        "legendFormat": query.legend,
        "instant": instant,
        "range": not instant,
        "format": "table" if panel_type is PanelType.TABLE else "time_series",
    }


def defaults(panel: Panel) -> Json:
    """Field options of all values of a panel."""
    result: Json = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": threshold_steps(panel.base, panel.thresholds)},
        "mappings": value_mappings(panel.mappings),
        "color": {"mode": "palette-classic" if panel.type is PanelType.SERIES else "thresholds"},
    }
    for key, value in (("min", panel.minimum), ("max", panel.maximum), ("decimals", panel.decimals)):
        if value is not None:
            result[key] = value
    if panel.link:
        result["links"] = [{"title": "Look closer", "url": panel.link, "targetBlank": False}]
    if panel.type is PanelType.SERIES:
        result["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 30 if panel.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"},
        }
    if panel.type is PanelType.TABLE:
        result["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}}
    return result


def threshold_steps(base: Colour, thresholds: tuple[Threshold, ...]) -> list[Json]:
    """Thresholds; the first has no value, because it has no lower bound."""
    return [{"color": base.value, "value": None}, *({"color": one.colour.value, "value": one.at} for one in thresholds)]


def value_mappings(mappings: tuple[tuple[float, str, Colour], ...]) -> list[Json]:
    """Value mappings."""
    options = {
        f"{value:g}": {"text": word, "color": colour.value, "index": index}
        for index, (value, word, colour) in enumerate(mappings)
    }
    return [{"type": "value", "options": options}] if options else []


def override(column: Column) -> Json:
    """Field options of a column."""
    properties: list[Json] = []
    if column.unit:
        properties.append({"id": "unit", "value": column.unit})
    if column.thresholds or column.mappings:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    if column.thresholds:
        thresholds = {"mode": "absolute", "steps": threshold_steps(Colour.GOOD, column.thresholds)}
        properties.append({"id": "thresholds", "value": thresholds})
    if column.mappings:
        properties.append({"id": "mappings", "value": value_mappings(column.mappings)})
    if column.link:
        properties.append({"id": "links", "value": [{"title": "Look closer", "url": column.link}]})
    if column.width:
        properties.append({"id": "custom.width", "value": column.width})
    return {"matcher": {"id": "byName", "options": column.title}, "properties": properties}


def options(panel: Panel) -> Mapping[str, object]:
    """Options of the panel type."""
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.type:
        case PanelType.STAT:
            return {
                "colorMode": "value",
                "graphMode": "none",
                "justifyMode": "auto",
                "orientation": "auto",
                "reduceOptions": last,
                "textMode": "auto" if panel.queries[0].legend else "value",
                "wideLayout": True,
            }
        case PanelType.BARS:
            return {
                "displayMode": "basic",
                "orientation": "horizontal",
                "reduceOptions": last,
                "showUnfilled": True,
                "valueMode": "color",
            }
        case PanelType.TABLE:
            values = [column.title for column in panel.columns if column.field.startswith("Value")]
            return {"cellHeight": "sm", "showHeader": True, "sortBy": [{"displayName": values[0], "desc": True}]}
        case PanelType.LOGS:
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
    """Joins the results into one table, and selects, orders and renames its columns."""
    organised = {
        "indexByName": {column.field: index for index, column in enumerate(panel.columns)},
        "renameByName": {column.field: column.title for column in panel.columns},
        "excludeByName": {"Time": True},
    }
    joined: list[Json] = [{"id": "merge", "options": {}}] if len(panel.queries) > 1 else []
    return [*joined, {"id": "organize", "options": organised}]
