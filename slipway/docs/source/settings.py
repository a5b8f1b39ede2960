"""Environment variables: those of the settings, and those that have no setting."""

from __future__ import annotations

from slipway.config import SETTINGS

VARIABLES: dict[str, str] = {
    **{setting.variable: f"Like `{key}`." for key, setting in SETTINGS.items() if setting.variable},
    "SLIPWAY_REGISTRY_USERNAME": "User name for the registry; overrides the credential files.",
    "SLIPWAY_REGISTRY_PASSWORD": "Password or token of that user; required if the user name is set.",
    "SLIPWAY_SIGNING_KEY": "Private key that signs, as PEM text; overrides `signing-key-file`.",
    "SLIPWAY_SIGNING_PASSWORD": "Password of the private key, if it is encrypted.",
    "SLIPWAY_ROOT": "Path of another checkout for the tasks to work on.",
    "SLIPWAY_CACHE": "Folder for the programs that an installed `slipway` builds; `~/.cache/slipway` without it.",
    "SLIPWAY_PYTHON": "Python interpreter for the virtual environment of `./inv`.",
}
"""Environment variable → description. Each overrides its setting."""

INTERNAL = frozenset({"SLIPWAY_REPAIRED"})
"""Variables that the launcher sets for itself."""
