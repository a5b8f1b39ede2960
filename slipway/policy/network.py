"""Network policies by default, Services, routes, and the pods that the API server calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.build.render import Object
from slipway.policy.chart_objects import ChartObjects, Violation, containers, labels_match, pod_labels, violation
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing

CLUSTER_LABEL = "cnpg.io/cluster"
CLUSTER_PORTS = frozenset({"postgresql", "metrics", "status", 5432, 9187, 8000})
"""Label and ports of the pods that CloudNativePG creates for a Cluster. Source: CloudNativePG 1.30, pkg/specs/pods.go."""

CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": "true"}
"""The label of a server. Source: k3s, pkg/server/server.go."""


@rule("contract.policy", "A NetworkPolicy denies ingress and egress by default for each pod.")
def default_deny(chart: ChartObjects) -> Iterator[Violation]:
    policies = [dig(policy.data, "spec") for policy in chart.of_kind("NetworkPolicy")]
    for item, pod in chart.workloads:
        isolated = any(
            spec.get("policyTypes") in (["Ingress", "Egress"], ["Egress", "Ingress"])
            and labels_match(dig(spec, "podSelector", "matchLabels"), pod_labels(pod))
            for spec in policies
        )
        if not isolated and not dig(pod, "spec").get("hostNetwork"):
            yield violation(item, "has no NetworkPolicy that denies its traffic by default")
    selectors = [dig(spec, "podSelector", "matchLabels") for spec in policies]
    for item in chart.of_kind("Cluster"):
        if {CLUSTER_LABEL: item.name} not in selectors:
            yield violation(item, "has no NetworkPolicy that denies the traffic of its instances by default")


@rule("contract.service", "Services select pods of the chart, and their target ports exist.")
def services(chart: ChartObjects) -> Iterator[Violation]:
    clusters = {item.name for item in chart.of_kind("Cluster")}
    for item in chart.of_kind("Service"):
        selector = dig(item.data, "spec", "selector")
        if len(selector) == 1 and selector.get(CLUSTER_LABEL) in clusters:
            # CloudNativePG creates these pods, so they are not rendered.
            yield from database_service_ports(item)
            continue
        pods = [pod for _, pod in chart.workloads if labels_match(selector, pod_labels(pod))]
        if not pods:
            yield violation(item, "selects no pod of the chart")
            continue
        ports = {
            str(port.get(key))
            for pod in pods
            for container in containers(pod)
            for port in listing(container, "ports")
            for key in ("name", "containerPort")
        }
        for port in listing(dig(item.data, "spec"), "ports"):
            target = str(port.get("targetPort", port.get("port")))
            if target not in ports:
                yield violation(item, f"port {port.get('name')} has the target port {target}, which no container has")


def database_service_ports(item: Object) -> Iterator[Violation]:
    """Ports of a Service whose pods are the instances of a database."""
    for port in listing(dig(item.data, "spec"), "ports"):
        target = port.get("targetPort", port.get("port"))
        if target not in CLUSTER_PORTS:
            fact = f"port {port.get('name')} has the target port {target}, which no instance of a database has"
            yield violation(item, fact)


@rule("contract.route", "Routes lead to Services of the chart, and to ports that these have.")
def routes(chart: ChartObjects) -> Iterator[Violation]:
    ports = {
        item.name: {str(port.get(key)) for port in listing(dig(item.data, "spec"), "ports") for key in ("name", "port")}
        for item in chart.of_kind("Service")
    }
    for item in chart.objects:
        for service, port in route_backends(item):
            if service not in ports:
                yield violation(item, f"routes to the Service {service}, which the chart does not render")
            elif port not in ports[service]:
                yield violation(item, f"routes to port {port} of the Service {service}, which has no such port")


def route_backends(item: Object) -> Iterator[tuple[str, str]]:
    """Service and port of each backend of an IngressRoute or Ingress."""
    if item.kind == "IngressRoute":
        for route in listing(dig(item.data, "spec"), "routes"):
            for service in listing(route, "services"):
                if service.get("kind", "Service") == "Service":
                    yield str(service.get("name")), str(service.get("port"))
    if item.kind == "Ingress":
        for ingress_rule in listing(dig(item.data, "spec"), "rules"):
            for path in listing(dig(ingress_rule, "http"), "paths"):
                service = dig(path, "backend", "service")
                port = dig(service, "port")
                yield str(service.get("name")), str(port.get("name", port.get("number")))


@rule("contract.called-by-api-server", "Pods that the API server calls run on its node, from where it reaches them.")
def called_by_api_server(chart: ChartObjects) -> Iterator[Violation]:
    """Servers of webhooks and of aggregated APIs that may be scheduled on another node.

    The API server of k3s connects to a pod of another node from the address of flannel.1. That address is in the
    network of the pods and differs with the node, so a NetworkPolicy cannot tell it from a pod. Pods of its own node
    accept it always.
    """
    called = {(str(name.get("namespace")), str(name.get("name"))) for name in called_services(chart)}
    for service in chart.of_kind("Service"):
        if (service.namespace, service.name) not in called:
            continue
        selector = dig(service.data, "spec", "selector")
        for item, pod in chart.workloads:
            spec = dig(pod, "spec")
            if not labels_match(selector, pod_labels(pod)) or spec.get("hostNetwork"):
                continue
            if not labels_match(CONTROL_PLANE, dig(spec, "nodeSelector")):
                yield violation(item, "serves the API server, which reaches it only on the node of the control plane")


def called_services(chart: ChartObjects) -> Iterator[Mapping[str, object]]:
    """Namespace and name of each Service that an object tells the API server to call."""
    for item in chart.objects:
        if item.kind in {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}:
            yield from (dig(webhook, "clientConfig", "service") for webhook in listing(item.data, "webhooks"))
        elif item.kind == "CustomResourceDefinition":
            yield dig(item.data, "spec", "conversion", "webhook", "clientConfig", "service")
        elif item.kind == "APIService":
            yield dig(item.data, "spec", "service")
