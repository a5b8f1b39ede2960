"""The monorepo as values: charts, their graph, digests, environments, and the layers of their values.

In: the files of a checkout.
Out: a `Workspace` and pure functions over it.
Fails with: `WorkspaceError` for a file that cannot be understood.
"""
