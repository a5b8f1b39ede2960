"""Whole generated pages, and the README of each chart.

In: what `source` parsed.
Out: the Markdown of a page.
Fails: WorkspaceError for an annotation that cannot be parsed. Pure.
"""
