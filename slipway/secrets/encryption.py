"""The encryption of sealed-secrets, and its certificate. Requires the dependency group `seal`.

A value is encrypted with AES-256-GCM and a session key of its own, and the session key with RSA-OAEP (SHA-256) and the
controller's public key. The OAEP label binds it to its namespace and name: it cannot be decrypted under others.
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
from slipway.secrets.sealed_secret import NamespacedName, Scope

SESSION_KEY_BITS = 256
NONCE = bytes(12)
"""Constant, because each value has its own session key."""
KEY_BITS = 4096
YEARS = 10
"""Size and validity of the controller's own keys. Source: sealed-secrets v0.38.4 cmd/controller, --key-size and --key-ttl."""
WARN_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The public half of a controller's key."""

    pem: bytes = field(repr=False)
    key: rsa.RSAPublicKey = field(repr=False)
    starts: datetime
    ends: datetime


def parse_certificate(pem: bytes, where: str) -> Certificate:
    """Parse a PEM certificate.

    Raises:
        WorkspaceError: it is not one, has another kind of key, or a private key beside it.
    """
    if b"PRIVATE KEY" in pem:
        hint = "leave only the certificate there, and replace the compromised key"
        raise WorkspaceError(Problem(where=where, fact="contains a private key", hint=hint))
    try:
        read = x509.load_pem_x509_certificate(pem)
        key = read.public_key()
    except ValueError as error:
        hint = "./inv seal --fetch-cert, or ./inv seal --new-key"
        raise WorkspaceError(Problem(where=where, fact="is not a PEM certificate", hint=hint)) from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise WorkspaceError(Problem(where=where, fact="has no RSA key, which sealed-secrets requires"))
    return Certificate(pem=pem, key=key, starts=read.not_valid_before_utc, ends=read.not_valid_after_utc)


def newest(certificates: Sequence[Certificate]) -> Certificate:
    """The certificate with which the controller encrypts."""
    return max(certificates, key=lambda certificate: certificate.starts)


def days_left(certificate: Certificate, now: datetime) -> int:
    """Whole days until the certificate expires; negative afterwards."""
    return (certificate.ends - now).days


def oaep_label(target: NamespacedName, scope: Scope) -> bytes:
    """The OAEP label that binds a value to its scope."""
    if scope is Scope.CLUSTER:
        return b""
    return (target.namespace if scope is Scope.NAMESPACE else f"{target.namespace}/{target.name}").encode()


def encrypt(certificate: Certificate, value: bytes, target: NamespacedName, scope: Scope) -> str:
    """A sealed value for `encryptedData`."""
    session = AESGCM.generate_key(bit_length=SESSION_KEY_BITS)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=oaep_label(target, scope))
    wrapped = certificate.key.encrypt(session, oaep)
    sealed = AESGCM(session).encrypt(NONCE, value, None)
    return base64.b64encode(struct.pack(">H", len(wrapped)) + wrapped + sealed).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A private key for a controller, with its certificate."""

    certificate: Certificate
    private_pem: bytes = field(repr=False)


def generate_key_pair(now: datetime, bits: int = KEY_BITS) -> KeyPair:
    """A private key and its certificate, as the controller would generate them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secrets")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(16)) >> 1)
        # Clocks differ, and for the controller a future key is not the newest.
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    pem = built.public_bytes(serialization.Encoding.PEM)
    return KeyPair(certificate=parse_certificate(pem, "the new certificate"), private_pem=private)
