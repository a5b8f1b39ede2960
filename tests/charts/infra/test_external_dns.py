"""external-dns: what its own program makes of the chart's variables."""

import ipaddress
import json
import re
from collections.abc import Mapping

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.tools.run import Command, run_process
from testing.product import FACTS
from testing.rendering import Repository
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

PREFIX = "EXTERNAL_DNS_"
RIGHTS = {
    "traefik-proxy": {"ingressroutes", "ingressroutetcps", "ingressrouteudps"},
    "ingress": {"ingresses"},
    "service": {"services"},
}
"""Source → what it watches; a Service source that is told to take load balancers only."""


@pytest.fixture(scope="module", params=[DEFAULTS, "ci/mirror-values.yaml"])
def objects(request: pytest.FixtureRequest, repository: Repository) -> tuple[Object, ...]:
    """What the chart renders, with each set of values."""
    return repository.rendered(repository.case("external-dns", request.param)).objects


@pytest.fixture(scope="module")
def variables(objects: tuple[Object, ...]) -> Mapping[str, str]:
    """Those of its variables that are flags."""
    (deployment,) = (item for item in objects if item.kind == "Deployment")
    (container,) = deployment.data["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    return {each["name"]: each["value"] for each in container["env"] if each["name"].startswith(PREFIX)}


@pytest.fixture(scope="module")
def understood(variables: Mapping[str, str]) -> Mapping[str, object]:
    """What the program makes of them; it refuses what cannot be."""
    message = run_process(Command(argv=(str(program("external-dns-flags")),), env=variables))
    found = json.loads(message.stdout)
    assert isinstance(found, dict)
    return found


def test_every_variable_is_a_flag_of_this_version(variables, understood):
    # One that it does not know would be read by nobody.
    assert {name.removeprefix(PREFIX).lower().replace("_", "-") for name in variables} <= set(understood["flags"])


def test_the_program_reads_what_is_meant(variables, understood):
    assert (understood["provider"], understood["registry"]) == ("cloudflare", "txt")
    assert understood["sources"] == variables["EXTERNAL_DNS_SOURCE"].splitlines()
    assert understood["excludeTargetNets"] == variables["EXTERNAL_DNS_EXCLUDE_TARGET_NET"].splitlines()
    assert all(ipaddress.ip_network(each) for each in understood["excludeTargetNets"])
    assert (understood["owner"], understood["prefix"]) == ("homelab-local", "k8s.%{record_type}-")
    assert (understood["interval"], understood["onEvents"]) == ("5m0s", True)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("homelab.example.org", True),
        ("sonarr.homelab.example.org", True),
        ("a.b.homelab.example.org", True),
        # A zone.
        ("example.org", True),
        ("org", False),
        ("www.example.org", False),
        ("nohomelab.example.org", False),
        ("homelab.example.org.example.com", False),
    ],
)
def test_it_looks_at_names_of_the_domain_and_at_the_zones_that_hold_it(understood, name, fits):
    assert bool(re.search(str(understood["domainFilter"]), name)) is fits


def test_nothing_is_deleted_unless_it_is_asked_for(variables, understood):
    asked = "EXTERNAL_DNS_SERVICE_TYPE_FILTER" in variables

    assert understood["policy"] == ("sync" if asked else "upsert-only")
    assert understood["proxied"] is asked
    assert understood["serviceTypes"] == (["LoadBalancer"] if asked else None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("EXTERNAL_DNS_POLICY", "mirror"), ("EXTERNAL_DNS_SOURCE", "traefik"), ("EXTERNAL_DNS_INTERVAL", "5 minutes")],
)
def test_the_program_refuses_what_it_cannot_do(variables, name, value):
    env = {**variables, name: value}
    message = run_process(Command(argv=(str(program("external-dns-flags")),), env=env, ok_codes=None))

    assert message.code == 1
    assert value in message.stderr


def test_it_may_read_what_its_sources_watch_and_nothing_else(objects, variables):
    rules = [rule for item in objects if item.kind == "ClusterRole" for rule in item.at("rules")]

    assert {resource for rule in rules for resource in rule["resources"]} == {
        resource for source in variables["EXTERNAL_DNS_SOURCE"].splitlines() for resource in RIGHTS[source]
    }
    assert {tuple(sorted(rule["verbs"])) for rule in rules} == {("get", "list", "watch")}


def test_private_addresses_are_kept_out_of_public_dns_and_names_are_not(understood):
    kept_out = [ipaddress.ip_network(each) for each in understood["excludeTargetNets"]]
    facts = yaml.safe_load((ROOT / "charts/common/values.yaml").read_text())["global"]
    inside = [facts["addressPool"], *(facts[name]["cidr"] for name in ("lan", "pods", "services"))]

    for one in map(ipaddress.ip_network, inside):
        assert any(one.subnet_of(network) for network in kept_out if network.version == one.version), one


def test_two_environments_do_not_own_the_same_records():
    # The domain of one lies below that of the other, so both look at the same zone.
    names = [yaml.safe_load(path.read_text())["environment"] for path in FACTS.glob("*/platform.yaml")]

    assert len(names) > 1
    assert len(set(names)) == len(names)
