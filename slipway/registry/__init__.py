"""The OCI registry: its client, its credentials, and the embedded one.

In: archives and the registry settings.
Out: published charts by digest.
Fails with: `RegistryError`, `AlreadyPublished`.
"""
