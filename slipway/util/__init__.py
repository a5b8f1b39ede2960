"""General functions without knowledge of charts: text, quantities, mappings, YAML, files, locks, caches, threads, progress.

In: text, bytes, paths.
Out: values, or files that are written atomically.
Fails with: `WorkspaceError` for text that cannot be read, `FilesFailed` for a file that cannot be written, `Busy` for a lock
of another process.
"""
