"""The internet of a node's home: what its program reads, and that the charts find there what they name."""

import ipaddress
import json
from pathlib import Path

from cryptography import x509

from slipway.lab import pki
from slipway.lab.node import internet
from slipway.lab.node.home import RESOLVERS
from slipway.lab.node.internet import Internet
from slipway.lab.node.settings import router_dns
from testing.monorepo import ROOT


def test_what_a_chart_names_on_the_internet_is_there() -> None:
    values = (ROOT / "charts/cert-manager/values.yaml").read_text(encoding="utf-8")

    servers = {line.split("https://")[1].partition("/")[0] for line in values.splitlines() if "/directory" in line}
    assert servers == internet.AUTHORITIES.keys() - {internet.SHORT_LIVED}
    assert f"--dns01-recursive-nameservers={','.join(f'{address}:53' for address in RESOLVERS)}" in values
    assert f"keys: [{internet.TOKEN_KEY}]" in values


def test_the_router_answers_for_the_home_and_asks_the_internet_for_other_names() -> None:
    text = router_dns("home.example.org", "192.168.1.245")

    assert 'answer "{{ .Name }} 60 IN A 192.168.1.245"' in text
    assert f"forward . {RESOLVERS[0]} {RESOLVERS[1]}" in text


def test_no_address_of_the_internet_is_one_that_a_network_policy_takes_for_a_private_one() -> None:
    assert not any(ipaddress.ip_address(address).is_private for address in RESOLVERS)


def test_every_host_has_a_certificate_that_the_authority_of_the_images_signed() -> None:
    authority, certificate, _ = (pem for pem in pki.signed(internet.hosts()))

    signer, served = x509.load_pem_x509_certificate(authority), x509.load_pem_x509_certificate(certificate)
    served.verify_directly_issued_by(signer)
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == set(internet.hosts())
    assert [item.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for item in (signer, served)] == [
        True,
        False,
    ]


def test_whoever_writes_records_has_the_token_that_the_provider_was_given(tmp_path: Path) -> None:
    made = Internet(folder=tmp_path)
    made.settings.write_text(made.text("home.example.org", "a token"), encoding="utf-8")

    assert made.token == "a token"
    assert json.loads(made.settings.read_text(encoding="utf-8"))["zone"] == "home.example.org"
