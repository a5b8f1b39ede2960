"""The real controller of sealed-secrets opens what was sealed with its certificate, with the rights of the chart."""

import base64
import os
from pathlib import Path

from slipway import deploy
from slipway.nested import dig
from slipway.tools.run import Command, run_process
from slipway.yard import open_yard
from testing.monorepo import ROOT
from testing.reality import Reality

HTTP = 8080
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "sealed", "namespace": "htpc"},
    "stringData": {"password": "not a real one"},
}


def sealed(real: Reality, folder: Path) -> bytes:
    """The Secret, sealed by kubeseal with the certificate that the controller gives out."""
    certificate = folder / "certificate.pem"
    certificate.write_bytes(real.ask("sealed-secrets", HTTP, "/v1/cert.pem").body)
    kubeseal = open_yard(ROOT, os.environ, quiet=True).toolbox.path("kubeseal")
    argv = (str(kubeseal), "--cert", str(certificate), "--format", "json")
    return run_process(Command(argv=argv, stdin=deploy.documents([SECRET]))).stdout.encode()


def test_what_was_sealed_becomes_a_secret(real: Reality, tmp_path: Path) -> None:
    real.kubectl.apply(sealed(real, tmp_path), manager="tests")

    real.until(
        lambda: real.kubectl.find("secret", "sealed", "-n", "htpc") is not None, real.log("sealed-secrets")[-2000:]
    )
    found = real.kubectl.find("secret", "sealed", "-n", "htpc") or {}
    assert base64.b64decode(str(dig(found, "data")["password"])) == b"not a real one"
    real.kubectl("wait", "--for=condition=Synced", "sealedsecret/sealed", "-n", "htpc", "--timeout=30s")
    assert "forbidden" not in real.log("sealed-secrets")


def test_what_was_sealed_for_another_namespace_stays_shut(real: Reality, tmp_path: Path) -> None:
    moved = sealed(real, tmp_path).replace(b'"namespace": "htpc"', b'"namespace": "argocd"')
    assert b'"argocd"' in moved

    real.kubectl.apply(moved, manager="tests")

    where = ("sealedsecret/sealed", "-n", "argocd", "--timeout=60s")
    real.kubectl("wait", "--for=condition=Synced=False", *where)
    assert real.kubectl.find("secret", "sealed", "-n", "argocd") is None
