"""From pins to a running cluster: bootstrap, and the restore of a backup.

In: pins, the registry, a kubeconfig.
Out: applied objects, or the kubectl steps that a person can read.
Fails with: `WorkspaceError`, `RegistryError`, `ToolFailed`.
"""
