"""What charts configure in Prometheus and Alertmanager, and tests of rules in a short form that becomes promtool's.

A test file is `tests/charts/infra/rules/TOPIC.yaml`, for the rules of `files/rules/TOPIC.yml`: alert → cases. A case has
`series`, the time `at`, and the `alerts` that fire then, each with its labels and its summary; without alerts none may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from slipway.build.cases import DEFAULTS
from slipway.tools.run import Command, Completed, run_process
from testing.rendering import Repository
from testing.workspaces import program

Rule = Mapping[str, Any]

QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'|`[^`]*`')
NO_NAMES = re.compile(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
WORDS = frozenset(
    {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool", "group_left", "group_right"}
)


def config_files(repository: Repository, chart: str, label: str = DEFAULTS) -> dict[str, str]:
    """Every file of a chart's ConfigMaps in one of its renders, by its name."""
    found: dict[str, str] = {}
    for item in repository.rendered(repository.case(chart, label)).objects:
        if item.kind == "ConfigMap":
            data = item.at("data")
            assert isinstance(data, dict)
            assert not found.keys() & data.keys()
            found |= data
    return found


def ask(name: str, *args: str, stdin: bytes | None = None) -> Completed:
    """Run a checker; the caller reads the exit code."""
    return run_process(Command(argv=(str(program(name)), *args), stdin=stdin, ok_codes=None))


def rules_of(texts: Iterable[str]) -> list[Rule]:
    """Every rule of some rule files."""
    return [rule for text in texts for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def alerts_of(texts: Iterable[str]) -> dict[str, Rule]:
    """Every alerting rule by its name."""
    return {rule["alert"]: rule for rule in rules_of(texts) if "alert" in rule}


def metrics_in(expression: str) -> set[str]:
    """The names of series that an expression reads."""
    bare = NO_NAMES.sub(" ", QUOTED.sub('""', expression))
    return {name for name in NAME.findall(bare) if name not in WORDS}


def catalogue(folder: Path) -> set[str]:
    """Every name of the catalogue of metrics: one on a line; comments name the source."""
    lines = [line.strip() for path in sorted(folder.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    return {line for line in lines if line and not line.startswith("#")}


def promtool_tests(cases: Mapping[str, Sequence[Rule]], rules: Mapping[str, Rule], rule_file: Path) -> dict[str, str]:
    """Interval → the cases of one file that have it, in promtool's form; it compares every label and annotation.

    Rules are evaluated when there is a sample: between samples of ten minutes a series would be stale.
    """
    tests: dict[str, list[Rule]] = {}
    for alert, of_alert in cases.items():
        for case in of_alert:
            # YAML reads an unquoted 0x20, which is promtool's for twenty more zeros, as thirty-two.
            assert all(isinstance(values, str) for values in case["series"].values()), f"{alert}: quote the values"
            fires = [expected(each, rules[alert]) for each in case.get("alerts", ())]
            test = {
                "name": f"{alert}: {case['case']}",
                "interval": case.get("interval", "1m"),
                "external_url": "https://prometheus.home.example.org",
                "input_series": [{"series": name, "values": values} for name, values in case["series"].items()],
                "alert_rule_test": [{"eval_time": case["at"], "alertname": alert, "exp_alerts": fires}],
            }
            tests.setdefault(case.get("interval", "1m"), []).append(test)
    return {
        interval: yaml.safe_dump(
            {"rule_files": [str(rule_file)], "evaluation_interval": interval, "fuzzy_compare": True, "tests": each}
        )
        for interval, each in tests.items()
    }


def runbook(alert: str) -> str:
    """The runbook: Grafana's page of the alert."""
    return f"https://grafana.home.example.org/d/alert-{alert}"


def expected(alert: Rule, rule: Rule) -> Rule:
    """An alert that must fire: labels and annotations of the test and of the rule."""
    return {
        "exp_labels": {**alert.get("labels", {}), **rule["labels"]},
        "exp_annotations": {**rule["annotations"], "summary": alert["summary"], "runbook_url": runbook(rule["alert"])},
    }
