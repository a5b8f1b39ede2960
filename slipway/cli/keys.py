"""`keys`: make the key pair that signs what is published."""

from __future__ import annotations

from slipway.cli.ending import Result
from slipway.cli.seal import result
from slipway.context import Context
from slipway.secrets import signing_key


def keys(context: Context, out: str) -> Result:
    """Write the two keys.

    Raises:
        WorkspaceError: the private key would be written into the checkout or over another file, or a public key is there.
        ToolFailed: the packages for it cannot be installed.
    """
    return result(signing_key.new_pair(context, out))
