"""The settings of a checkout: `[tool.slipway]` of pyproject.toml and the variables `SLIPWAY_*`.

In: a folder, the process environment.
Out: one frozen `Config`.
Fails with: `WorkspaceError` for every setting that is unknown or not allowed.
"""

from slipway.config.load import load_config
from slipway.config.model import (
    DEFAULT_PORT,
    EMBEDDED,
    HUB_NAMES,
    PASSWORD,
    USERNAME,
    Config,
    RegistryConfig,
    SourceForm,
)
from slipway.config.settings import SETTINGS, Setting

__all__ = [
    "DEFAULT_PORT",
    "EMBEDDED",
    "HUB_NAMES",
    "PASSWORD",
    "SETTINGS",
    "USERNAME",
    "Config",
    "RegistryConfig",
    "Setting",
    "SourceForm",
    "load_config",
]
