"""`verify`: every pin against the registry, its signature, and what its source is packed to.

Nothing here comes from a cache: manifests, archives and signatures are read from the registry, and the charts are packed
anew in a folder of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.build import contents
from slipway.context import Context
from slipway.core.errors import BuildError, Problem, WorkspaceError
from slipway.core.model import ChartName, Digest, Pin
from slipway.gitops.pins import check_environment
from slipway.registry.body import parsed
from slipway.registry.helm_json import TITLE, VERSION
from slipway.registry.manifest import Manifest
from slipway.registry.publish import manifest_of
from slipway.release.diff import at_revision
from slipway.release.survey import moved_pin
from slipway.signing.verdict import problem_of, signer_of
from slipway.tools.git import Git
from slipway.util.mapping import dig, listing
from slipway.workspace.pinned import PINS, deploy_folder, read_pins

if TYPE_CHECKING:
    from slipway.signing.signer import Signer

WORKING_TREE = "working tree"


class Bytes(StrEnum):
    """What the source of a pin is packed to."""

    SAME = "same bytes"
    FILES = "same files"
    """Packed by another version of helm or of ours: the compression or the order differs, no file does."""
    OTHER = "other files"
    UNKNOWN = "no source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the source of a pin is: a context over it, and how people find it."""

    context: Context
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One pin, and what was found out about it."""

    environment: str
    umbrella: ChartName
    version: str
    manifest: Digest
    signature: str
    registry: str
    rebuilt: Bytes
    source: str
    """The working tree or a commit."""
    problems: tuple[Problem, ...] = ()


def verify(context: Context, environments: Sequence[str]) -> tuple[Verified, ...]:
    """Every pin of some environments.

    Raises:
        WorkspaceError: there are no pins, or they are of another registry than the settings.
        RegistryError: the registry does not answer.
        ToolFailed: helm or git failed.
    """
    pins = {environment: pins_of(context, environment) for environment in environments}
    signer = signer_of(context)
    context.config.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=context.config.build) as scratch:
        rebuilder = Rebuilder(context=context, folder=Path(scratch))
        return tuple(
            verified(context, signer, rebuilder, environment, pin)
            for environment, named in pins.items()
            for pin in named.values()
        )


def pins_of(context: Context, environment: str) -> Mapping[ChartName, Pin]:
    """The pins of an environment.

    Raises:
        WorkspaceError: it has none, or of another registry than the settings.
    """
    check_environment(context.config, environment)
    registry, pins = read_pins(context.config, environment)
    where, base = f"deploy/{environment}/{PINS}", context.config.registry.base
    if not pins:
        raise WorkspaceError(Problem(where=where, fact="has no pins to verify", hint="./inv release"))
    if registry != base:
        evidence, hint = (f"pins     {registry}", f"settings {base}"), f"set SLIPWAY_REGISTRY={registry}"
        fact = "is of another registry than the settings"
        raise WorkspaceError(Problem(where=where, fact=fact, evidence=evidence, hint=hint))
    return pins


def verified(context: Context, signer: Signer | None, rebuilder: Rebuilder, environment: str, pin: Pin) -> Verified:
    """One pin.

    Raises:
        BuildError: as `verify`.
    """
    manifest = context.registry.manifest(pin.name, pin.manifest)
    there = registry_problem(context, environment, pin, manifest)
    bad_signature = problem_of(context, signer, pin) if signer is not None and manifest is not None else None
    rebuilt, source, differing = Bytes.UNKNOWN, "-", None
    if manifest is not None:
        rebuilt, source, differing = rebuilder.compare(environment, pin, manifest)
    return Verified(
        environment=environment,
        umbrella=pin.name,
        version=pin.version,
        manifest=pin.manifest,
        signature="off" if signer is None else "invalid" if bad_signature or manifest is None else "valid",
        registry="differs" if there is not None else "the same",
        rebuilt=rebuilt,
        source=source,
        problems=tuple(one for one in (there, bad_signature, differing) if one is not None),
    )


def registry_problem(context: Context, environment: str, pin: Pin, manifest: Manifest | None) -> Problem | None:
    """The problem of a pin whose manifest is missing, is that of another chart, or is not what its version names.

    Raises:
        RegistryError: the registry does not answer.
    """
    where = f"{context.config.registry.base}/{pin.name}"
    if manifest is None:
        fact = f"{pin.version} is pinned in {environment}, and its manifest is not in the registry"
        return Problem(where=where, fact=fact, evidence=(f"manifest {pin.manifest}",), rule="verify.missing")
    named = (manifest.annotations.get(TITLE, ""), manifest.annotations.get(VERSION, ""))
    if named != (pin.name, pin.version):
        evidence = (f"manifest {pin.manifest}", f"it names  {' '.join(named).strip() or 'no chart'}")
        fact = f"what is pinned as {pin.version} in {environment} is another chart"
        return Problem(where=where, fact=fact, evidence=evidence, rule="verify.name")
    there = context.registry.find(pin.name, pin.version)
    if there is not None and there.manifest != pin.manifest:
        return replace(moved_pin(context, environment, pin, there), rule="verify.moved")
    return None


@dataclass(frozen=True, kw_only=True)
class Rebuilder:
    """Packs the source of pins anew, each once."""

    context: Context
    folder: Path
    made: dict[Digest, tuple[Bytes, str, Problem | None]] = field(default_factory=dict)
    opened: dict[str, Context] = field(default_factory=dict)

    def compare(self, environment: str, pin: Pin, manifest: Manifest) -> tuple[Bytes, str, Problem | None]:
        """What the source of a pin is packed to, where it is, and the problem when that is not what is pinned.

        Raises:
            BuildError: as `verify`.
        """
        if pin.manifest not in self.made:
            self.made[pin.manifest] = self._compare(environment, pin, manifest)
        return self.made[pin.manifest]

    def _compare(self, environment: str, pin: Pin, manifest: Manifest) -> tuple[Bytes, str, Problem | None]:
        source = self._source(environment, pin)
        if source is None:
            return (
                Bytes.UNKNOWN,
                "-",
                self._problem(
                    pin,
                    "its source is neither the working tree nor the commit that pinned it",
                    (f"input     {pin.input_digest}",),
                    f"git fetch --unshallow --tags, or check out what {pin.name} {pin.version} was released from",
                ),
            )
        builder = replace(source.context.builder(), folder=self.folder / "rebuilt", base=self._base(pin, manifest))
        built, problems = builder.build([pin.name], exact=[pin.name])
        if problems or pin.name not in built:
            lines = tuple(str(problem).splitlines()[0] for problem in problems)
            return (
                Bytes.OTHER,
                source.label,
                self._problem(pin, f"{source.label} cannot be packed", lines, "./inv lint"),
            )
        digest = manifest_of(built[pin.name].archive)[1]
        if digest == pin.manifest:
            return Bytes.SAME, source.label, None
        layer = manifest.chart_layer
        members = contents.members_of(source.context.workspace, source.context.digests, builder.base, [pin.name])
        lines = contents.differences(members[pin.name], self.context.registry.blob(pin.name, layer)) if layer else ()
        if layer and not lines:
            return Bytes.FILES, source.label, None
        evidence = (f"pinned   {pin.manifest}", f"rebuilt  {digest}", *lines)
        fact = f"{source.label} is packed to something else"
        return Bytes.OTHER, source.label, self._problem(pin, fact, evidence, f"./inv explain {pin.name}")

    def _base(self, pin: Pin, manifest: Manifest) -> str:
        """The registry that the chart was packed for, which its dependencies name: it may have been copied since."""
        digest = dig(manifest.data, "config").get("digest")
        try:
            facts = parsed(self.context.registry.blob(pin.name, Digest(str(digest)))) if digest else None
        except ValueError:
            facts = None
        named = [str(one.get("repository")) for one in listing(facts, "dependencies")]
        return named[0] if named else self.context.config.registry.base

    def _problem(self, pin: Pin, fact: str, evidence: tuple[str, ...], hint: str) -> Problem:
        return Problem(
            where=f"{self.context.config.registry.base}/{pin.name}",
            fact=f"{pin.version}: {fact}",
            evidence=evidence,
            hint=hint,
            rule="verify.rebuild",
        )

    def _source(self, environment: str, pin: Pin) -> Source | None:
        """The working tree, or the commit that wrote the pin, if it has the content that the pin names."""
        return next(
            (
                one
                for one in self._candidates(environment, pin)
                if one.context.digests.get(pin.name) == pin.input_digest
            ),
            None,
        )

    def _candidates(self, environment: str, pin: Pin) -> Iterator[Source]:
        yield Source(context=self.context, label=WORKING_TREE)
        git = Git(run=self.context.run, root=self.context.config.root)
        path = deploy_folder(self.context.config, environment).relative_to(self.context.config.root) / PINS
        try:
            commit = git.introduced(pin.manifest, str(path))
        except BuildError:
            return  # no repository: there is only the working tree
        if commit is None:
            return
        if commit not in self.opened:
            self.opened[commit] = at_revision(self.context, commit, self.folder / commit)
        yield Source(context=self.opened[commit], label=f"commit {commit[:12]}")
