"""A client at home asks the platform's DNS server, which is an address of the pool."""

import pytest

from slipway.util.mapping import dig, listing
from testing.node import NodeLab, hosts_of


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_client_at_home_gets_the_address_of_every_route(node: NodeLab, protocol: str) -> None:
    service = node.kubectl.find("service", "coredns-dns", "-n", "infra") or {}
    (address,) = listing(dig(service, "status", "loadBalancer"), "ingress")
    hosts = hosts_of(node.kubectl.items("ingressroutes.traefik.io", "--all-namespaces"))

    answers = node.look_up("client", str(address["ip"]), hosts, protocol)

    assert hosts
    assert answers == {host: [str(node.facts["ingressAddress"])] for host in hosts}
