"""Certificates, keys and tokens of one lab, made for it and deleted with it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 30
SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
SERVER_ADDRESSES = ("127.0.0.1", "10.43.0.1")
"""Of this machine, and of the Service that pods find the API server by."""

USERS: Mapping[str, str] = {
    "admin": "system:masters",
    "argocd": "system:masters",
    "kwok": "system:masters",
    "operators": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "system:node:server": "system:nodes",
    "system:kube-proxy": "",
    "kube-router": "system:masters",
}
"""User → group. Argo CD's controllers may do everything in the cluster that they live in, as in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """Where everything lies."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Certificate that signed the server's."""
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        """Of every server, for `SERVER_NAMES` and `SERVER_ADDRESSES`."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """Of `certificate`."""
        return self.folder / "server.key"

    @property
    def client_certificate(self) -> Path:
        """Of the API server, when it asks a kubelet."""
        return self.folder / "client.crt"

    @property
    def client_key(self) -> Path:
        """Of `client_certificate`."""
        return self.folder / "client.key"

    @property
    def service_accounts(self) -> Path:
        """Key that signs the tokens of service accounts."""
        return self.folder / "service-accounts.key"

    @property
    def tokens(self) -> Path:
        """Token file of the API server."""
        return self.folder / "tokens.csv"


def make(folder: Path, addresses: Sequence[str] = ()) -> tuple[Pki, Mapping[str, str]]:
    """Write everything into a folder; returns it, and the token of each user.

    Args:
        folder: is made.
        addresses: of the API server, besides `SERVER_ADDRESSES`.
    """
    pki = Pki(folder=folder)
    folder.mkdir(parents=True, mode=0o700)
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = name_of("lab authority")
    signed = certificate(issuer, issuer, authority, authority)
    key, client_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    served = certificate(name_of("lab"), issuer, key, authority, addresses=(*SERVER_ADDRESSES, *addresses))
    client = certificate(name_of("kube-apiserver", "system:masters"), issuer, client_key, authority, client=True)
    write(pki.ca, signed.public_bytes(Encoding.PEM))
    write(pki.certificate, served.public_bytes(Encoding.PEM))
    write(pki.key, private(key))
    write(pki.client_certificate, client.public_bytes(Encoding.PEM))
    write(pki.client_key, private(client_key))
    write(pki.service_accounts, private(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    tokens = {user: secrets.token_hex(16) for user in USERS}
    lines = (f'{token},{user},{user},"{USERS[user]}"\n' for user, token in tokens.items())
    write(pki.tokens, "".join(lines).encode())
    return pki, tokens


def pair(names: Sequence[str]) -> tuple[bytes, bytes]:
    """A certificate for host names that is its own authority, and its key; both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    signed = certificate(name_of(names[0]), name_of(names[0]), key, key, names=names)
    return signed.public_bytes(Encoding.PEM), private(key)


def signed(names: Sequence[str]) -> tuple[bytes, bytes, bytes]:
    """An authority, a certificate for host names that it signed, and the key of that one; all as PEM."""
    signer, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = name_of("authority of the lab's internet")
    authority = certificate(issuer, issuer, signer, signer)
    made = certificate(name_of(names[0]), issuer, key, signer, names=names)
    return authority.public_bytes(Encoding.PEM), made.public_bytes(Encoding.PEM), private(key)


def name_of(common: str, group: str = "") -> x509.Name:
    """A subject of one common name, and of a group for Kubernetes."""
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    addresses: Sequence[str] = (),
    names: Sequence[str] = (),
    client: bool = False,
) -> x509.Certificate:
    """A server's certificate where it has addresses or names, a client's, or a certificate authority."""
    server = bool(addresses or names)
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    )
    if server:
        known = [x509.DNSName(name) for name in names or SERVER_NAMES]
        numbers = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName([*known, *numbers]), critical=False)
    if server or client:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """A key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def write(path: Path, content: bytes) -> None:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def kubeconfig(server: str, ca: Path, token: str, namespace: str = "default") -> dict[str, object]:
    """A kubeconfig of one cluster, one user and one context."""
    cluster = {"server": server, "certificate-authority": str(ca)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab", "namespace": namespace}}],
        "current-context": "lab",
    }
