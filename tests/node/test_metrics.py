"""The real Prometheus finds every target that the platform has, and reaches each through the network policies."""

import json
from urllib.parse import quote

import pytest

from slipway.tools.process import wait_until
from slipway.util.mapping import dig, listing
from testing.node import NodeLab, hosts_of

WAIT_S = 180.0
"""The longest interval between two scrapes is a minute."""


def api(node: NodeLab) -> str:
    """Path of Prometheus' API at the API server."""
    (name,) = (peer.name for peer in node.peers().values() if peer.labels.get("app.kubernetes.io/name") == "prometheus")
    return f"/api/v1/namespaces/infra/pods/{name}:9090/proxy/api/v1"


@pytest.fixture(scope="module")
def targets(node: NodeLab) -> list[dict[str, object]]:
    """Targets of Prometheus, once each was scraped."""
    found: list[dict[str, object]] = []

    question = f"{api(node)}/targets?state=active"

    def scraped() -> bool:
        done = node.kubectl("get", "--raw", question, ok_codes=None)
        found[:] = json.loads(done.stdout)["data"]["activeTargets"] if done.code == 0 else []
        return bool(found) and all(item["health"] == "up" for item in found)

    wait_until(scraped, WAIT_S)
    return found


def test_no_target_is_down(targets: list[dict[str, object]]) -> None:
    print(f"{len(targets)} targets")
    assert targets
    assert [(item["scrapeUrl"], item["lastError"]) for item in targets if item["health"] != "up"] == []


def test_every_route_is_probed_and_answers_the_probe(node: NodeLab, targets: list[dict[str, object]]) -> None:
    probes: dict[str, str] = {}

    def probed() -> bool:
        probes.update(instant(node, 'probe_success{job="routes"}'))
        return bool(probes) and set(probes.values()) == {"1"}

    wait_until(probed, WAIT_S)
    print(f"{len(probes)} routes probed")
    hosts = {url.removeprefix("https://").partition("/")[0] for url in probes}
    # A service of Traefik's own is no Service, by which Prometheus finds a route.
    routes = [
        item
        for item in node.kubectl.items("ingressroutes.traefik.io", "--all-namespaces")
        if all(
            service.get("kind") != "TraefikService"
            for route in listing(dig(item, "spec"), "routes")
            for service in listing(route, "services")
        )
    ]
    assert hosts == set(hosts_of(routes))
    assert {url: value for url, value in probes.items() if value != "1"} == {}


def instant(node: NodeLab, expression: str) -> dict[str, str]:
    """What Prometheus answers to an expression now: instance → value."""
    done = node.kubectl("get", "--raw", f"{api(node)}/query?query={quote(expression)}", ok_codes=None)
    found = json.loads(done.stdout)["data"]["result"] if done.code == 0 else []
    return {str(item["metric"]["instance"]): str(item["value"][1]) for item in found}
