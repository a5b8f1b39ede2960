"""What an environment is pinned to, in one folder that a machine without a network can load.

In: the pins of an environment, and the registries that they and their images come from.
Out: an OCI image layout with umbrellas, signatures and images; the same in another registry, and new pins.
Fails with: `RegistryError` and `ToolFailed` for what cannot be copied, `WorkspaceError` for a folder that is no bundle.
"""
