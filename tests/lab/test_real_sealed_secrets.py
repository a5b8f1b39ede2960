"""The real controller of sealed-secrets opens what was sealed with its certificate, with the rights of the chart."""

import base64

from slipway.secrets import encryption, sealed_secret
from slipway.secrets.sealed_secret import NamespacedName, Scope, SealedSecret
from slipway.util.mapping import dig
from testing.reality import Reality

HTTP = 8080
TARGET = NamespacedName(namespace="htpc", name="sealed")


def sealed(real: Reality) -> bytes:
    """A SealedSecret as `inv seal` writes it, with the certificate that the controller gives out."""
    certificate = encryption.parse_certificate(
        real.ask("sealed-secrets", HTTP, "/v1/cert.pem").body, "the controller's"
    )
    value = encryption.encrypt(certificate, b"not a real one", TARGET, Scope.STRICT)
    return sealed_secret.dump(SealedSecret(target=TARGET, values={"password": value}))


def test_what_was_sealed_becomes_a_secret(real: Reality) -> None:
    real.kubectl.apply(sealed(real), manager="tests")

    real.until(
        lambda: real.kubectl.find("secret", "sealed", "-n", "htpc") is not None, real.log("sealed-secrets")[-2000:]
    )
    found = real.kubectl.find("secret", "sealed", "-n", "htpc") or {}
    assert base64.b64decode(str(dig(found, "data")["password"])) == b"not a real one"
    real.kubectl("wait", "--for=condition=Synced", "sealedsecret/sealed", "-n", "htpc", "--timeout=30s")
    assert "forbidden" not in real.log("sealed-secrets")


def test_what_was_sealed_for_another_namespace_stays_shut(real: Reality) -> None:
    moved = sealed(real).replace(b"namespace: htpc", b"namespace: argocd")
    assert moved.count(b"namespace: argocd") == 2

    real.kubectl.apply(moved, manager="tests")

    where = ("sealedsecret/sealed", "-n", "argocd", "--timeout=60s")
    real.kubectl("wait", "--for=condition=Synced=False", *where)
    assert real.kubectl.find("secret", "sealed", "-n", "argocd") is None
