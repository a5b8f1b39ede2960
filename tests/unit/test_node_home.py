"""The home network of a lab's node, and what NetworkPolicies allow in it."""

import ipaddress
from pathlib import Path

import pytest

from slipway.lab.node.home import Home, Machine, machines, within
from testing.policies import Peer, Policies

WEB = Peer(address="10.42.0.5", namespace="apps", name="web", labels={"app": "web"}, ports={"http": 8080})
CLIENT = Peer(address="10.42.0.6", namespace="apps", name="client", labels={"app": "client"}, ports={})
OUTSIDE = Peer(address="192.168.1.9", labels={}, ports={})


def policy(selector: dict[str, object], **spec: object) -> dict[str, object]:
    types = [way for way, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec]
    return {"metadata": {"namespace": "apps"}, "spec": {"podSelector": selector, "policyTypes": types, **spec}}


def allowed(*policies: dict[str, object], source: Peer = CLIENT, port: int = 8080) -> bool:
    return Policies(policies=policies, namespaces={"apps": {"name": "apps"}}).allow(source, WEB, port)


@pytest.mark.parametrize(
    ("pool", "address", "inside"),
    [
        ("192.168.1.240/28", "192.168.1.245", True),
        ("192.168.1.240/28", "192.168.1.239", False),
        ("192.168.1.1-192.168.1.9", "192.168.1.9", True),
        ("192.168.1.1-192.168.1.9", "192.168.1.10", False),
    ],
)
def test_a_pool_is_a_network_or_a_range(pool: str, address: str, inside: bool) -> None:
    assert within(ipaddress.IPv4Address(address), pool) is inside


def test_no_machine_has_an_address_of_the_pool_and_each_is_made_after_those_its_cables_lead_to() -> None:
    home = Home(lan=ipaddress.IPv4Network("192.168.1.0/24"), pool="192.168.1.1-192.168.1.9")

    made = machines(home, Path("/lab"), Machine(name="server", folder="/lab/server"))

    assert {home.router, home.server, home.store, home.client}.isdisjoint(home.lan[number] for number in range(10))
    for number, machine in enumerate(made):
        assert {cable.other for cable in machine.cables} <= {item.name for item in made[:number]}
        assert Machine.parse(machine.text) == machine


def test_a_pod_that_no_policy_selects_is_open() -> None:
    assert allowed()


def test_a_pod_that_a_policy_selects_is_open_to_what_it_lists_only() -> None:
    listed = policy(
        {"matchLabels": {"app": "web"}},
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": "http"}]}],
    )

    assert allowed(listed)
    assert not allowed(listed, port=9090)
    assert not allowed(listed, source=OUTSIDE)


def test_a_connection_needs_the_egress_of_its_source_too() -> None:
    assert not allowed(policy({"matchLabels": {"app": "client"}}, egress=[]))


def test_a_block_of_addresses_leaves_out_its_exceptions() -> None:
    block = {"cidr": "192.168.0.0/16", "except": ["192.168.1.0/24"]}

    assert not allowed(policy({}, ingress=[{"from": [{"ipBlock": block}]}]), source=OUTSIDE)
    assert allowed(policy({}, ingress=[{"from": [{"ipBlock": {"cidr": "192.168.0.0/16"}}]}]), source=OUTSIDE)
