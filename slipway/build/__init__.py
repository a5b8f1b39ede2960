"""From a chart of the workspace to its archive and its rendered objects.

In: a `Workspace` and the pinned helm.
Out: staged folders and archives below build/, objects in memory.
Fails with: problems that are returned, `ToolMissing`, `WorkspaceError`.
"""
