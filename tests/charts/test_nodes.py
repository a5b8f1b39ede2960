"""On which node pods run: those that the API server calls on its own, and all of them on the node of a lab."""

from collections.abc import Iterator

import pytest

from slipway.build.render import Object
from slipway.core.model import ChartKind
from slipway.lab.folder import cluster_objects
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, ChartObjects, labels_match, pod_labels
from slipway.policy.network import CONTROL_PLANE, called_services
from slipway.util.mapping import dig
from testing.rendering import Repository, charts

pytestmark = pytest.mark.helm

UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]


def renders(repository: Repository) -> Iterator[tuple[str, tuple[Object, ...]]]:
    """Umbrella with its set of values, and its objects."""
    for umbrella in UMBRELLAS:
        for case in repository.cases(umbrella):
            yield f"{umbrella} with {case.label}", repository.rendered(case).objects


def test_every_service_that_the_api_server_calls_has_pods_on_the_control_plane_only(repository: Repository) -> None:
    called: set[tuple[object, object]] = set()
    wrong = []
    for label, objects in renders(repository):
        chart = ChartObjects(chart=label, label=label, namespace="", objects=objects)
        for name in called_services(chart):
            if not name:
                continue
            (service,) = (
                item
                for item in chart.of_kind("Service")
                if (item.namespace, item.name) == (name["namespace"], name["name"])
            )
            selector = dig(service.data, "spec", "selector")
            pods = [pod for _, pod in chart.workloads if labels_match(selector, pod_labels(pod))]
            if not pods or not all(labels_match(CONTROL_PLANE, dig(pod, "spec", "nodeSelector")) for pod in pods):
                wrong.append(f"{label}: {service.title}")
            called.add((service.namespace, service.name))
    assert wrong == []
    assert called


def test_the_node_of_a_lab_has_every_label_by_which_pods_choose_a_node(repository: Repository) -> None:
    (node,) = (item for item in cluster_objects() if item["kind"] == "Node")
    labels = dig(node, "metadata", "labels")
    chosen = {
        f"{label}: {item.title}": dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec", "nodeSelector")
        for label, objects in renders(repository)
        for item in objects
        if item.kind in POD_TEMPLATE_PATHS
    }
    assert any(chosen.values())
    assert {title: selector for title, selector in chosen.items() if not labels_match(selector, labels)} == {}
