"""Prometheus' configuration and rules, read and tried by its own tool."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from testing.monitoring import alerts_of, ask, catalogue, config_files, metrics_in, promtool_tests, rules_of
from testing.rendering import Repository
from testing.scraped import catalogue as catalogue_of
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

RUNBOOKS = [path for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")) if path.name != "index.md"]
HERE = Path(__file__).parent
TESTS = sorted((HERE / "rules").glob("*.yaml"))
CONFIGURATION = "prometheus.yml"


@pytest.fixture(scope="module")
def files(repository: Repository) -> Mapping[str, str]:
    """The files of the chart's ConfigMaps."""
    return config_files(repository, "prometheus", DEFAULTS)


@pytest.fixture(scope="module")
def rules(files: Mapping[str, str]) -> Mapping[str, str]:
    """The rule files among them."""
    return {name: text for name, text in files.items() if "groups" in yaml.safe_load(text)}


@pytest.fixture(scope="module")
def folder(files: Mapping[str, str], rules: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as the pod has them."""
    made = tmp_path_factory.mktemp("prometheus")
    (made / "rules").mkdir()
    for name, text in files.items():
        place = made / "rules" / name if name in rules else made / name
        place.write_text(text.replace("/etc/prometheus-rules/", f"{made}/rules/"), encoding="utf-8")
    return made


def cases(path: Path) -> Mapping[str, list[Mapping[str, Any]]]:
    """The cases of a test file by alert."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def log_alerts() -> set[str]:
    """The names of the alerts that Loki has."""
    loki = yaml.safe_load((ROOT / "charts" / "loki" / "values.yaml").read_text(encoding="utf-8"))
    groups = [group for file in loki["config"]["rules"]["files"].values() for group in file["groups"]]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def test_prometheus_takes_its_configuration(folder: Path) -> None:
    # The token of the service account is not here.
    done = ask("promtool", "check", "config", "--lint=all", "--syntax-only", str(folder / CONFIGURATION))
    assert done.code == 0, done.stdout + done.stderr


def test_prometheus_takes_its_rules(folder: Path) -> None:
    done = ask("promtool", "check", "rules", "--lint=all", *map(str, (folder / "rules").iterdir()))
    assert done.code == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(
    path: Path, folder: Path, rules: Mapping[str, str], tmp_path: Path
) -> None:
    made = promtool_tests(cases(path), alerts_of(rules.values()), folder / "rules" / f"{path.stem}.yml")
    for interval, text in made.items():
        (tmp_path / f"{interval}.yaml").write_text(text, encoding="utf-8")

    done = ask("promtool", "test", "rules", *(f"{tmp_path}/{interval}.yaml" for interval in made))

    assert done.code == 0, done.stdout + done.stderr


def test_every_alert_is_tried_beside_its_topic_with_a_case_that_fires_and_one_that_does_not(
    rules: Mapping[str, str],
) -> None:
    tried = {path.stem: cases(path) for path in TESTS}

    assert {topic: set(found) for topic, found in tried.items()} == {
        name.removesuffix(".yml"): set(alerts_of([text])) for name, text in rules.items()
    }
    for found in tried.values():
        for alert, each in found.items():
            wanted = {True} if alert == "Watchdog" else {True, False}
            assert {bool(case.get("alerts")) for case in each} == wanted, alert


def test_every_alert_has_a_runbook_of_its_name_and_no_runbook_is_left_over(rules: Mapping[str, str]) -> None:
    alerts = alerts_of(rules.values())

    assert {path.stem for path in RUNBOOKS} == set(alerts) | log_alerts()
    for name, rule in alerts.items():
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"].endswith(f"/d/alert-{name}")
        assert "{{" not in rule["annotations"]["description"]
        assert rule["labels"]["severity"] in ({"none"} if name == "Watchdog" else {"warning", "critical"})


def test_every_runbook_says_what_it_means_what_suffers_how_to_see_it_and_what_to_do() -> None:
    for path in RUNBOOKS:
        lines = path.read_text(encoding="utf-8").splitlines()
        headings = [line for line in lines if line.startswith("#")]
        assert headings == [f"# {path.stem}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"], path


def test_rules_read_only_figures_that_something_exposes(rules: Mapping[str, str]) -> None:
    known = catalogue(HERE / "metrics")
    recorded = {rule["record"] for rule in rules_of(rules.values()) if "record" in rule}

    missing = {
        f"{rule.get('alert', rule.get('record'))}: {name}"
        for rule in rules_of(rules.values())
        for name in metrics_in(rule["expr"]) - known - recorded
    }

    assert missing == set()


def stored(job: Mapping[str, Any], names: set[str]) -> set[str]:
    """The names that a job stores of those that its targets expose."""
    for rule in job.get("metric_relabel_configs", ()):
        assert (rule["source_labels"], rule["action"] in {"keep", "drop"}) == (["__name__"], True), rule
        # Prometheus anchors both ends.
        matched = {name for name in names if re.fullmatch(rule["regex"], name)}
        names = matched if rule["action"] == "keep" else names - matched
    return names


def test_no_job_drops_a_metric_that_rules_and_dashboards_may_read(files: Mapping[str, str]) -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(files[CONFIGURATION])["scrape_configs"]}
    dropped = {
        (path.stem, name)
        for path in sorted((HERE / "metrics").glob("*.txt"))
        for name in set(catalogue_of(path)) - stored(jobs.get(path.stem, {}), set(catalogue_of(path)))
    }

    assert dropped == set()


def test_what_k3s_exposes_twice_is_stored_once(files: Mapping[str, str]) -> None:
    # API server, kubelet and the rest of the control plane are one process, with one page of metrics.
    jobs = {job["job_name"]: job for job in yaml.safe_load(files[CONFIGURATION])["scrape_configs"]}
    page = {
        name for job in ("kubelet", "kubernetes-apiserver") for name in catalogue_of(HERE / "metrics" / f"{job}.txt")
    }
    page |= {
        "workqueue_depth",
        "rest_client_requests_total",
        "scheduler_pending_pods",
        "kubeproxy_sync_proxy_rules_total",
    }

    twice = stored(jobs["kubelet"], page) & stored(jobs["kubernetes-apiserver"], page)

    assert {name.split("_")[0] for name in twice} == {"go", "process"}
    assert stored(jobs["kubelet"], page) | stored(jobs["kubernetes-apiserver"], page) == page


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("up == 0", {"up"}),
        ('sum by (pod) (rate(a_total{b="c"}[5m])) / on (d) group_left (e) f:g > 1e3', {"a_total", "f:g"}),
        ("count(a) > 0 unless on () sum(b) > 0 and time() - c offset 5m > 26 * 3600", {"a", "b", "c"}),
        ('a{b=~"}c"} or vector(0)', {"a"}),
    ],
)
def test_names_are_found_in_expressions(expression: str, names: set[str]) -> None:
    assert metrics_in(expression) == names


def test_each_service_is_scraped_by_one_job(files: Mapping[str, str]) -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(files[CONFIGURATION])["scrape_configs"]}
    app = "__meta_kubernetes_service_label_app_kubernetes_io_name"
    chosen = {
        (name, relabel["action"]): set(relabel["regex"].split("|"))
        for name, job in jobs.items()
        for relabel in job.get("relabel_configs", ())
        if relabel.get("source_labels") == [app] and "regex" in relabel
    }

    assert chosen["services", "drop"] == chosen["objects", "keep"] | chosen["metallb", "keep"]
    assert {name for name, job in jobs.items() if job.get("honor_labels")} == {"objects", "metallb"}
    # The token opens the kubelets: nobody else may see it.
    assert {name for name, job in jobs.items() if "authorization" in job} == {
        "kubernetes-apiserver",
        "kubelet",
        "cadvisor",
        "metallb",
    }
