"""What each setting and each variable means: from the table of the settings, and the variables that are no setting."""

from __future__ import annotations

from slipway.config import SETTINGS

VARIABLES: dict[str, str] = {
    **{setting.variable: f"Like `{key}`." for key, setting in SETTINGS.items() if setting.variable},
    "SLIPWAY_REGISTRY_USERNAME": "User of the registry; wins over the login files.",
    "SLIPWAY_REGISTRY_PASSWORD": "Password or token of that user; required when the user is set.",
    "SLIPWAY_ROOT": "Another checkout that the tasks work on.",
    "SLIPWAY_PYTHON": "The Python that `./inv` makes its environment with.",
}
"""Environment variable → meaning. Each wins over the setting of the same meaning."""

INTERNAL = frozenset({"SLIPWAY_REPAIRED"})
"""Variables that the launcher sets for itself."""
