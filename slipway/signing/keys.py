"""Keys of signatures: ECDSA on P-256 with SHA-256, as `cosign generate-key-pair` makes them. Requires the group `seal`.

The private key is a PKCS #8 file outside of the checkout, or a variable; it is on no command line and in no message.
Signatures are deterministic, so two releases that sign the same chart at once write the same bytes.

Source: RFC 6979; cosign v3.1.3 pkg/cosign/keys.go.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from slipway.core.errors import Problem, WorkspaceError
from slipway.signing.bundle import Envelope

PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\s*", re.DOTALL)
COSIGN_OWN = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")
NEW_KEY = "./inv keys --out ~/homelab-signing.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """What a signature is verified with."""

    key: ec.EllipticCurvePublicKey = field(repr=False)

    @property
    def pem(self) -> bytes:
        """As cosign reads it."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_bytes(serialization.Encoding.PEM, form)

    @property
    def hint(self) -> str:
        """Its name in a bundle. Source: sigstore-go v1.2.2 pkg/sign/keys.go, hint of a key pair."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = self.key.public_bytes(serialization.Encoding.DER, form)
        return base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")

    def verifies(self, envelope: Envelope) -> bool:
        """Whether one of the signatures of an envelope is of this key."""
        return any(self._made(signature, envelope.signed) for signature in envelope.signatures)

    def _made(self, signature: bytes, content: bytes) -> bool:
        try:
            self.key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """What signs."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """Its other half."""
        return PublicKey(key=self.key.public_key())

    def sign(self, content: bytes) -> bytes:
        """The signature over some bytes; the same one each time."""
        return self.key.sign(content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def pem(self, password: str) -> bytes:
        """As a file; encrypted when there is a password."""
        locked = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def generate() -> PrivateKey:
    """A new key."""
    return PrivateKey(key=ec.generate_private_key(ec.SECP256R1()))


def public_keys(content: bytes, where: str) -> tuple[PublicKey, ...]:
    """The keys of a file: the present one first, then those that it replaced.

    Raises:
        WorkspaceError: it has none, one of another kind, or a private key.
    """
    if b"PRIVATE KEY" in content:
        hint = f"git rm {where}, then make another pair: {NEW_KEY}"
        raise WorkspaceError(Problem(where=where, fact="contains a private key", hint=hint))
    found = PEM.findall(content)
    try:
        keys = [serialization.load_pem_public_key(block) for block in found]
    except ValueError as error:
        raise WorkspaceError(Problem(where=where, fact="is not a PEM public key", hint=NEW_KEY)) from error
    made = tuple(PublicKey(key=key) for key in keys if is_p256(key) and isinstance(key, ec.EllipticCurvePublicKey))
    if not made or len(made) != len(keys):
        fact = "has a key that is not ECDSA on P-256" if keys else "has no PEM public key"
        raise WorkspaceError(Problem(where=where, fact=fact, hint=NEW_KEY))
    return made


def private_key(content: bytes, password: str, where: str) -> PrivateKey:
    """The key of a PKCS #8 text.

    Args:
        content: the text.
        password: what it is encrypted with; empty when it is not.
        where: the variable or file that it came from.

    Raises:
        WorkspaceError: it is not one, of another kind, or encrypted with another password.
    """
    if any(mark in content for mark in COSIGN_OWN):
        fact = "is encrypted in a way that only cosign reads"
        raise WorkspaceError(Problem(where=where, fact=fact, hint=f"make another pair: {NEW_KEY}"))
    try:
        key = serialization.load_pem_private_key(content, password.encode() or None)
    except (ValueError, TypeError):
        # Without its cause: the message of the library may quote the content.
        fact, hint = why_not(content, password)
        raise WorkspaceError(Problem(where=where, fact=fact, hint=hint)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not is_p256(key):
        raise WorkspaceError(Problem(where=where, fact="is not an ECDSA key on P-256", hint=NEW_KEY))
    return PrivateKey(key=key)


def why_not(content: bytes, password: str) -> tuple[str, str]:
    """Fact and hint of a private key that cannot be loaded."""
    variable = "SLIPWAY_SIGNING_PASSWORD"
    if b"ENCRYPTED" in content:
        return ("is encrypted with another password" if password else "is encrypted"), f"set {variable}"
    if password and b"PRIVATE KEY" in content:
        return f"is not encrypted, but {variable} is set", f"unset {variable}"
    return "is not a PEM private key (PKCS #8)", NEW_KEY


def is_p256(key: object) -> bool:
    """Whether a key is of the only kind that we use."""
    kinds = (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)
    return isinstance(key, kinds) and isinstance(key.curve, ec.SECP256R1)


def signed_by(envelope: Envelope, keys: Sequence[PublicKey]) -> bool:
    """Whether one of some keys has signed an envelope."""
    return any(key.verifies(envelope) for key in keys)
