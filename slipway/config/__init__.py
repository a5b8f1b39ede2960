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
    OWN_FILE,
    PASSWORD,
    PYPROJECT,
    SIGNING_KEY,
    SIGNING_PASSWORD,
    USERNAME,
    Config,
    RegistryConfig,
    SigningConfig,
    SigningMode,
    SourceForm,
)
from slipway.config.settings import SETTINGS, Setting

__all__ = [
    "DEFAULT_PORT",
    "EMBEDDED",
    "HUB_NAMES",
    "OWN_FILE",
    "PASSWORD",
    "PYPROJECT",
    "SETTINGS",
    "SIGNING_KEY",
    "SIGNING_PASSWORD",
    "USERNAME",
    "Config",
    "RegistryConfig",
    "Setting",
    "SigningConfig",
    "SigningMode",
    "SourceForm",
    "load_config",
]
