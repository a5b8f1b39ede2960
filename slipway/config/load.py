"""`[tool.slipway]` of pyproject.toml and the process environment → `Config`.

The environment is passed in, never read here, so a test or a task decides what the build system sees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from slipway.config.model import EMBEDDED, Config, RegistryConfig, SigningConfig, SigningMode, SourceForm
from slipway.config.settings import FILE, check
from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import decode, printable, read_bytes, unusable_place


def load_config(root: Path, environ: Mapping[str, str]) -> Config:
    """Read the settings of a workspace; an environment variable wins over the file.

    Raises:
        WorkspaceError: pyproject.toml is missing or broken, or a setting is unknown or not allowed: every one of them.
    """
    if (problem := unusable_place(root)) is not None:
        raise WorkspaceError(problem)
    settings, problems = check(read_table(root / FILE), environ)
    if problems:
        raise WorkspaceError(problems)
    return build(root, settings)


def read_table(path: Path) -> Mapping[str, object]:
    """The table `[tool.slipway]`; empty when there is none.

    Raises:
        WorkspaceError: the file is missing, cannot be read, or is not TOML.
    """
    if not path.exists():
        raise WorkspaceError(Problem(where=printable(path), fact="is missing", hint="run this in a checkout"))
    try:
        table: object = tomllib.loads(decode(read_bytes(path, FILE), FILE))
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(Problem(where=FILE, fact=f"is not TOML: {error}")) from error
    for key in ("tool", "slipway"):
        table = table.get(key, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise WorkspaceError(Problem(where=FILE, fact="[tool.slipway] is not a table", hint="write [tool.slipway]"))
    return table


def build(root: Path, settings: Mapping[str, object]) -> Config:
    """The checked settings as a value."""
    return Config(
        root=root,
        registry=registry_of(root, settings),
        registry_folder=root / ".registry",
        environments=cast("tuple[str, ...]", settings["environments"]),
        source=SourceForm(str(settings["source"])),
        rolling_sync=bool(settings["rolling-sync"]),
        kube_version=str(settings["kube-version"]),
        tools=cast("Mapping[str, str]", settings.get("tools", {})),
        cluster=str(settings["cluster"]),
        repository_url=str(settings.get("repository-url", "")),
        argocd_namespace=str(settings["argocd-namespace"]),
        signing=signing_of(settings),
    )


def signing_of(settings: Mapping[str, object]) -> SigningConfig:
    """Who signs."""
    key_file = settings.get("signing-key-file")
    return SigningConfig(
        mode=SigningMode(str(settings["signing"])),
        public_key=str(settings["signing-public-key"]),
        key_file=Path(str(key_file)).expanduser() if key_file else None,
        identity=str(settings.get("signing-identity", "")),
    )


def registry_of(root: Path, settings: Mapping[str, object]) -> RegistryConfig:
    """Where to publish."""
    timeout_s, attempts = float(str(settings["timeout-seconds"])), int(str(settings["attempts"]))
    if settings["registry"] == EMBEDDED:
        return RegistryConfig(
            host=f"127.0.0.1:{settings['embedded-port']}",
            prefix="charts",
            plain_http=True,
            embedded=True,
            timeout_s=timeout_s,
            attempts=attempts,
        )
    host, prefix = cast("tuple[str, str]", settings["registry"])
    return RegistryConfig(
        host=host,
        prefix=prefix,
        plain_http=bool(settings["plain-http"]),
        ca_file=root / str(settings["ca-file"]) if "ca-file" in settings else None,
        timeout_s=timeout_s,
        attempts=attempts,
    )
