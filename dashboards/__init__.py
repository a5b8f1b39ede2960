"""Grafana's dashboards as data.

In: the pages (`pages`), the runbooks below docs/runbooks, and the charts that are enabled in at least one environment.
Out: the JSON files below charts/grafana/files/dashboards, written or compared (`files`).
Fails: WorkspaceError for a values file that cannot be parsed; a file that differs is a Problem. `model` and `write` are pure.
"""
