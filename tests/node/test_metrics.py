"""The real Prometheus finds every target that the platform has, and reaches each through the network policies."""

import json

import pytest

from slipway.tools.process import wait_until
from testing.node import NodeLab

WAIT_S = 180.0
"""The longest interval between two scrapes is a minute."""


@pytest.fixture(scope="module")
def targets(node: NodeLab) -> list[dict[str, object]]:
    """Targets of Prometheus, once each was scraped."""
    found: list[dict[str, object]] = []

    (name,) = (peer.name for peer in node.peers().values() if peer.labels.get("app.kubernetes.io/name") == "prometheus")
    question = f"/api/v1/namespaces/infra/pods/{name}:9090/proxy/api/v1/targets?state=active"

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
