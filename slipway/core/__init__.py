"""The values that every package speaks in: charts, pins, problems, settings.

In: text of settings and the process environment, passed in.
Out: frozen dataclasses.
Fails with: `WorkspaceError` for a setting that is not understood.
"""
