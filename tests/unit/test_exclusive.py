"""Addresses and ports that only one Service or pod can have, across all umbrellas of an environment."""

import pytest

from slipway.build.render import Object, parse
from slipway.policy.exclusive import exclusive_problems

BALANCER = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: %s, annotations: {%s}}
spec: {type: LoadBalancer, selector: {app: %s}, externalTrafficPolicy: %s, ports: [{port: %s, protocol: %s}]}
"""
WORKLOAD = """
apiVersion: apps/v1
kind: %s
metadata: {name: web, namespace: %s}
spec: {strategy: {type: Recreate}, template: {spec: {%s, containers: [{name: app, ports: [{%s}]}]}}}
"""
NODE_PORT = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: %s}
spec: {type: NodePort, ports: [%s]}
"""
ASKS = "metallb.io/loadBalancerIPs: 10.0.0.7"


def balancer(namespace: str, annotations: str, policy: str = "Cluster", port: int = 80, protocol: str = "TCP") -> str:
    return BALANCER % (namespace, annotations, namespace, policy, port, protocol)


def objects(*texts: str) -> tuple[Object, ...]:
    return parse("---".join(texts))


def found(*texts: str) -> list[str]:
    return [f"{item.where}: {item.fact}" for item in exclusive_problems(objects(*texts), "production")]


@pytest.mark.parametrize(
    "asks",
    [
        ASKS,
        '"metallb.io/loadBalancerIPs": "fd00::7, 10.0.0.7"',
        "metallb.universe.tf/loadBalancerIPs: 10.0.0.7",
    ],
)
def test_two_services_of_two_namespaces_may_not_request_one_address(asks: str) -> None:
    assert found(balancer("infra", ASKS), balancer("htpc", asks, port=81)) == [
        "htpc: Service web: requests the address 10.0.0.7, which Service infra/web has already"
    ]
    assert found(balancer("infra", ASKS), balancer("htpc", "metallb.io/loadBalancerIPs: 10.0.0.8")) == []


def test_the_field_of_the_service_requests_an_address_too() -> None:
    by_field = balancer("htpc", "").replace("type: LoadBalancer", "type: LoadBalancer, loadBalancerIP: 10.0.0.7")
    assert len(found(balancer("infra", ASKS), by_field)) == 1


def test_a_service_that_is_no_load_balancer_requests_nothing() -> None:
    inside = balancer("htpc", ASKS).replace("type: LoadBalancer", "type: ClusterIP")
    assert found(balancer("infra", ASKS), inside) == []


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({}, {"port": 81}, "both need the annotation metallb.io/allow-shared-ip"),
        ({"key": "a"}, {"port": 81}, "both need the annotation"),
        ({"key": "a"}, {"key": "b", "port": 81}, "only with one key, and have a and b"),
        ({"key": "a"}, {"key": "a"}, "only with different ports, and both have 80/TCP"),
        ({"key": "a", "policy": "Local"}, {"key": "a", "policy": "Local", "port": 81}, "only with the same pods"),
        ({"key": "a"}, {"key": "a", "port": 81}, ""),
        ({"key": "a"}, {"key": "a", "protocol": "UDP"}, ""),
    ],
)
def test_an_address_is_shared_as_metallb_shares_it(first: dict[str, str], second: dict[str, str], reason: str) -> None:
    texts = []
    for namespace, more in (("infra", first), ("htpc", second)):
        options = dict(more)
        key = options.pop("key", "")
        texts.append(balancer(namespace, ASKS + (f", metallb.io/allow-shared-ip: {key}" if key else ""), **options))  # type: ignore[arg-type]
    reasons = [item.evidence[0] for item in exclusive_problems(objects(*texts), "production")]
    assert len(reasons) == bool(reason)
    assert all(reason in text for text in reasons)


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        ("hostPort: 80, containerPort: 8080", "hostPort: 80, containerPort: 1", True),
        ("hostPort: 80, containerPort: 80", "hostPort: 80, containerPort: 80, protocol: UDP", False),
        (
            "hostPort: 80, containerPort: 80, hostIP: 10.0.0.1",
            "hostPort: 80, containerPort: 80, hostIP: 10.0.0.2",
            False,
        ),
        (
            "hostPort: 80, containerPort: 80, hostIP: 10.0.0.1",
            "hostPort: 80, containerPort: 80, hostIP: 10.0.0.1",
            True,
        ),
        ("hostPort: 80, containerPort: 80, hostIP: 10.0.0.1", "hostPort: 80, containerPort: 80", True),
        ("containerPort: 80", "containerPort: 80", False),
    ],
)
def test_a_port_of_the_node_belongs_to_one_pod(first: str, second: str, conflict: bool) -> None:
    texts = (
        WORKLOAD % ("Deployment", "infra", "dnsPolicy: Default", first),
        WORKLOAD % ("DaemonSet", "htpc", "dnsPolicy: Default", second),
    )
    expected = ["htpc: DaemonSet web: listens on the port of the node 80/TCP, which Deployment infra/web has already"]
    assert found(*texts) == (expected if conflict else [])


def test_a_pod_on_the_network_of_the_node_has_every_port_of_its_containers() -> None:
    host = WORKLOAD % ("DaemonSet", "infra", "hostNetwork: true", "containerPort: 9100")
    assert len(found(host, WORKLOAD % ("StatefulSet", "htpc", "hostNetwork: true", "containerPort: 9100"))) == 1
    assert (
        len(found(host, WORKLOAD % ("StatefulSet", "htpc", "dnsPolicy: Default", "containerPort: 1, hostPort: 9100")))
        == 1
    )
    assert found(host, WORKLOAD % ("StatefulSet", "htpc", "dnsPolicy: Default", "containerPort: 9100")) == []


def test_pods_that_never_share_a_node_may_have_the_same_port_of_it() -> None:
    one, other = (
        WORKLOAD
        % ("Deployment", name, f"nodeSelector: {{kubernetes.io/hostname: {name}}}", "containerPort: 1, hostPort: 80")
        for name in ("infra", "htpc")
    )
    assert found(one, other) == []


def test_a_rolling_update_may_not_start_a_second_pod_on_a_port_of_the_node() -> None:
    rolling = WORKLOAD.replace("strategy: {type: Recreate}", "strategy: {%s}")
    port = ("dnsPolicy: Default", "containerPort: 1, hostPort: 80")
    assert found(rolling % ("Deployment", "infra", "type: RollingUpdate", *port)) == [
        "infra: Deployment web: starts its new pod on the port of the node 80/TCP, which it has already"
    ]
    without = "type: RollingUpdate, rollingUpdate: {maxSurge: 0}"
    assert found(rolling % ("Deployment", "infra", without, *port)) == []


def test_a_node_port_belongs_to_one_service_whatever_the_protocol() -> None:
    one = NODE_PORT % ("infra", "{port: 53, nodePort: 30053}, {port: 53, nodePort: 30053, protocol: UDP}")
    assert found(one) == []
    assert found(one, NODE_PORT % ("htpc", "{port: 80, nodePort: 30053, protocol: UDP}")) == [
        "htpc: Service web: has the node port 30053, which Service infra/web has already"
    ]
    assert found(one, NODE_PORT % ("htpc", "{port: 80}")) == []
