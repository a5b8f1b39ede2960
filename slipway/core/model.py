"""The data model: charts, environments, versions in the registry, pins. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NewType

from slipway.core.profile import HOMELAB, Profile

ChartName = NewType("ChartName", str)
"""Name of a chart; unique in the workspace and the last part of its repository in the registry."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 hex digits."""

PREFIX = "slipway.homelab"
"""Of our annotations in Chart.yaml, where `annotation-prefix` names no other."""


def input_digest_key(prefix: str) -> str:
    """Chart.yaml annotation of a published chart: the digest of its sources."""
    return f"{prefix}/input-digest"


def without_input_digest(annotations: object) -> dict[str, object]:
    """Annotations of a Chart.yaml without that one, whatever prefix was set when it was published."""
    found = annotations if isinstance(annotations, Mapping) else {}
    return {key: value for key, value in found.items() if str(key).rpartition("/")[2] != "input-digest"}


INPUT_DIGEST = input_digest_key(PREFIX)
"""The same where `annotation-prefix` names no other prefix."""

CHANGES = "artifacthub.io/changes"
"""Chart.yaml annotation with the changes of a version. Source: Artifact Hub's annotations for Helm charts."""

CHART_FOLDERS = ("charts", "umbrella")
"""Folders that have a folder for each chart, where `chart-folders` names no others."""

SEALED_FOLDER = "sealed"
"""Below `values/<env>/`: the SealedSecrets, which Argo CD reads from git."""
SEALING_CERTIFICATE = "sealed-secrets.pem"
"""Below `values/<env>/`: the public key that secrets are sealed with."""


class ChartKind(StrEnum):
    """The three kinds of chart, in the order in which they are released."""

    LIBRARY = "library"
    SERVICE = "service"
    UMBRELLA = "umbrella"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry under `dependencies` in a Chart.yaml."""

    name: ChartName
    version: str
    repository: str
    line: int
    condition: str | None = None
    alias: str | None = None

    @property
    def key(self) -> str:
        """The key under which the parent's values address it."""
        return self.alias or self.name


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of the workspace."""

    name: ChartName
    version: str
    kind: ChartKind
    folder: str
    """Relative to the workspace root, with forward slashes."""
    metadata: Mapping[str, object]
    """The content of Chart.yaml."""
    lines: Mapping[str, int]
    """Line of each top-level key of Chart.yaml, and of each annotation as `annotations/<key>`, counted from 1."""
    dependencies: tuple[Dependency, ...] = ()
    files: Mapping[str, bytes] = field(repr=False)
    """What is packaged, by path relative to the chart; without Chart.yaml, which is rewritten when staged."""
    beside: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """What no package carries: CHANGELOG.md and notes.md, if they exist, and the variations."""
    vendored: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """File name → archive of what the chart's own `charts/` has: the source of dependencies from other repositories."""
    prefix: str = PREFIX
    """Of our annotations."""

    def annotation(self, name: str) -> str | None:
        """One of our annotations of Chart.yaml, by its name behind the prefix."""
        found = self.metadata.get("annotations")
        value = found.get(f"{self.prefix}/{name}") if isinstance(found, Mapping) else None
        return None if value is None else str(value)

    @property
    def variations(self) -> dict[str, bytes]:
        """`ci/<name>-values.yaml` → its text: values that the chart is rendered with, besides the defaults."""
        return {path: text for path, text in self.beside.items() if path.startswith("ci/")}

    @property
    def app_version(self) -> str | None:
        """The version of what the chart installs."""
        value = self.metadata.get("appVersion")
        return None if value is None else str(value)

    @property
    def where(self) -> str:
        """The path that errors name."""
        return f"{self.folder}/Chart.yaml"

    def line_of(self, key: str, annotation: str = "") -> str:
        """`path:line` of a top-level key of Chart.yaml or of an annotation, else of the key above it, else the path alone."""
        line = self.lines.get(f"{key}/{annotation}", self.lines.get(key))
        return self.where if line is None else f"{self.where}:{line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesFile:
    """One file under `values/<environment>/`."""

    path: str
    """Relative to the workspace root."""
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One folder under `values/`: the platform's facts and what differs for each namespace."""

    name: str
    platform: ValuesFile
    namespaces: Mapping[str, ValuesFile]
    """Umbrella name → its values file; an umbrella without one uses the defaults of its charts."""
    sealed: tuple[ValuesFile, ...] = ()
    """Everything below `sealed/`: Argo CD reads it from git, no package carries it."""
    certificate: ValuesFile | None = None
    """What secrets are sealed with."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The charts and environments of the monorepo."""

    root: Path
    charts: Mapping[ChartName, Chart]
    environments: Mapping[str, Environment]
    profile: Profile = HOMELAB
    """The rules that the charts follow."""
    chart_folders: tuple[str, ...] = CHART_FOLDERS
    """Folders of the repository that have a folder for each chart."""
    registry: str = ""
    """`oci://host/prefix` that charts are published to; a dependency may name it in place of a folder."""

    @cached_property
    def umbrellas(self) -> tuple[Chart, ...]:
        """Every umbrella, by name."""
        return self.of_kind(ChartKind.UMBRELLA)

    @cached_property
    def results(self) -> dict[object, object]:
        """Results of pure functions over this workspace, by function and arguments; a changed copy begins without any."""
        return {}

    def of_kind(self, kind: ChartKind) -> tuple[Chart, ...]:
        """Every chart of a kind, by name."""
        return tuple(self.charts[name] for name in sorted(self.charts) if self.charts[name].kind is kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A chart version in the registry."""

    name: ChartName
    version: str
    manifest: Digest
    """Digest of the OCI manifest; what a pin names."""
    input_digest: Digest | None
    """What it was made from, as its annotation has it; None when someone else published it."""
    differs: tuple[str, ...] = ()
    """How its content differs from what its annotation promises, a line for each file; empty as far as is known."""

    def holds(self, digest: Digest) -> bool:
        """Whether it was made from this content."""
        return self.input_digest == digest and not self.differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A packed chart on disk."""

    name: ChartName
    version: str
    path: Path
    content: Digest
    """Of the file, as it was compared with the workspace."""
    input_digest: Digest
    metadata: Mapping[str, object] = field(repr=False)
    """Chart.yaml as it is in the archive: the source of the OCI config blob and of the manifest's annotations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Which chart, version and bytes an environment runs."""

    name: ChartName
    version: str
    manifest: Digest
    input_digest: Digest

    @property
    def reference(self) -> str:
        """`version@sha256:…`: readable, and resolved by content."""
        return f"{self.version}@{self.manifest}"


DATA = frozenset(
    {
        ("", "Namespace"), ("", "PersistentVolume"), ("", "PersistentVolumeClaim"), ("apps", "StatefulSet"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"), ("postgresql.cnpg.io", "Cluster"),
    }
)  # fmt: skip
"""API groups and kinds whose deletion deletes data."""


def holds_data(api_version: str, kind: str) -> bool:
    """Whether deleting an object of a kind deletes data."""
    return (api_version.rpartition("/")[0], kind) in DATA
