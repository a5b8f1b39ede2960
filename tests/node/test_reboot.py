"""A node that is killed like by a power cut comes back: its pods start again, with their volumes."""

import os
import signal

from slipway.tools.process import wait_until
from slipway.util.mapping import dig, listing
from testing.node import NodeLab

WAIT_S = 300.0
FILE = "/config/written-before"


def test_a_killed_node_comes_back_with_its_pods_and_their_data(node: NodeLab) -> None:
    kubectl = node.kubectl
    kubectl("exec", "-n", "htpc", "deploy/sonarr", "--", "touch", FILE)
    before = containers(node)
    state = node.place.running()
    assert state is not None

    os.kill(state.parts["machine-server"].pid, signal.SIGKILL)

    assert wait_until(lambda: all_ready(node) and before.isdisjoint(containers(node)), WAIT_S)
    kubectl("exec", "-n", "htpc", "deploy/sonarr", "--", "ls", FILE)


def containers(node: NodeLab) -> set[str]:
    """Every container that runs; empty while the API server does not answer."""
    if node.kubectl("get", "--raw", "/readyz", ok_codes=None).code:
        return set()
    return {
        str(state.get("containerID"))
        for pod in node.pods()
        for state in listing(dig(pod, "status"), "containerStatuses")
    }


def all_ready(node: NodeLab) -> bool:
    """Whether every workload has all of its replicas, as a state from after the start."""
    if node.place.running() is None or node.kubectl("get", "--raw", "/readyz", ok_codes=None).code:
        return False
    (server,) = node.kubectl.items("nodes")
    is_ready = any(
        item["type"] == "Ready" and item["status"] == "True" for item in listing(dig(server, "status"), "conditions")
    )
    workloads = node.kubectl.items("deployments,statefulsets", "--all-namespaces")
    return is_ready and all(
        dig(item, "status").get("readyReplicas") == dig(item, "spec").get("replicas") for item in workloads
    )
