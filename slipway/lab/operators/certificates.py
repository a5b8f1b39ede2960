"""cert-manager's controller: issuers become ready, and certificates of an issuer that is. Pure.

Source: cert-manager v1.21 pkg/issuer/{acme,ca}/setup.go, pkg/controller/certificates/issuing.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.lab.operators.seen import (
    CERT_MANAGER,
    Change,
    Data,
    NewSecret,
    Seen,
    condition,
    condition_patches,
    generation,
    name_of,
    namespace_of,
)  # fmt: skip
from slipway.secrets.references import field_references
from slipway.util.mapping import dig, listing, strings

ACCOUNT = "privateKeySecretRef"


def decide(seen: Seen, now: str) -> Iterator[Change]:
    """What cert-manager would do."""
    homes = seen.namespaces(CERT_MANAGER)
    if not homes:
        return
    for kind in ("Issuer", "ClusterIssuer"):
        for issuer in seen.all(kind):
            yield from set_up(seen, kind, issuer, namespace_of(issuer) or homes[0], now)
    for certificate in seen.all("Certificate"):
        yield from issue(seen, certificate, homes[0], now)


def set_up(seen: Seen, kind: str, issuer: Data, namespace: str, now: str) -> Iterator[Change]:
    """The status of an issuer, and the key of its account.

    Args:
        seen: the cluster.
        kind: of the issuer.
        issuer: the issuer.
        namespace: where its Secrets are.
        now: the time.
    """
    spec = dig(issuer, "spec")
    authority = str(dig(spec, "ca").get("secretName", ""))
    refusal = seen.lacks("Secret", authority, namespace, "tls.crt") if authority else ""
    account = str(dig(spec, "acme", ACCOUNT).get("name", ""))
    if account and seen.find("Secret", account, namespace) is None:
        yield NewSecret(namespace=namespace, name=account, keys=("tls.key",), owner=issuer)
    yield from condition_patches(kind, issuer, "Ready", refusal, now=now)


def issue(seen: Seen, certificate: Data, home: str, now: str) -> Iterator[Change]:
    """The Secret of a certificate, then its status.

    Args:
        seen: the cluster.
        certificate: the certificate.
        home: namespace of cert-manager, where the Secrets of a ClusterIssuer are.
        now: the time.
    """
    spec, namespace = dig(certificate, "spec"), namespace_of(certificate)
    there = not seen.lacks("Secret", str(spec.get("secretName")), namespace, "tls.crt")
    ready = condition(certificate, "Ready")
    if there and ready.get("status") == "True" and ready.get("observedGeneration") == generation(certificate):
        return
    refusal = waits_for(seen, certificate, home)
    if not refusal and not there:
        hosts = (*strings(spec, "dnsNames"), *([str(spec["commonName"])] if spec.get("commonName") else []))
        names = tuple(dict.fromkeys(hosts)) or (name_of(certificate),)
        yield NewSecret(namespace=namespace, name=str(spec.get("secretName")), hosts=names, owner=certificate)
    else:
        yield from condition_patches("Certificate", certificate, "Ready", refusal, now=now)


def waits_for(seen: Seen, certificate: Data, home: str) -> str:
    """Why a certificate cannot be issued; empty when it can."""
    reference = dig(certificate, "spec", "issuerRef")
    kind, name = str(reference.get("kind") or "Issuer"), str(reference.get("name"))
    in_cluster = kind == "ClusterIssuer"
    issuer = seen.find(kind, name, "" if in_cluster else namespace_of(certificate))
    if issuer is None:
        return f'{kind} "{name}" not found'
    if condition(issuer, "Ready").get("status") != "True":
        return f'{kind} "{name}" is not ready'
    namespace = home if in_cluster else namespace_of(certificate)
    for solver in listing(dig(issuer, "spec", "acme"), "solvers"):
        for secret, key, _ in field_references(solver, ""):
            if lacking := seen.lacks("Secret", secret, namespace, key):
                return f'{kind} "{name}": {lacking}'
    return ""
