"""Whatever announces figures lets Prometheus in, and Prometheus may go there."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from slipway.build.render import Object
from slipway.core.model import ChartKind
from testing.rendering import Repository, charts

pytestmark = pytest.mark.helm

UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]
PORT = "prometheus.io/port"
PROMETHEUS = {"kubernetes.io/metadata.name": "infra", "app.kubernetes.io/name": "prometheus"}


@pytest.fixture(scope="module")
def platform(repository: Repository) -> tuple[Object, ...]:
    """Every object of every umbrella, in one environment."""
    return tuple(
        item for name in UMBRELLAS for item in repository.rendered(repository.case(name, "production")).objects
    )


@pytest.fixture(scope="module")
def lan_ports(platform: tuple[Object, ...]) -> set[int]:
    """The ports of nodes that Prometheus may connect to."""
    (policy,) = (item for item in platform if item.kind == "NetworkPolicy" and item.name == "prometheus")
    return {
        port["port"]
        for rule in listed(policy, "spec", "egress")
        if any("192.168" in peer.get("ipBlock", {}).get("cidr", "") for peer in rule["to"])
        for port in rule["ports"]
    }


def test_whatever_announces_figures_lets_prometheus_in(platform: tuple[Object, ...], lan_ports: set[int]) -> None:
    closed: list[str] = []
    services = [item for item in platform if item.kind == "Service" and PORT in item.annotations]
    for service in services:
        for pod in pods_of(service, platform):
            port = int(service.annotations[PORT])
            if pod["spec"].get("hostNetwork"):
                # Policies do not reach the node's network; but the way there is one of Prometheus' own.
                closed += (
                    [] if port in lan_ports else [f"{service.title}: Prometheus may not reach port {port} of nodes"]
                )
            elif not any(admits(policy, pod, port) for policy in policies_of(pod, service, platform)):
                closed.append(f"{service.title}: no edge from Prometheus to port {port}")

    assert len(services) > len(UMBRELLAS)
    assert closed == []


def pods_of(service: Object, platform: tuple[Object, ...]) -> Iterator[Mapping[str, Any]]:
    """The pod templates behind a Service."""
    selector = mapping(service.at("spec", "selector"))
    for item in platform:
        template = item.at("spec", "template")
        if isinstance(template, dict) and item.namespace == service.namespace:
            labels = template.get("metadata", {}).get("labels", {})
            if selector.items() <= labels.items():
                yield template


def policies_of(pod: Mapping[str, Any], service: Object, platform: tuple[Object, ...]) -> Iterator[Object]:
    """The policies that are for a pod."""
    for item in platform:
        if item.kind == "NetworkPolicy" and item.namespace == service.namespace:
            chosen = mapping(item.at("spec", "podSelector")).get("matchLabels", {})
            if chosen.items() <= pod["metadata"]["labels"].items():
                yield item


def admits(policy: Object, pod: Mapping[str, Any], port: int) -> bool:
    """Whether a policy lets Prometheus connect to a port of a pod."""
    names = {
        each["name"]: each["containerPort"]
        for each in containers(pod)
        for each in each.get("ports", ())
        if "name" in each
    }
    for rule in listed(policy, "spec", "ingress"):
        ports = [names.get(each["port"], each["port"]) for each in rule.get("ports", ())]
        if port in ports and any(prometheus_is(peer) for peer in rule.get("from", ())):
            return True
    return False


def prometheus_is(peer: Mapping[str, Any]) -> bool:
    """Whether a peer is Prometheus' pod."""
    wanted = {
        **peer.get("namespaceSelector", {}).get("matchLabels", {}),
        **peer.get("podSelector", {}).get("matchLabels", {}),
    }
    return wanted == PROMETHEUS


def containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every container of a pod."""
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def listed(item: Object, *path: str) -> list[Any]:
    """A list of an object; empty when it has none."""
    found = item.at(*path)
    return found if isinstance(found, list) else []


def mapping(value: object) -> Mapping[str, Any]:
    """A part of an object; empty when it has none."""
    return value if isinstance(value, dict) else {}
