"""Signatures and attestations of what is published.

In: a context, published charts.
Out: sigstore bundles as referrers in the registry, as cosign writes and reads them; verdicts on what is there.
Fails with: `ProblemsFound` for what does not verify, `WorkspaceError` for a key that cannot be used.
"""
