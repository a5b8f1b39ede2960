"""cert-manager gets certificates as it does at home: an ACME account, records at the DNS provider, webhooks that refuse."""

import base64
import re
from collections.abc import Iterator, Mapping

import pytest
from cryptography import x509

from slipway.core.errors import ToolFailed
from slipway.lab.node.home import RESOLVERS
from slipway.lab.node.internet import LETS_ENCRYPT, SHORT_LIVED, TOKEN_KEY
from slipway.tools.kubectl import Data
from slipway.tools.process import wait_until
from slipway.util.mapping import dig, listing
from slipway.util.yaml import dump
from testing.node import NodeLab

NAMESPACE = "infra"
WAIT_S = 420.0
"""A challenge takes more than a minute: cert-manager waits for the TTL of the record that it wrote."""
CREATED, REMOVED = "cloudflare: created TXT", "cloudflare: removed TXT"


def log_of(node: NodeLab) -> str:
    return (node.place.logs / "internet.log").read_text(encoding="utf-8")


def ready(item: Data | None) -> Data:
    return next((one for one in listing(dig(item or {}, "status"), "conditions") if one["type"] == "Ready"), {})


def apply(node: NodeLab, *objects: Mapping[str, object]) -> None:
    for item in objects:
        node.kubectl.apply(dump(item), manager="test")


def issuer(name: str, secret: str, server: str = f"https://{SHORT_LIVED}/directory") -> dict[str, object]:
    """An Issuer as the chart has it, with another authority or another token."""
    token = {"name": secret, "key": TOKEN_KEY}
    solver = {"dns01": {"cloudflare": {"apiTokenSecretRef": token}}}
    acme = {"server": server, "privateKeySecretRef": {"name": f"{name}-account"}, "solvers": [solver]}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"acme": acme},
    }


def certificate(name: str, host: str) -> dict[str, object]:
    """A Certificate of the Issuer of the same name."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"secretName": name, "dnsNames": [host], "issuerRef": {"name": name}},
    }


@pytest.fixture
def remove(node: NodeLab) -> Iterator[list[str]]:
    """Names of Issuers and Certificates that go with the test."""
    names: list[str] = []
    yield names
    for name in names:
        for kind in ("certificate", "issuer", "secret"):
            node.kubectl("delete", kind, name, "-n", NAMESPACE, "--ignore-not-found")


def chain(node: NodeLab, secret: str) -> list[x509.Certificate]:
    found = node.kubectl.find("secret", secret, "-n", NAMESPACE) or {}
    return x509.load_pem_x509_certificates(base64.b64decode(str(dig(found, "data").get("tls.crt", ""))))


def test_every_issuer_is_ready_and_those_of_lets_encrypt_have_an_account_there(node: NodeLab) -> None:
    issuers = node.kubectl.items("clusterissuers.cert-manager.io")

    assert {str(dig(item, "metadata")["name"]): ready(item).get("status") for item in issuers} == {
        "selfsigned": "True",
        "letsencrypt-staging": "True",
        "letsencrypt-production": "True",
    }
    for item in issuers:
        if server := dig(item, "spec", "acme").get("server"):
            host = str(server).split("/")[2]
            assert str(dig(item, "status", "acme")["uri"]).startswith(f"https://{host}/my-account/")
            assert ready(item)["reason"] == "ACMEAccountRegistered"


def test_the_wildcard_is_signed_by_lets_encrypt_for_the_domain_and_every_host_of_it(node: NodeLab) -> None:
    leaf, intermediate = chain(node, "wildcard-tls")
    root = x509.load_pem_x509_certificate(node.internet.root(LETS_ENCRYPT).read_bytes())

    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    domain = str(node.facts["domain"])
    assert set(names.get_values_for_type(x509.DNSName)) == {domain, f"*.{domain}"}


def test_each_name_was_proven_by_a_record_that_public_resolvers_saw_and_that_is_gone(node: NodeLab) -> None:
    log, name = log_of(node), f"_acme-challenge.{node.facts['domain']}"

    made = re.findall(rf"{CREATED} {re.escape(name)} (\w+)", log)
    assert len(made) >= 2
    assert set(made) <= set(re.findall(rf"{REMOVED} {re.escape(name)} (\w+)", log))
    # cert-manager asks both before it calls the authority, and the authority asks one.
    for resolver in RESOLVERS:
        assert re.search(rf"{resolver}: {node.home.server}:\d+ asked for TXT {re.escape(name)}\.: [1-9]", log), resolver


def test_an_issuer_that_contradicts_itself_is_refused_by_the_webhook(node: NodeLab) -> None:
    wrong = issuer("two-kinds", "cloudflare-token")
    wrong["spec"] = {**dig(wrong, "spec"), "selfSigned": {}}

    with pytest.raises(ToolFailed) as refused:
        apply(node, wrong)

    assert 'admission webhook "webhook.cert-manager.io" denied the request' in str(refused.value)
    assert "may not specify more than one issuer type" in str(refused.value)


def test_with_a_token_that_the_provider_refuses_the_certificate_is_not_ready_and_says_so(
    node: NodeLab, remove: list[str]
) -> None:
    name = "wrong-token"
    remove.append(name)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{name}-api", "namespace": NAMESPACE}}
    apply(node, {**secret, "stringData": {TOKEN_KEY: "wrong"}}, issuer(name, f"{name}-api"))
    apply(node, certificate(name, f"{name}.{node.facts['domain']}"))

    def reasons() -> list[str]:
        found = node.kubectl.items("challenges.acme.cert-manager.io", "-n", NAMESPACE)
        return [str(dig(item, "status").get("reason")) for item in found if name in str(dig(item, "spec")["dnsName"])]

    assert wait_until(lambda: any("9109: Invalid access token" in reason for reason in reasons()), WAIT_S), reasons()
    assert ready(node.kubectl.find("certificate", name, "-n", NAMESPACE))["status"] == "False"
    assert "cloudflare: refused GET /client/v4/zones" in log_of(node)


def test_a_certificate_is_renewed_before_it_ends(node: NodeLab, remove: list[str]) -> None:
    name = "short-lived"
    remove.append(name)
    apply(node, issuer(name, "cloudflare-token"), certificate(name, f"{name}.{node.facts['domain']}"))

    def issued() -> list[x509.Certificate]:
        made = ready(node.kubectl.find("certificate", name, "-n", NAMESPACE)).get("status") == "True"
        return chain(node, name) if made else []

    assert wait_until(lambda: bool(issued()), WAIT_S), log_of(node)[-2000:]
    first = issued()[0]
    assert wait_until(lambda: issued()[:1] not in ([], [first]), WAIT_S), log_of(node)[-2000:]

    second = issued()[0]
    assert second.not_valid_before_utc < first.not_valid_after_utc
    assert second.public_key() != first.public_key()
