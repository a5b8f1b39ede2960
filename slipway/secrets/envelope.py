"""The encryption of sealed-secrets, and the certificate that it needs. Needs the group `seal`.

A value is encrypted with AES-256-GCM under a key of its own, and that key with RSA-OAEP (SHA-256) under the controller's
public key. The label of OAEP binds it to its namespace and name: moved elsewhere, it cannot be opened.
Source: sealed-secrets v0.38.4 pkg/crypto/crypto.go, pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from slipway.core.errors import Problem, WorkspaceError
from slipway.secrets.document import Scope, Target

SESSION_KEY_BITS = 256
NONCE = bytes(12)
"""Each value has a key of its own, so the nonce need not differ."""
KEY_BITS = 4096
YEARS = 10
"""Size and life of the controller's own keys. Source: sealed-secrets v0.38.4 cmd/controller, --key-size and --key-ttl."""
WARN_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The public half of a controller's key."""

    pem: bytes = field(repr=False)
    key: rsa.RSAPublicKey = field(repr=False)
    starts: datetime
    ends: datetime


def certificate_of(pem: bytes, where: str) -> Certificate:
    """A certificate, as text.

    Raises:
        WorkspaceError: it is none, or holds another kind of key, or more than a certificate.
    """
    if b"PRIVATE KEY" in pem:
        hint = "keep the certificate alone there, and take the private key for known to others"
        raise WorkspaceError(Problem(where=where, fact="holds a private key", hint=hint))
    try:
        read = x509.load_pem_x509_certificate(pem)
        key = read.public_key()
    except ValueError as error:
        hint = "./inv seal --fetch-cert, or ./inv seal --new-key"
        raise WorkspaceError(Problem(where=where, fact="is not a PEM certificate", hint=hint)) from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise WorkspaceError(Problem(where=where, fact="has no RSA key, which sealed-secrets needs"))
    return Certificate(pem=pem, key=key, starts=read.not_valid_before_utc, ends=read.not_valid_after_utc)


def newest(certificates: Sequence[Certificate]) -> Certificate:
    """The one that the controller seals with."""
    return max(certificates, key=lambda one: one.starts)


def days_left(certificate: Certificate, now: datetime) -> int:
    """Whole days until it ends; negative afterwards."""
    return (certificate.ends - now).days


def label_of(target: Target, scope: Scope) -> bytes:
    """What a value is bound to."""
    if scope is Scope.CLUSTER:
        return b""
    return (target.namespace if scope is Scope.NAMESPACE else f"{target.namespace}/{target.name}").encode()


def encrypt(certificate: Certificate, value: bytes, target: Target, scope: Scope) -> str:
    """A value, as it stands in a SealedSecret."""
    session = AESGCM.generate_key(bit_length=SESSION_KEY_BITS)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label_of(target, scope))
    wrapped = certificate.key.encrypt(session, oaep)
    sealed = AESGCM(session).encrypt(NONCE, value, None)
    return base64.b64encode(struct.pack(">H", len(wrapped)) + wrapped + sealed).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A key that a controller takes over."""

    certificate: Certificate
    private_pem: bytes = field(repr=False)


def new_pair(now: datetime, bits: int = KEY_BITS) -> KeyPair:
    """A key and its certificate, as the controller would make them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secrets")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(16)) >> 1)
        # Clocks differ; a key of the future would not be the newest one.
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    pem = built.public_bytes(serialization.Encoding.PEM)
    return KeyPair(certificate=certificate_of(pem, "the new certificate"), private_pem=private)
