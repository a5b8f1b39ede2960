"""Tools without knowledge of charts: text, mappings, YAML, files, locks, caches, threads, progress.

In: text, bytes, paths.
Out: values, or files that are written whole.
Fails with: `WorkspaceError` for text that cannot be parsed, `Busy` for a lock that another process holds.
"""
