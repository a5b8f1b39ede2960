"""The settings as one frozen value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from slipway.core.model import CHART_FOLDERS, PREFIX
from slipway.core.profile import HOMELAB, Profile

PYPROJECT = "pyproject.toml"
OWN_FILE = "slipway.toml"
"""Files with settings: the table `[tool.slipway]` of the first, or all of the second, in a repository that is no Python
project: a pyproject.toml there would have pip and editors take the charts for one."""

EMBEDDED = "embedded"
"""The `registry` setting that means: run one on this machine."""
DEFAULT_PORT = 5055
"""Port of the embedded registry."""

USERNAME = "SLIPWAY_REGISTRY_USERNAME"
PASSWORD = "SLIPWAY_REGISTRY_PASSWORD"  # noqa: S105 - the name of the variable

HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
"""The names of Docker Hub, whose repositories are USER/NAME. Source: Docker Hub's documentation, Create repositories."""


class SourceForm(StrEnum):
    """How Argo CD addresses a chart in the registry."""

    OCI = "oci"
    """Native `oci://` source, pinned as `version@sha256:…`."""
    HELM = "helm"
    """Helm repository with `enableOCI`, pinned by exact version; keeps its sync status when the registry is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryConfig:
    """Where charts are published and how the connection is made; never contains a password."""

    host: str
    """`name` or `name:port`, in lower case."""
    prefix: str
    """Path below the host, without slashes at its ends; may be empty."""
    plain_http: bool = False
    ca_file: Path | None = None
    embedded: bool = False
    timeout_s: float = 10.0
    """For connecting and for each read."""
    attempts: int = 4
    """How often one request is tried before the release gives up."""
    annotation_prefix: str = PREFIX
    """Of the annotation that names a chart's sources."""

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


class SigningMode(StrEnum):
    """Who signs what a release publishes."""

    OFF = "off"
    """Nobody."""
    KEY = "key"
    """A key pair; the public key is in the checkout. Works without a network."""
    KEYLESS = "keyless"
    """The identity of a workflow in GitHub Actions, by sigstore's certificate authority and its public log."""


SIGNING_KEY = "SLIPWAY_SIGNING_KEY"
SIGNING_PASSWORD = "SLIPWAY_SIGNING_PASSWORD"  # noqa: S105 - the name of the variable
"""Variables with the private key and its password; they have no setting, since a setting is in git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningConfig:
    """How signatures are made and verified; never contains a private key."""

    mode: SigningMode = SigningMode.OFF
    public_key: str = "cosign.pub"
    """File in the checkout, relative to its root."""
    key_file: Path | None = None
    """File with the private key, outside of the checkout."""
    identity: str = ""
    """What the certificate of a keyless signature must name."""
    issuer: str = "https://token.actions.githubusercontent.com"
    """Who vouches for the identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set."""

    root: Path
    registry: RegistryConfig
    registry_folder: Path
    """Data of the embedded registry."""
    file: str = PYPROJECT
    """What the settings are read from."""
    profile: Profile = HOMELAB
    """The rules that the charts follow."""
    annotation_prefix: str = PREFIX
    """Of our annotations in Chart.yaml, without the slash."""
    chart_folders: tuple[str, ...] = CHART_FOLDERS
    """Folders of the repository that have a folder for each chart."""
    environments: tuple[str, ...] = ("staging", "production")
    """In the order of promotion; the first is what `release` pins. Without one a release only publishes."""
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
    signing: SigningConfig = field(default_factory=SigningConfig)

    @property
    def has_repository(self) -> bool:
        """Whether the address of the repository is the operator's: it is set, and not an example's."""
        return bool(self.repository_url) and "example." not in self.repository_url

    @property
    def build(self) -> Path:
        """Staged charts, packages and caches; can always be deleted."""
        return self.root / "build"
