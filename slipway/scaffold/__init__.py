"""A new chart, and its entry in an umbrella.

In: a few facts about a service.
Out: files in the workspace, all of them or none.
Fails with: `WorkspaceError` before anything is written.
"""
