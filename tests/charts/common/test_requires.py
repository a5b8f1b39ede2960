"""`requires`: a chart, an edge and a variable that are there only while a part of the platform is enabled."""

import pytest

pytestmark = pytest.mark.helm

ON = "\nglobal: {sso: {enabled: true}}"
EDGE = "network: {egress: {identity: {requires: sso, to: {peer: traefik}, ports: [8443]}}}"
VARIABLE = """
controllers:
  demo: {containers: {app: {env: {KEY: {secret: login, key: token, requires: sso}}}}}
secrets:
  login: {requires: sso, keys: [token], purpose: sign-in}
"""


def ports(objects):
    policy = objects.one("NetworkPolicy")
    return [port["port"] for edge in policy.at("spec", "egress") for port in edge["ports"]]


def test_a_chart_renders_nothing_without_what_it_requires(render):
    assert list(render("requires: sso")) == []
    assert list(render("requires: sso" + ON)) != []


def test_an_edge_is_open_only_with_what_it_requires(render):
    assert 8443 not in ports(render(EDGE))
    assert 8443 in ports(render(EDGE + ON))


def test_a_variable_is_set_only_with_what_it_requires(render):
    (without,) = render(VARIABLE).one("Deployment").at("spec", "template", "spec", "containers")
    (with_it,) = render(VARIABLE + ON).one("Deployment").at("spec", "template", "spec", "containers")

    assert "KEY" not in [entry["name"] for entry in without.get("env", [])]
    assert "KEY" in [entry["name"] for entry in with_it["env"]]


def test_only_parts_of_the_platform_can_be_required(refuse):
    assert "requires" in refuse("requires: weather")
