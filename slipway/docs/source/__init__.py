"""What the pages are made from, as frozen values.

In: the workspace, as read from disk, and the pins of `deploy/`.
Out: parsed charts with their values per environment, resources, traffic, alerts and dashboards, tasks, settings.
Fails: WorkspaceError for a values file, a schema or an annotation that cannot be parsed. Pure, but for `tasks`.
"""
