"""kube-router, which k3s embeds, lets exactly the connections through that the charts declare."""

import pytest

from slipway.lab.node.home import RESOLVERS, WEB
from slipway.lab.node.settings import PORTS
from testing.node import NodeLab, elsewhere
from testing.policies import Peer
from testing.reach import OPEN

Edge = tuple[Peer, Peer, int]


@pytest.fixture(scope="module")
def edges(node: NodeLab) -> dict[str, tuple[list[Edge], list[Edge]]]:
    """`allowed` and `denied` by the policies → the edges that are open, and those that are not: all pairs of pods and ports."""
    peers = node.peers()
    targets: dict[str, tuple[Peer, int]] = {
        f"{peer.address}:{port}": (peer, port) for peer in peers.values() for port in peer.ports.values()
    }
    for address, port in (
        (str(node.home.server), PORTS["apiserver"]),
        (str(node.home.server), 10250),
        (str(node.home.store), PORTS["registry"]),
        (str(node.home.router), 53),
        (str(WEB), 443),
        (str(RESOLVERS[0]), 53),
    ):
        targets[f"{address}:{port}"] = (elsewhere(address), port)
    policies = node.policies()
    found: dict[str, tuple[list[Edge], list[Edge]]] = {"allowed": ([], []), "denied": ([], [])}
    tried = node.reach(targets)
    again = node.reach(
        {
            target
            for address, ends in tried.items()
            for target, end in ends.items()
            if end != OPEN and address in peers and policies.allow(peers[address], *targets[target])
        }
    )
    for address in tried.keys() & peers.keys():
        for target, end in tried[address].items():
            edge = (peers[address], *targets[target])
            if edge[0] is edge[1]:
                continue
            # A busy machine may answer too late the first time.
            is_open = OPEN in {end, again.get(address, {}).get(target)}
            found["allowed" if policies.allow(*edge) else "denied"][0 if is_open else 1].append(edge)
    return found


def shown(edges: list[Edge]) -> list[str]:
    return [
        f"{source.namespace}/{source.name} -> {target.name or target.address}:{port}" for source, target, port in edges
    ]


def test_every_pod_was_asked(node: NodeLab, edges: dict[str, tuple[list[Edge], list[Edge]]]) -> None:
    sources = {edge[0].name for kind in edges.values() for side in kind for edge in side}

    assert {peer.name for peer in node.peers().values() if peer.namespace != "kube-system"} <= sources


def test_every_declared_edge_connects(edges: dict[str, tuple[list[Edge], list[Edge]]]) -> None:
    opened, closed = edges["allowed"]

    print(f"{len(opened)} declared edges connect")
    assert len(opened) > 50
    assert not shown(closed)


def test_every_edge_that_nobody_declared_is_refused(edges: dict[str, tuple[list[Edge], list[Edge]]]) -> None:
    opened, closed = edges["denied"]

    print(f"{len(closed)} undeclared edges are refused")
    assert len(closed) > 500
    assert not shown(opened)
