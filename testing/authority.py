"""A certificate authority of the tests' own, in the place of the one that cert-manager asks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority of the tests', and a certificate of it."""

    trusted: str
    """The authority, as PEM."""
    certificate: x509.Certificate
    key: str

    @classmethod
    def make(cls, *names: str) -> Authority:
        """An authority with a certificate for these names."""
        root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        now = dt.datetime.now(dt.UTC)

        def signed(who: x509.Name, public: ec.EllipticCurvePublicKey, extra: x509.ExtensionType) -> x509.Certificate:
            builder = x509.CertificateBuilder().subject_name(who).issuer_name(issuer).public_key(public)
            builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(hours=1))
            builder = builder.not_valid_after(now + dt.timedelta(days=1))
            return builder.add_extension(extra, critical=False).sign(root, hashes.SHA256())

        authority = signed(issuer, root.public_key(), x509.BasicConstraints(ca=True, path_length=None))
        own = signed(subject, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(name) for name in names]))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return cls(trusted=authority.public_bytes(Encoding.PEM).decode(), certificate=own, key=secret.decode())

    def secret(self, name: str, namespace: str) -> dict[str, object]:
        """As cert-manager would write it."""
        data = {"tls.crt": self.certificate.public_bytes(Encoding.PEM).decode(), "tls.key": self.key}
        metadata = {"name": name, "namespace": namespace}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "kubernetes.io/tls",
            "stringData": data,
        }
