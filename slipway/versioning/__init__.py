"""Which version a changed chart needs, by the evidence of what changed.

In: the chart here and the chart as it was last published.
Out: new versions, changelogs, and the edits of Chart.yaml.
Fails with: `WorkspaceError`, `RegistryError`.
"""
