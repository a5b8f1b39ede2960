"""Prometheus' configuration and rules, read and tried by its own tool."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from slipway.lint.renders import DEFAULTS
from slipway.tools.run import Command, Completed, run_process
from testing.rendering import Yard
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm

RUNBOOKS = ROOT / "docs" / "runbooks"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as the pod has them, and the tests of the rules beside them."""
    yard = Yard(folder=tmp_path_factory.mktemp("build"))
    made = tmp_path_factory.mktemp("prometheus")
    (made / "rules").mkdir()
    for name, text in files(yard).items():
        place = made / name if name == "prometheus.yml" else made / "rules" / name
        place.write_text(text.replace("/etc/prometheus-rules/", f"{made}/rules/"), encoding="utf-8")
    for path in (Path(__file__).parent / "rules").glob("*.yaml"):
        (made / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return made


def files(yard: Yard) -> Mapping[str, str]:
    """Every file of the chart's ConfigMaps."""
    objects = yard.rendered(yard.case("prometheus", DEFAULTS)).objects
    found: dict[str, str] = {}
    for item in objects:
        if item.kind == "ConfigMap":
            data = item.at("data")
            assert isinstance(data, dict)
            found |= data
    return found


def promtool(*args: str) -> Completed:
    """Run it; the caller reads the exit code."""
    return run_process(Command(argv=(str(program("promtool")), *args), ok_codes=None))


def alerts(folder: Path) -> dict[str, Mapping[str, object]]:
    """Every alerting rule by its name."""
    groups = [group for path in (folder / "rules").iterdir() for group in yaml.safe_load(path.read_text())["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def log_alerts() -> set[str]:
    """The names of the alerts that Loki has."""
    loki = yaml.safe_load((ROOT / "charts" / "loki" / "values.yaml").read_text(encoding="utf-8"))
    groups = [group for file in loki["config"]["rules"]["files"].values() for group in file["groups"]]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def test_prometheus_takes_its_configuration(folder: Path) -> None:
    # The token of the service account is not here.
    done = promtool("check", "config", "--lint=all", "--syntax-only", str(folder / "prometheus.yml"))
    assert done.code == 0, done.stdout + done.stderr


def test_prometheus_takes_its_rules(folder: Path) -> None:
    done = promtool("check", "rules", "--lint=all", *map(str, (folder / "rules").iterdir()))
    assert done.code == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then(folder: Path) -> None:
    tests = sorted(folder.glob("*.yaml"))
    assert tests
    done = promtool("test", "rules", *map(str, tests))
    assert done.code == 0, done.stdout + done.stderr


def test_every_alert_is_tried(folder: Path) -> None:
    tried = {
        case["alertname"]
        for path in folder.glob("*.yaml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", ())
        if case.get("exp_alerts")
    }
    assert tried == set(alerts(folder))


def test_every_alert_has_a_runbook_of_its_name_and_no_runbook_is_left_over(folder: Path) -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(alerts(folder)) | log_alerts()
    for name, rule in alerts(folder).items():
        annotations, labels = rule["annotations"], rule["labels"]
        assert isinstance(annotations, dict)
        assert isinstance(labels, dict)
        assert annotations["runbook"] == f"docs/runbooks/{name}.md"
        assert {"summary", "description"} <= annotations.keys()
        assert labels["severity"] in {"warning", "critical"}
