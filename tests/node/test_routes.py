"""A client at home asks every route by its name, and a client on the internet gets only what is meant for it."""

import pytest

from slipway.util.mapping import dig, listing
from testing.node import NodeLab, hosts_of


@pytest.fixture(scope="module")
def hosts(node: NodeLab) -> dict[str, str]:
    """Host of each route → its IngressRoute."""
    return hosts_of(node.kubectl.items("ingressroutes.traefik.io", "--all-namespaces"))


def test_the_home_network_reaches_every_route_over_tls(node: NodeLab, hosts: dict[str, str]) -> None:
    answers = node.ask("client", [f"https://{host}/" for host in hosts])

    print(f"{len(hosts)} routes asked")
    assert len(hosts) > 10
    assert {url: answer for url, answer in answers.items() if answer.get("status") not in {200, 302, 307, 401}} == {}
    assert {answer["address"] for answer in answers.values()} == {node.facts["ingressAddress"]}


def test_a_stranger_is_refused_on_internal_routes(node: NodeLab, hosts: dict[str, str]) -> None:
    internal = internal_hosts(node)
    answers = node.ask("internet", [f"https://{host}/" for host in internal])

    assert internal
    assert {url: answer for url, answer in answers.items() if answer.get("status") != 403} == {}


def internal_hosts(node: NodeLab) -> list[str]:
    """Hosts of the routes that have the middleware for the home network."""
    internal = [
        item
        for item in node.kubectl.items("ingressroutes.traefik.io", "--all-namespaces")
        for route in listing(dig(item, "spec"), "routes")
        if any("local-only" in str(middleware["name"]) for middleware in listing(route, "middlewares"))
    ]
    return list(hosts_of(internal))


def test_the_address_of_the_routes_is_announced_by_the_speaker(node: NodeLab) -> None:
    neighbours = node.on("client", "net", ("ip", "neigh", "show", str(node.facts["ingressAddress"])))

    assert "lladdr" in neighbours
