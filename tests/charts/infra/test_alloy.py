"""Alloy's configuration, read by its own parser and evaluator, and what becomes of a line on its way."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.tools.run import Command, Completed, run_process
from testing.monitoring import config_files
from testing.rendering import Repository
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

POD = {
    "__address__": "10.42.0.7:8989",
    "__meta_kubernetes_namespace": "htpc",
    "__meta_kubernetes_pod_name": "sonarr-5d4f",
    "__meta_kubernetes_pod_container_name": "app",
    "__meta_kubernetes_pod_uid": "2b1e",
    "__meta_kubernetes_pod_label_pod_template_hash": "5d4f",
    "__meta_kubernetes_pod_label_app_kubernetes_io_name": "sonarr",
}
"""What the Kubernetes discovery says of a container."""


@pytest.fixture(scope="module")
def config(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as the pod has it."""
    place = tmp_path_factory.mktemp("alloy") / "config.alloy"
    files = config_files(repository, "alloy")
    place.write_text(files["config.alloy"], encoding="utf-8")
    return place


def alloycheck(*arguments: str, stdin: str = "") -> Completed:
    """Run it; the caller reads the exit code."""
    return run_process(Command(argv=(str(program("alloycheck")), *arguments), stdin=stdin.encode(), ok_codes=None))


def follow(config: Path, *lines: Mapping[str, object]) -> list[dict[str, Any]]:
    """Lines as they leave for the log store."""
    done = alloycheck("-follow", str(config), stdin="".join(map(json.dumps, lines)))
    assert done.code == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_a_pod(text: str, **labels: str) -> dict[str, object]:
    """A line of a container."""
    return {"from": "discovery.relabel.pods", "labels": {**POD, **labels}, "text": text}


def test_alloy_would_take_its_configuration(config: Path) -> None:
    done = alloycheck(str(config))
    assert (done.code, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("targets    = discovery", "# targets = discovery", "illegal character"),
        ("\tjob_name   = ", "\tjob_nam    = ", 'unrecognized attribute name "job_nam"'),
        ("stage.label_keep {\n\t\tvalues = ", "stage.label_keep {\n\t\tvalue = ", 'unrecognized attribute name "value"'),
        ('\turl = "http://loki:3100/loki/api/v1/push"\n', "", 'missing required attribute "url"'),
        ("[loki.write.loki.receiver]", "[loki.write.other.receiver]", 'field "other" does not exist'),
        ("[otelcol.exporter.otlp.jaeger.input]", "[loki.write.loki.receiver]", "expected capsule"),
        ("[loki.write.loki.receiver]", "[loki.process.events.receiver]", "refers to itself in a circle"),
        ("traces  = [otelcol.processor.attributes.secrets.input]", "", "nothing refers to otelcol.processor.attributes"),
        ('loki.source.kubernetes "pods"', 'loki.source.kubernets "pods"', "is no component that is known here"),
        ('otelcol.exporter.otlp "jaeger"', 'otelcol.exporter.otlp ""', "wants a label"),
        ("`kube-probe/`", "`kube-probe/(`", "missing closing )"),
        ('by_label_name = "pod"\n\t\tdrop          = true', 'by_label_name = "pod"', "must drop"),
        ('level  = "warn"', 'level = "warn"', "is not as `alloy fmt` writes it"),
    ],
    ids=[
        "comment", "unknown argument", "unknown argument of a block", "missing argument", "no such component",
        "lines for traces", "circle", "nobody sends to it", "unknown component", "no label", "expression", "limit", "format",
    ],
)  # fmt: skip
def test_a_mistake_is_told(config: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = config.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "config.alloy"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")

    done = alloycheck(str(broken))

    assert done.code == 1
    assert message in done.stdout


def test_a_line_has_four_labels_and_no_other(config: Path) -> None:
    (line,) = follow(config, of_a_pod("started"))
    assert line["labels"] == {"namespace": "htpc", "pod": "sonarr-5d4f", "container": "app", "app": "sonarr"}
    assert line["from"] == "loki.write.loki"


@pytest.mark.parametrize(
    ("labels", "app"),
    [
        ({"__meta_kubernetes_pod_label_k8s_app": "other"}, "sonarr"),
        (
            {
                "__meta_kubernetes_pod_label_app_kubernetes_io_name": "",
                "__meta_kubernetes_pod_label_k8s_app": "kube-dns",
            },
            "kube-dns",
        ),
        ({"__meta_kubernetes_pod_label_app_kubernetes_io_name": ""}, "app"),
    ],
    ids=["name of the chart", "name of k3s' own", "container"],
)
def test_the_application_is_the_best_name_that_there_is(config: Path, labels: dict[str, str], app: str) -> None:
    (line,) = follow(config, of_a_pod("started", **labels))
    assert line["labels"]["app"] == app


def test_an_event_has_the_namespace_of_its_object_and_a_name_of_its_own(config: Path) -> None:
    labels = {"namespace": "htpc", "job": "kubernetes-events", "instance": "loki.source.kubernetes_events.cluster"}
    (line,) = follow(config, {"from": "loki.process.events", "labels": labels, "text": "reason=BackOff"})
    assert line["labels"] == {"namespace": "htpc", "app": "kubernetes-events"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("GET /api?apikey=0a1b2c&page=1", "GET /api?apikey=***&page=1"),
        ("GET /Items?api_key=0a1b2c HTTP/1.1", "GET /Items?api_key=*** HTTP/1.1"),
        ("X-Api-Key: 0a1b2c", "X-Api-Key: ***"),
        ("authorization: Bearer ey.J0.x", "authorization: Bearer ***"),
        ('{"password":"hunter2","user":"a"}', '{"password":"***","user":"a"}'),
        (r'{"msg":"{\"access_token\":\"ey.J0\"}"}', r'{"msg":"{\"access_token\":\"***\"}"}'),
        ("password=one passwd=two", "password=*** passwd=***"),
        ("the token was refreshed; no password is set", "the token was refreshed; no password is set"),
    ],
)
def test_secrets_are_not_kept(config: Path, written: str, kept: str) -> None:
    (line,) = follow(config, of_a_pod(written))
    assert line["text"] == kept


def test_the_questions_of_the_kubelet_are_not_kept(config: Path) -> None:
    assert follow(config, of_a_pod('10.42.0.1 "GET /status HTTP/1.1" 200 "kube-probe/1.37"')) == []


def test_every_address_that_it_sends_to_is_an_edge_of_its_own_and_of_the_other_end(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    edges = yaml.safe_load((ROOT / "charts/alloy/values.yaml").read_text(encoding="utf-8"))["network"]["egress"]
    for host, port in (("loki", 3100), ("jaeger", 4317), ("prometheus", 9090)):
        assert f"{host}:{port}" in text
        assert edges[host]["ports"] == [port]
        other = yaml.safe_load((ROOT / f"charts/{host}/values.yaml").read_text(encoding="utf-8"))
        (named,) = other["network"]["ingress"]["alloy"]["ports"]
        assert other["service"][host]["ports"][named]["port"] == port
