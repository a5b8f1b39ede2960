"""Signs manifests in a registry, and says which statements about them are true. Requires the group `seal`.

A statement counts when a key of the checkout has signed it and when it is about this very manifest; where it was found
does not matter, since anyone may copy a bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from slipway.config import SIGNING_KEY, SIGNING_PASSWORD, SigningMode
from slipway.context import Context
from slipway.core.errors import Problem, RegistryError, WorkspaceError
from slipway.core.model import Digest
from slipway.registry import referrers
from slipway.registry.client import Registry
from slipway.registry.manifest import Manifest
from slipway.registry.publish import Hook
from slipway.signing.bundle import (
    BUNDLE_TYPE,
    PAYLOAD_TYPE,
    SIGNATURE,
    Statement,
    artifact,
    envelope_of,
    signed_text,
    statement,
    statement_of,
)
from slipway.signing.keys import NEW_KEY, PrivateKey, PublicKey, private_key, public_keys, signed_by
from slipway.util.files import read_bytes

Predicates = Mapping[str, Mapping[str, object]]
"""Type of a statement → what it says."""

PLAIN: Predicates = {SIGNATURE: {}}
"""Nothing but a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is attached to a manifest."""

    statements: tuple[Statement, ...] = ()
    """Those that count."""
    refused: tuple[str, ...] = ()
    """Why others do not, a line for each reason."""

    @property
    def types(self) -> frozenset[str]:
        """The types of what counts."""
        return frozenset(one.predicate_type for one in self.statements)


class Signer(Protocol):
    """Signs and verifies."""

    def found(self, name: str, digest: Digest) -> Found:
        """What is attached to a manifest, and counts.

        Raises:
            RegistryError: the registry does not answer.
        """

    def prepare(self) -> None:
        """Check that it can sign.

        Raises:
            WorkspaceError: the private key is missing, or is not that of the public key.
        """

    def sign(self, name: str, subject: Manifest, predicates: Predicates, effect: Hook) -> None:
        """Attach statements to a manifest.

        Raises:
            WorkspaceError: as `prepare`.
            RegistryError: the registry refuses them.
        """


def open_signer(context: Context) -> Signer | None:
    """Who signs for a checkout; None when signing is off.

    Raises:
        WorkspaceError: its public key cannot be used.
        ToolFailed: the packages for it cannot be installed.
    """
    settings = context.config.signing
    if settings.mode is SigningMode.OFF:
        return None
    if settings.mode is SigningMode.KEYLESS:
        from slipway.signing.keyless import Keyless

        return Keyless.of(context)
    path = context.config.root / settings.public_key
    if not path.is_file():
        fact = "is missing, and signing = 'key' needs it"
        raise WorkspaceError(Problem(where=settings.public_key, fact=fact, hint=NEW_KEY))
    keys = public_keys(read_bytes(path, settings.public_key), settings.public_key)
    return KeyPair(context=context, keys=keys)


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """The key pair of a checkout."""

    context: Context = field(repr=False)
    keys: tuple[PublicKey, ...]

    @property
    def registry(self) -> Registry:
        """Where the signatures are."""
        return self.context.registry

    def found(self, name: str, digest: Digest) -> Found:
        """As `Signer.found`."""
        statements: list[Statement] = []
        refused: dict[str, None] = {}
        for content in referrers.attached(self.registry, name, digest, BUNDLE_TYPE):
            one, why = self._judge(content, digest)
            if one is not None:
                statements.append(one)
            else:
                refused[why] = None
        return Found(statements=tuple(statements), refused=tuple(refused))

    def _judge(self, content: bytes, digest: Digest) -> tuple[Statement | None, str]:
        envelope = envelope_of(content)
        if envelope is None:
            return None, "one is no bundle with a statement"
        if not signed_by(envelope, self.keys):
            return None, f"one is signed, but not by {self.context.config.signing.public_key}"
        made = statement_of(envelope)
        if made is None:
            return None, f"one is signed by {self.context.config.signing.public_key}, but is no in-toto statement"
        if digest not in made.subjects:
            return None, f"one is about another manifest, {', '.join(made.subjects) or 'none'}"
        return made, ""

    def prepare(self) -> None:
        """As `Signer.prepare`."""
        self._private()

    def sign(self, name: str, subject: Manifest, predicates: Predicates, effect: Hook) -> None:
        """As `Signer.sign`."""
        key = self._private()
        made = []
        for kind, predicate in predicates.items():
            payload = statement(subject.digest, kind, predicate)
            signature = key.sign(signed_text(PAYLOAD_TYPE, payload))
            made.append(artifact(payload, kind, signature, key.public.hint))
        referrers.attach(self.registry, name, subject, made, effect)

    def _private(self) -> PrivateKey:
        content, where = private_text(self.context)
        key = private_key(content, self.context.environ.get(SIGNING_PASSWORD, ""), where)
        if key.public.hint != self.keys[0].hint:
            there = self.context.config.signing.public_key
            raise WorkspaceError(
                Problem(
                    where=where,
                    fact=f"is not the private key of {there}",
                    evidence=(f"{there} has {self.keys[0].hint}", f"here is  {key.public.hint}"),
                    hint=f"use the key that {there} was made with, or commit the public key of this one",
                )
            )
        return key


def private_text(context: Context) -> tuple[bytes, str]:
    """The private key's text, and where it came from.

    Raises:
        WorkspaceError: there is none, it cannot be read, or it is in the checkout.
    """
    text, path = context.environ.get(SIGNING_KEY), context.config.signing.key_file
    if text:
        return text.encode(), SIGNING_KEY
    if path is None:
        fact = "there is no private key to sign with"
        hint = f"set SLIPWAY_SIGNING_KEY_FILE to its file, or {SIGNING_KEY} to its text; without one: {NEW_KEY}"
        raise WorkspaceError(Problem(where="signing", fact=fact, hint=hint))
    require_outside(path, context.config.root)
    return read_bytes(path), str(path)


def require_outside(path: Path, root: Path) -> None:
    """Refuse a private key in the checkout.

    Raises:
        WorkspaceError: it is there.
    """
    if path.resolve().is_relative_to(root.resolve()):
        fact = "the private key is in the checkout, where it could be committed"
        raise WorkspaceError(Problem(where=str(path), fact=fact, hint=f"mv {path} ~/"))


def manifest_there(registry: Registry, name: str, digest: Digest) -> Manifest:
    """A manifest that must be there.

    Raises:
        RegistryError: it is not.
    """
    manifest = registry.manifest(name, digest)
    if manifest is None:
        raise RegistryError(Problem(where=registry.where(name), fact=f"{digest} is missing", hint="./inv release"))
    return manifest


def missing(found: Found, wanted: Sequence[str]) -> tuple[str, ...]:
    """The types that nothing counts for."""
    return tuple(kind for kind in wanted if kind not in found.types)
