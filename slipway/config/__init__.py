"""`[tool.slipway]` of pyproject.toml and the process environment, as one frozen value.

The environment is passed in, never read here, so a test or a task decides what the build system sees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.text import suggest

EMBEDDED = "embedded"
"""The `registry` setting that means: run our own on this machine."""


class SourceForm(StrEnum):
    """How Argo CD addresses a chart in the registry."""

    OCI = "oci"
    """Native `oci://` source, pinned as `version@sha256:…`."""
    HELM = "helm"
    """Helm repository with `enableOCI`, pinned by exact version; keeps its sync status when the registry is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryConfig:
    """Where charts are published and how the connection is made; never holds a password."""

    host: str
    """`name` or `name:port`."""
    prefix: str
    """Path below the host, without slashes at its ends; may be empty."""
    plain_http: bool = False
    ca_file: Path | None = None
    embedded: bool = False
    timeout_s: float = 10.0
    """For connecting and for each read."""
    attempts: int = 4
    """How often one request is tried before the release gives up."""

    @property
    def base(self) -> str:
        """`oci://host/prefix`, the parent of every chart."""
        return f"oci://{self.address}"

    @property
    def address(self) -> str:
        """`host/prefix`, as Argo CD's Helm form spells it."""
        return f"{self.host}/{self.prefix}" if self.prefix else self.host

    def repository(self, name: str) -> str:
        """Repository of a chart below the host."""
        return f"{self.prefix}/{name}" if self.prefix else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set."""

    root: Path
    registry: RegistryConfig
    registry_folder: Path
    """Data of the embedded registry."""
    environments: tuple[str, ...] = ("staging", "production")
    """In the order of promotion; the first is what `release` pins."""
    source: SourceForm = SourceForm.OCI
    rolling_sync: bool = False
    kube_version: str = "1.37.0"
    """Kubernetes version that every offline render assumes."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Program → exact version."""
    cluster: str = "https://kubernetes.default.svc"
    repository_url: str = ""
    """Git address of this repository, for the root Application; empty until the operator sets it."""
    argocd_namespace: str = "argocd"

    @property
    def build(self) -> Path:
        """Staged copies, packages and caches; can always be deleted."""
        return self.root / "build"


KEYS = {
    "registry": str, "plain-http": bool, "ca-file": str, "embedded-port": int, "environments": list, "source": str,
    "rolling-sync": bool, "kube-version": str, "tools": dict, "cluster": str, "repository-url": str,
    "argocd-namespace": str, "timeout-seconds": (int, float), "attempts": int,
}  # fmt: skip
"""Settings of `[tool.slipway]` and their TOML types."""

DEFAULT_PORT = 5055


def load_config(root: Path, environ: Mapping[str, str]) -> Config:
    """Read the settings of a workspace; `SLIPWAY_REGISTRY`, `_PLAIN_HTTP`, `_CA_FILE` and `_PORT` win over the file.

    Raises:
        WorkspaceError: pyproject.toml is missing or broken, or a key or value is not understood.
    """
    path = root / "pyproject.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("slipway", {})
    except FileNotFoundError:
        raise WorkspaceError(Problem(where=str(path), fact="is missing", hint="run this in a checkout")) from None
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(Problem(where="pyproject.toml", fact=f"is not TOML: {error}")) from error
    problems = [problem for key, value in table.items() if (problem := check_key(key, value))]
    if problems:
        raise WorkspaceError(problems)
    return build_config(root, table, environ)


def check_key(key: str, value: object) -> Problem | None:
    """A setting that does not exist or has the wrong type."""
    where = "pyproject.toml"
    if key not in KEYS:
        return Problem(where=where, fact=f"[tool.slipway] has no setting {key!r}", hint=suggest(key, KEYS))
    if not isinstance(value, KEYS[key]):  # type: ignore[arg-type]
        return Problem(where=where, fact=f"[tool.slipway] {key} has the wrong type ({type(value).__name__})")
    return None


def build_config(root: Path, table: Mapping[str, object], environ: Mapping[str, str]) -> Config:
    """The settings as a value; the table is already checked for types."""
    source = str(table.get("source", SourceForm.OCI))
    if source not in set(SourceForm):
        known = " or ".join(repr(str(form)) for form in SourceForm)
        raise WorkspaceError(
            Problem(where="pyproject.toml", fact=f"[tool.slipway] source is {source!r}", hint=f"use {known}")
        )
    defaults = {item.name: item.default for item in fields(Config)}
    environments = table.get("environments", defaults["environments"])
    tools = table.get("tools", {})
    assert isinstance(environments, list | tuple)
    if not environments:
        hint = 'write environments = ["staging", "production"]'
        raise WorkspaceError(Problem(where="pyproject.toml", fact="[tool.slipway] environments is empty", hint=hint))
    assert isinstance(tools, Mapping)
    return Config(
        root=root,
        registry=registry_config(root, table, environ),
        registry_folder=root / ".registry",
        environments=tuple(str(name) for name in environments),
        source=SourceForm(source),
        rolling_sync=bool(table.get("rolling-sync", False)),
        kube_version=str(table.get("kube-version", defaults["kube_version"])),
        tools={str(name): str(version) for name, version in tools.items()},
        cluster=str(table.get("cluster", defaults["cluster"])),
        repository_url=str(table.get("repository-url", "")),
        argocd_namespace=str(table.get("argocd-namespace", defaults["argocd_namespace"])),
    )


def registry_config(root: Path, table: Mapping[str, object], environ: Mapping[str, str]) -> RegistryConfig:
    """Where to publish: the environment first, then the file, then the embedded registry."""
    setting = environ.get("SLIPWAY_REGISTRY") or str(table.get("registry", EMBEDDED))
    ca_file = environ.get("SLIPWAY_REGISTRY_CA_FILE") or str(table.get("ca-file", ""))
    timeout_s = float(environ.get("SLIPWAY_REGISTRY_TIMEOUT", "") or str(table.get("timeout-seconds", 10.0)))
    attempts = int(str(table.get("attempts", 4)))
    if setting == EMBEDDED:
        port = environ.get("SLIPWAY_REGISTRY_PORT") or str(table.get("embedded-port", DEFAULT_PORT))
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise WorkspaceError(
                Problem(where="registry port", fact=f"{port!r} is not a port number", hint="use 1 to 65535")
            )
        return RegistryConfig(
            host=f"127.0.0.1:{port}",
            prefix="charts",
            plain_http=True,
            embedded=True,
            timeout_s=timeout_s,
            attempts=attempts,
        )
    address = setting.removeprefix("oci://").strip("/")
    if "://" in address or not address:
        raise WorkspaceError(
            Problem(
                where="registry", fact=f"{setting!r} is not a registry", hint="use oci://HOST[:PORT]/PATH, or embedded"
            )
        )
    host, _, prefix = address.partition("/")
    return RegistryConfig(
        host=host,
        prefix=prefix,
        plain_http=flag(environ.get("SLIPWAY_REGISTRY_PLAIN_HTTP"), default=bool(table.get("plain-http", False))),
        ca_file=(root / ca_file) if ca_file else None,
        timeout_s=timeout_s,
        attempts=attempts,
    )


def flag(text: str | None, *, default: bool) -> bool:
    """A yes or no from the environment.

    Raises:
        WorkspaceError: the text is neither.
    """
    if text is None or text == "":
        return default
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise WorkspaceError(
        Problem(where="environment", fact=f"{text!r} is neither true nor false", hint="use true or false")
    )
