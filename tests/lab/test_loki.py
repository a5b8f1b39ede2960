"""Loki with the configuration and the rules of its chart: read by itself, started, written to and asked.

It stands here because its build takes as long as Kubernetes'; its language is read in the tier of charts.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.tools.process import free_port, wait_until
from slipway.tools.run import Command, Completed, run_process
from testing.faulty import Answer, Seen, serving
from testing.monitoring import config_files
from testing.rendering import Repository
from testing.running import PATIENCE_S, Server, running
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

SCHEMA = {
    "from": "2024-04-01",
    "store": "tsdb",
    "object_store": "filesystem",
    "schema": "v13",
    "index": {"prefix": "loki_index_", "period": "24h"},
}
PANIC = "panic: runtime error: invalid memory address or nil pointer dereference"


def verify(text: str, folder: Path) -> Completed:
    """What Loki says to a configuration."""
    place = folder / "config.yaml"
    place.write_text(text, encoding="utf-8")
    return run_process(
        Command(argv=(str(program("loki")), "-verify-config", f"-config.file={place}", "-target=all"), ok_codes=None)
    )


@pytest.mark.parametrize("values", [DEFAULTS, "ci/short-values.yaml"])
def test_loki_takes_its_configuration(repository: Repository, values: str, tmp_path: Path) -> None:
    done = verify(config_files(repository, "loki", values)["config.yaml"], tmp_path)
    assert done.code == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("limits_config", "retention_perod", "336h", "field retention_perod not found"),
        (
            "schema_config",
            "configs",
            [SCHEMA | {"index": {"prefix": "loki_index_", "period": "48h"}}],
            "index set to 24h",
        ),
        ("schema_config", "configs", [SCHEMA | {"schema": "v12"}], "schema v13 is required"),
    ],
    ids=["unknown key", "period that is never deleted", "schema without structured metadata"],
)
def test_loki_refuses_a_mistake(
    repository: Repository, section: str, key: str, value: object, message: str, tmp_path: Path
) -> None:
    config = yaml.safe_load(config_files(repository, "loki")["config.yaml"])
    config[section][key] = value

    done = verify(yaml.safe_dump(config), tmp_path)

    assert done.code != 0
    assert message in done.stdout + done.stderr


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """What an Alertmanager is told."""

    port: int
    seen: list[Seen]

    @property
    def alerts(self) -> list[dict[str, dict[str, str]]]:
        """Every alert of every request."""
        return [alert for each in self.seen if each.path == "/api/v2/alerts" for alert in json.loads(each.body)]


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    """It listens before Loki starts."""
    with serving(lambda _: Answer()) as server:
        yield Inbox(port=server.port, seen=server.seen)


@pytest.fixture(scope="module")
def loki(repository: Repository, inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It runs with its own folders below one of ours, on ports of ours, and looks at its rules every second."""
    folder = tmp_path_factory.mktemp("loki")
    files = config_files(repository, "loki")
    config = yaml.safe_load(
        files["config.yaml"]
        .replace("/var/loki", f"{folder}/data")
        .replace("/etc/loki-rules", f"{folder}/rules")
        .replace("/tmp/rules", f"{folder}/tmp")
    )
    # A pod has an address of its own, and nobody else on these ports.
    config["server"] |= {
        "http_listen_address": "127.0.0.1", "http_listen_port": free_port(),
        "grpc_listen_address": "127.0.0.1", "grpc_listen_port": free_port(),
    }  # fmt: skip
    config["ruler"] |= {"alertmanager_url": f"http://127.0.0.1:{inbox.port}", "evaluation_interval": "1s"}
    (folder / "rules" / "fake").mkdir(parents=True)
    (folder / "rules" / "fake" / "logs.yaml").write_text(files["logs.yaml"], encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    server = Server(port=config["server"]["http_listen_port"])
    argv = (str(program("loki")), f"-config.file={folder}/config.yaml", "-target=all")
    with running(argv, folder / "loki.log", server, "/ready"):
        yield server


def push(loki: Server, labels: dict[str, str], *lines: str) -> None:
    """Write lines as Alloy does; the first is the oldest."""
    now = time.time_ns()
    values = [[str(now - len(lines) + number), line] for number, line in enumerate(lines)]
    status, text = loki.ask("/loki/api/v1/push", {"streams": [{"stream": labels, "values": values}]})
    assert status == 204, text


def query(loki: Server, expression: str) -> list[dict[str, Any]]:
    """The vector of a question about now."""
    found = loki.json(f"/loki/api/v1/query?query={quote(expression)}")["data"]["result"]
    assert isinstance(found, list)
    return found


def rules(loki: Server) -> dict[str, str]:
    """Alert → question, as Loki has loaded them."""
    groups = loki.json("/prometheus/api/v1/rules")["data"]["groups"]
    return {rule["name"]: rule["query"] for group in groups for rule in group["rules"]}


def test_what_is_written_can_be_asked_for_with_its_four_labels_and_no_other(loki: Server) -> None:
    labels = {"namespace": "htpc", "pod": "sonarr-0", "container": "app", "app": "sonarr"}

    push(loki, labels, "first", "second")

    selector = quote('{app="sonarr"}')
    question = f"/loki/api/v1/query_range?query={selector}&direction=forward"
    assert wait_until(lambda: bool(loki.json(question)["data"]["result"]), PATIENCE_S)
    (stream,) = loki.json(question)["data"]["result"]
    assert [line for _, line in stream["values"]] == ["first", "second"]
    assert {name: stream["stream"][name] for name in labels} == labels
    assert set(loki.json("/loki/api/v1/labels")["data"]) == set(labels)


def test_loki_loads_its_alerts_and_each_has_a_runbook_of_its_name(repository: Repository, loki: Server) -> None:
    (group,) = yaml.safe_load(config_files(repository, "loki")["logs.yaml"])["groups"]

    assert wait_until(lambda: bool(rules(loki)), PATIENCE_S)

    assert rules(loki).keys() == {rule["alert"] for rule in group["rules"]} == {"ProgramPanicked", "InotifyExhausted"}
    for rule in group["rules"]:
        assert rule["annotations"]["runbook_url"] == "{{ .ExternalURL }}/d/alert-" + rule["alert"]
        assert (ROOT / "docs" / "runbooks" / f"{rule['alert']}.md").is_file()
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_a_panic_reaches_the_alertmanager_and_a_line_that_quotes_one_does_not(loki: Server, inbox: Inbox) -> None:
    push(loki, {"namespace": "infra", "pod": "quoting", "container": "app", "app": "quoting"}, f'query="|= {PANIC}"')
    push(
        loki,
        {"namespace": "infra", "pod": "broken", "container": "app", "app": "broken"},
        PANIC,
        "goroutine 1 [running]:",
    )

    assert wait_until(lambda: bool(inbox.alerts), PATIENCE_S)

    answer = inbox.alerts[0]
    assert {alert["labels"]["app"] for alert in inbox.alerts} == {"broken"}
    assert answer["labels"] == {
        "alertname": "ProgramPanicked", "namespace": "infra", "app": "broken", "severity": "warning",
    }  # fmt: skip
    assert answer["annotations"]["summary"] == "broken in infra ended with a fault of its own"
    assert answer["annotations"]["runbook_url"].startswith("https://grafana.")
    assert answer["annotations"]["runbook_url"].endswith("/d/alert-ProgramPanicked")


def test_figures_that_alerts_and_dashboards_name_are_there(loki: Server) -> None:
    _, text = loki.ask("/metrics")
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    assert {
        "loki_build_info",
        "loki_ingester_memory_streams",
        "loki_request_duration_seconds_count",
        "loki_compactor_apply_retention_last_successful_run_timestamp_seconds",
        "loki_prometheus_rule_evaluation_failures_total",
    } <= names
