"""What differs between the environments, and that every render of every chart is something the API server takes."""

import ipaddress

import pytest

from slipway.core.model import ChartKind
from slipway.lint import kubeconform
from slipway.util import yaml
from testing.schemas import schema_messages

pytestmark = pytest.mark.helm

MEMBERS = (
    "autobrr", "baseline", "flaresolverr", "jellyfin", "media", "prowlarr", "qbittorrent", "radarr", "scraparr", "sonarr",
)  # fmt: skip


def test_the_umbrella_has_exactly_these_members(repository):
    charts = repository.builder.workspace.charts
    members = charts["htpc"].dependencies
    assert tuple(member.name for member in members) == MEMBERS
    assert {member.name: member.version for member in members} == {name: charts[name].version for name in MEMBERS}
    assert {member.name: member.condition for member in members} == {name: f"{name}.enabled" for name in MEMBERS}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_facts_of_an_environment_reach_every_member(render, repository, environment):
    platform = repository.builder.workspace.environments[environment].platform
    facts = yaml.parse(platform.text, platform.path).mapping
    objects = render("htpc", environment)
    for item in objects.of_kind("IngressRoute"):
        assert item.data["spec"]["routes"][0]["match"].startswith(f"Host(`{item.name}.{facts['domain']}`)")
    for name in (item.name for item in objects.of_kind("Deployment")):
        pod = objects.pod(name)
        container = "gluetun" if name == "qbittorrent" else "app"
        assert pod.env(container)["TZ"] == facts["timezone"]


def test_no_host_and_no_address_belongs_to_two_environments(render, repository):
    hosts, pools = [], []
    for name, environment in repository.builder.workspace.environments.items():
        routes = render("htpc", name).of_kind("IngressRoute")
        hosts += [item.data["spec"]["routes"][0]["match"] for item in routes]
        facts = yaml.parse(environment.platform.text, environment.platform.path).mapping
        pools.append(ipaddress.ip_network(facts["addressPool"]))
    assert len(set(hosts)) == len(hosts)
    assert not pools[0].overlaps(pools[1])


def test_an_unknown_value_is_refused_by_the_umbrella(refusal):
    assert "sonar" in refusal("htpc", {"sonar": {"enabled": False}})


def test_a_mistyped_value_of_a_member_is_refused(refusal):
    message = refusal("htpc", {"sonarr": {"controllers": {"sonarr": {"strateggy": "Recreate"}}}})
    assert "strateggy" in message


@pytest.mark.parametrize("member", [name for name in MEMBERS if name != "media"])
def test_a_member_that_is_off_leaves_nothing_of_its_own(render, member):
    objects = render("htpc", {member: {"enabled": False}})
    assert not [item for item in objects.items if item.labels["app.kubernetes.io/name"] == member]
    assert {item.labels["app.kubernetes.io/name"] for item in objects.items} == set(MEMBERS) - {member}


def test_every_render_is_valid_for_the_api_server(repository, tmp_path):
    names = [*MEMBERS, "htpc"]
    cases = [
        kubeconform.Manifests(chart=name, folders={}, label=case.label, objects=repository.rendered(case).objects)
        for name in names
        for case in repository.cases(name)
    ]
    assert {repository.builder.workspace.charts[name].kind for name in MEMBERS} == {ChartKind.SERVICE}
    assert len(cases) > len(names), "the ci files are looked at too"
    assert schema_messages(cases, tmp_path) == []
