"""Tables and diagrams that written pages include with `--8<-- "facts/NAME.md"`.

In: what `source` parsed, for each environment.
Out: path of a snippet → its Markdown.
Fails: WorkspaceError for a values file that cannot be parsed. Pure.
"""
