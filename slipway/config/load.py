"""`[tool.slipway]` of pyproject.toml, or slipway.toml, and the process environment → `Config`.

The environment is passed in, never read here, so a test or a task decides what the build system sees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from slipway.config.model import (
    EMBEDDED,
    OWN_FILE,
    PYPROJECT,
    Config,
    RegistryConfig,
    SigningConfig,
    SigningMode,
    SourceForm,
)
from slipway.config.settings import check
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.profile import Profile
from slipway.util.files import decode, printable, read_bytes, unusable_place


def load_config(root: Path, environ: Mapping[str, str]) -> Config:
    """Read the settings of a workspace; an environment variable wins over the file.

    Raises:
        WorkspaceError: there is no file of settings, it is broken, or a setting is unknown or not allowed: every one of them.
    """
    if (problem := unusable_place(root)) is not None:
        raise WorkspaceError(problem)
    file, table = read_table(root)
    settings, problems = check(table, environ, file)
    if problems:
        raise WorkspaceError(problems)
    return build(root, file, settings)


def read_table(root: Path) -> tuple[str, Mapping[str, object]]:
    """The name of the file with the settings, and these: all of slipway.toml, else `[tool.slipway]` of pyproject.toml.

    Raises:
        WorkspaceError: there is neither, both have settings, or the file cannot be read or is not TOML.
    """
    own, python = root / OWN_FILE, root / PYPROJECT
    shared = own_table(python) if python.exists() else None
    if own.exists():
        if shared is not None:
            fact, hint = f"has settings, and so has {PYPROJECT}", f"move them to {OWN_FILE}, and delete [tool.slipway]"
            raise WorkspaceError(Problem(where=OWN_FILE, fact=fact, hint=hint))
        return OWN_FILE, toml(own)
    if not python.exists():
        hint = f"run this in a checkout; in a monorepo of other charts: echo 'profile = \"plain\"' > {OWN_FILE}"
        raise WorkspaceError(Problem(where=printable(python), fact="is missing", hint=hint))
    return PYPROJECT, shared or {}


def own_table(path: Path) -> Mapping[str, object] | None:
    """`[tool.slipway]` of a pyproject.toml; None when it has none.

    Raises:
        WorkspaceError: the file cannot be read, is not TOML, or has something else of this name.
    """
    table: object = toml(path)
    for key in ("tool", "slipway"):
        table = table.get(key) if isinstance(table, dict) else table
        if table is None:
            return None
    if not isinstance(table, dict):
        raise WorkspaceError(
            Problem(where=path.name, fact="[tool.slipway] is not a table", hint="write [tool.slipway]")
        )
    return table


def toml(path: Path) -> dict[str, object]:
    """A file of TOML.

    Raises:
        WorkspaceError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(decode(read_bytes(path, path.name), path.name))
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(Problem(where=path.name, fact=f"is not TOML: {error}")) from error


def build(root: Path, file: str, settings: Mapping[str, object]) -> Config:
    """The checked settings as a value."""
    return Config(
        root=root,
        registry=registry_of(root, settings),
        registry_folder=root / ".registry",
        file=file,
        profile=cast("Profile", settings["profile"]),
        annotation_prefix=str(settings["annotation-prefix"]),
        chart_folders=cast("tuple[str, ...]", settings["chart-folders"]),
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
    annotation_prefix = str(settings["annotation-prefix"])
    if settings["registry"] == EMBEDDED:
        return RegistryConfig(
            host=f"127.0.0.1:{settings['embedded-port']}",
            prefix="charts",
            plain_http=True,
            embedded=True,
            timeout_s=timeout_s,
            attempts=attempts,
            annotation_prefix=annotation_prefix,
        )
    host, prefix = cast("tuple[str, str]", settings["registry"])
    return RegistryConfig(
        host=host,
        prefix=prefix,
        plain_http=bool(settings["plain-http"]),
        ca_file=root / str(settings["ca-file"]) if "ca-file" in settings else None,
        timeout_s=timeout_s,
        attempts=attempts,
        annotation_prefix=annotation_prefix,
    )
