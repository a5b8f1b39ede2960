"""The release: plan, check, build, publish, pin, and the questions about it (status, explain, diff).

In: a `Context`.
Out: published charts and pins; a plan that is empty afterwards.
Fails with: `ProblemsFound`, `AlreadyPublished`, `NotConverged`, `RegistryError`.
"""
