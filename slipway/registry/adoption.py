"""What is taken for published: a version whose annotation names our content, once its bytes hold that content.

An annotation can stay while the tag below it moves, so it only says where to look. What a manifest holds never changes, so
a comparison is made once for each manifest and remembered below build/cache: a release with nothing to do asks for no archive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from slipway.build import contents
from slipway.build.archive import read_archive
from slipway.build.contents import Members
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartName, Digest, Pin, Published, Workspace
from slipway.registry.client import READERS, Registry
from slipway.registry.manifest import CHART_TYPE
from slipway.util.cache import PACKAGE, Cache, files_digest, key_of
from slipway.util.parallel import each

DECIDING = ("build", "workspace", "util")
"""Packages of ours that decide what a chart is packed from."""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """Compares what a registry has with what a workspace is packed to."""

    registry: Registry
    workspace: Workspace
    digests: Mapping[ChartName, Digest]
    folder: Path
    """Of the cache: build/cache/published."""

    def judged(self, found: Mapping[ChartName, Published | None]) -> dict[ChartName, Published | None]:
        """The same, with what differs in those that claim the workspace's content and hold another.

        Raises:
            RegistryError: an archive cannot be read from the registry.
            WorkspaceError: what a chart is packed from cannot be understood.
        """
        claimed = [there for there in found.values() if there is not None and self._claims(there)]
        unknown = [there for there in claimed if self.cache.get(self._key(there)) is None]
        if not unknown:
            return dict(found)
        base = self.registry.config.base
        members = contents.members_of(self.workspace, self.digests, base, [there.name for there in unknown])
        done = each(lambda there: compare(self.registry, there, members[there.name]), unknown, READERS)
        self.remember([there for there in done if not there.differs])
        return {**found, **{there.name: there for there in done}}

    def remember(self, published: list[Published]) -> None:
        """Keep that these hold what the workspace is packed to; whoever calls it has compared them."""
        for there in published:
            self.cache.put(self._key(there), "")
        self.cache.trim()

    def _claims(self, there: Published) -> bool:
        return there.input_digest is not None and there.input_digest == self.digests.get(there.name)

    @property
    def cache(self) -> Cache:
        """Manifests that were compared, and hold what they should."""
        return Cache(folder=self.folder)

    @cached_property
    def _rules(self) -> str:
        return files_digest(path for name in DECIDING for path in sorted((PACKAGE / name).rglob("*.py")))

    def _key(self, there: Published) -> str:
        return key_of(self._rules, there.name, there.version, there.manifest, there.input_digest)


def compare(registry: Registry, there: Published, wanted: Members) -> Published:
    """A published chart, with what differs from what it should hold.

    Raises:
        RegistryError: it cannot be read.
    """
    manifest = registry.manifest(there.name, there.manifest)
    layers = () if manifest is None else manifest.chart_layers
    if len(layers) != 1:
        # Which of two archives a client unpacks is its own choice.
        return replace(there, differs=(f"it has {len(layers)} layers of type {CHART_TYPE}, not one",))
    return replace(there, differs=contents.differences(wanted, registry.blob(there.name, layers[0])))


def between(registry: Registry, pin: Pin, there: Published) -> tuple[str, ...]:
    """How what the registry has under a version differs from what is pinned, as far as both can be read.

    Raises:
        RegistryError: the registry does not answer.
    """
    pinned = registry.archive(pin.name, pin.manifest)
    if pinned is None:
        return ("the registry has no manifest of the pinned digest any more",)
    try:
        wanted = read_archive(pinned)
    except WorkspaceError:
        return ("what is pinned is not a chart archive",)
    return compare(registry, there, wanted).differs or ("their files are the same",)


def evidence(there: Published, here: Digest) -> tuple[str, ...]:
    """Both digests of a version that is taken by other content, and what differs as far as it is known."""
    if there.input_digest != here:
        theirs = there.input_digest or f"no input digest (manifest {there.manifest})"
        return (f"registry {theirs}", f"here     {here}", *there.differs)
    claim = "its annotation names the content that is here, but:"
    return (f"registry {there.manifest}", f"here     {here}", claim, *(f"  {line}" for line in there.differs))
