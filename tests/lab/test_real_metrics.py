"""The real Prometheus with our configuration, rules and rights, and the real sources of metrics that it asks."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from slipway.gitops import applications
from slipway.tools.process import wait_until
from slipway.util import yaml
from slipway.util.mapping import dig, listing
from testing.reality import WAIT_S, Reality, endpoints

PROMETHEUS, STATE, STATE_SELF, NODE = 9090, 8080, 8081, 9100
SCRAPED = "__meta_kubernetes_service_annotation_prometheus_io_scrape"
PROBE, ROUTES = "prometheus.io/probe", "routes"
"""Annotation of a Service whose route is probed, and the job that does it."""


def query(real: Reality, path: str) -> object:
    """`data` of an answer of Prometheus' API."""
    answer = real.ask("prometheus", PROMETHEUS, f"/api/v1/{path}")
    assert answer.status == 200, answer.body
    told = answer.json
    assert isinstance(told, dict)
    return told["data"]


def targets(real: Reality) -> list[dict[str, Any]]:
    """What Prometheus asks."""
    data = query(real, "targets?state=active")
    assert isinstance(data, dict)
    return list(data["activeTargets"])


def announced(real: Reality) -> set[tuple[str, str, str]]:
    """Job, namespace and address of every target that the Services of the platform announce."""
    wanted = set()
    for item in real.kubectl.items("services", "-A"):
        message, meta = dig(item, "metadata", "annotations"), dig(item, "metadata")
        if message.get("prometheus.io/scrape") == "true":
            job = str(dig(meta, "labels")["app.kubernetes.io/name"])
            how = f"{message['prometheus.io/scheme']}://{{}}:{message['prometheus.io/port']}{message['prometheus.io/path']}"
            pods = {address for address, _ in endpoints(real.kubectl, str(meta["name"]))}
            # Behind the Service of a database are pods that its operator makes, and no operator runs here.
            assert pods or "cnpg.io/cluster" in str(dig(item, "spec", "selector")), f"nothing behind {meta['name']}"
            wanted |= {(job, str(meta["namespace"]), how.format(address)) for address in pods}
    return wanted


def test_every_service_that_announces_metrics_becomes_a_target(real: Reality) -> None:
    wanted = announced(real)
    assert {"traefik", "sealed-secrets", "metallb", "argocd", "scraparr"} <= {job for job, *_ in wanted}

    def found() -> set[tuple[str, str, str]]:
        chosen = [
            item for item in targets(real) if SCRAPED in item["discoveredLabels"] and item["scrapePool"] != ROUTES
        ]
        return {(item["labels"]["job"], item["labels"]["namespace"], str(item["scrapeUrl"])) for item in chosen}

    wait_until(lambda: found() == wanted, WAIT_S)

    assert found() == wanted


def test_every_route_that_announces_its_probe_is_probed_by_its_host_once(real: Reality) -> None:
    announced_routes = sorted(
        f"https://{item.annotations[f'{PROBE}-host']}{item.annotations[f'{PROBE}-path']}"
        for item in real.objects
        if item.kind == "Service" and item.annotations.get(PROBE) == "true"
    )

    def probed() -> list[str]:
        return sorted(item["labels"]["instance"] for item in targets(real) if item["scrapePool"] == ROUTES)

    wait_until(lambda: probed() == announced_routes, WAIT_S)

    assert announced_routes
    assert probed() == announced_routes


def test_the_node_is_a_target_by_its_kubelet(real: Reality) -> None:
    real.until(lambda: {"kubelet", "cadvisor"} <= {item["labels"]["job"] for item in targets(real)}, "no kubelet")


def test_nothing_is_forbidden_to_its_discovery(real: Reality) -> None:
    log = real.log("prometheus")

    assert "forbidden" not in log
    # No Alertmanager runs here.
    errors = [line for line in log.splitlines() if '"level":"ERROR"' in line and "Error sending alerts" not in line]
    assert errors == []


def test_every_rule_is_loaded_and_none_fails(real: Reality) -> None:
    (rules,) = (item.data for item in real.objects if item.kind == "ConfigMap" and item.name == "prometheus-rules")
    wanted = [
        str(group["name"])
        for path, text in dig(rules, "data").items()
        for group in listing(yaml.parse(str(text).encode(), path).mapping, "groups")
    ]

    data = query(real, "rules")

    assert isinstance(data, dict)
    assert sorted(group["name"] for group in data["groups"]) == sorted(wanted)
    assert [rule for group in data["groups"] for rule in group["rules"] if rule["health"] == "err"] == []


def test_kube_state_metrics_may_list_what_it_is_told_to(real: Reality) -> None:
    (deployment,) = (
        item.data for item in real.objects if item.kind == "Deployment" and item.name == "kube-state-metrics"
    )
    text = str(deployment)
    kinds = re.search(r"--resources=([a-z,]+)", text)
    assert kinds is not None

    def seen(result: str) -> set[str]:
        """The kinds that were listed, or watched from the start, with this result."""
        series = real.metrics("kube-state-metrics", STATE_SELF)
        form = re.compile(rf'kube_state_metrics_(?:list|watch)_total\{{.*?resource="([^"]+)".*?result="{result}"')
        return {found[1] for name, value in series.items() if value and (found := form.match(name))}

    many = len(kinds[1].split(","))
    wait_until(lambda: len(seen("success")) >= many, WAIT_S)
    assert len(seen("success")) >= many, sorted(seen("success"))
    assert seen("error") == set()
    assert "ailed to list" not in real.log("kube-state-metrics")


def test_kube_state_metrics_tells_of_the_platforms_objects(real: Reality) -> None:
    def names() -> set[str]:
        return {name.partition("{")[0] for name in real.metrics("kube-state-metrics", STATE)}

    real.until(lambda: {"kube_pod_info", "kube_deployment_status_replicas"} <= names(), "no pods, no deployments")
    labelled = [name for name in real.metrics("kube-state-metrics", STATE) if name.startswith("kube_pod_labels{")]
    assert any('label_app_kubernetes_io_name="sonarr"' in name for name in labelled)


@pytest.fixture
def every_kind(real: Reality) -> Iterator[None]:
    """A job of each kind: kube-state-metrics is silent about kinds that the cluster has nothing of."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "registry.example.org/job:1"}]}
    job = {"template": {"spec": pod}}
    metadata = {"name": "counted", "namespace": "default"}
    objects = [
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job},
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": metadata,
            "spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": job}},
        },
    ]
    real.kubectl.apply(applications.documents(objects), manager="tests")
    yield
    real.kubectl("delete", "job,cronjob", "counted", "-n", "default")


@pytest.mark.usefixtures("every_kind")
@pytest.mark.parametrize(
    ("name", "port", "prefix"), [("kube-state-metrics", STATE, "kube_"), ("node-exporter", NODE, "node_")]
)
def test_a_source_tells_every_metric_that_a_rule_asks_it_for(real: Reality, name: str, port: int, prefix: str) -> None:
    data = query(real, "rules")
    assert isinstance(data, dict)
    asked = " ".join(rule["query"] for group in data["groups"] for rule in group["rules"])
    # What a rule records has a colon in its name.
    wanted = set(re.findall(rf"(?<![\w:]){prefix}\w+(?![\w:])", asked))

    def missing() -> set[str]:
        text = real.ask(name, port, "/metrics").body.decode()
        return wanted - {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}

    wait_until(lambda: not missing(), WAIT_S)

    assert wanted
    assert missing() == set()


def test_prometheus_gets_an_answer_of_every_real_source(real: Reality) -> None:
    sources = {"external-dns", "kube-state-metrics", "metallb", "node-exporter", "sealed-secrets", "traefik"}
    addresses = {name: real.bodies[name].pod.address for name in sources}

    def silent() -> dict[str, str]:
        return {
            item["scrapeUrl"]: item["lastError"]
            for item in targets(real)
            if item["health"] != "up"
            and addresses.get(item["labels"]["job"]) == urlsplit(str(item["scrapeUrl"])).hostname
        }

    wait_until(lambda: not silent(), WAIT_S)

    assert silent() == {}
