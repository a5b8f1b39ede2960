"""Questions to Loki, read by the parser of Loki itself."""

import json
import re

import pytest
import yaml

from slipway.toolchain.gotool import required
from slipway.tools.run import Command, Completed, run_process
from testing.workspaces import ROOT, program

pytestmark = pytest.mark.helm


def test_the_program_that_checks_is_of_the_version_that_runs() -> None:
    app = yaml.safe_load((ROOT / "charts/loki/values.yaml").read_text(encoding="utf-8"))["controllers"]["loki"]
    required_here = required((ROOT / "tools/checks/loki/go.mod").read_text(encoding="utf-8"))
    assert required_here["github.com/grafana/loki/v3"] == f"v{app['containers']['app']['image']['tag']}"


def logql(*queries: str) -> Completed:
    """What LogQL's own parser says."""
    return run_process(Command(argv=(str(program("logql")),), stdin=json.dumps(queries).encode(), ok_codes=None))


def test_a_question_is_read_by_the_parser_of_loki_itself() -> None:
    assert logql('{app="sonarr"} | json | level="error"', "sum by (app) (rate({namespace=~`.+`}[5m]))").code == 0

    done = logql('{app="sonarr"}', '{app="sonarr"', "rate({}[5m])")

    assert done.code == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["1", "2"]


def log_rules() -> dict[str, str]:
    """Alert → question of the chart's rules."""
    values = yaml.safe_load((ROOT / "charts/loki/values.yaml").read_text(encoding="utf-8"))
    files = values["config"]["rules"]["files"].values()
    return {rule["alert"]: rule["expr"] for file in files for group in file["groups"] for rule in group["rules"]}


def test_every_question_of_an_alert_is_read_by_the_parser_of_loki() -> None:
    done = logql(*log_rules().values())

    assert log_rules()
    assert done.code == 0, done.stdout


@pytest.mark.parametrize(
    ("alert", "line", "fires"),
    [
        ("InotifyExhausted", "failed to create fsnotify watcher: too many open files", True),
        (
            "InotifyExhausted",
            "System.IO.IOException: The configured user limit (128) on the number of inotify instances has been reached",
            True,
        ),
        ("InotifyExhausted", 'query="|~ `^failed to create fsnotify watcher: too many open files`"', False),
        ("InotifyExhausted", "accept4: too many open files", False),
        ("ProgramPanicked", "panic: runtime error: index out of range", True),
        ("ProgramPanicked", 'query="|~ `panic: `"', False),
    ],
)
def test_an_alert_is_about_its_lines_and_not_about_a_quotation_of_them(alert: str, line: str, fires: bool) -> None:
    (pattern,) = re.findall(r"\|~ `([^`]*)`", log_rules()[alert])

    assert bool(re.search(pattern, line)) is fires
    # Loki logs each question that it evaluates.
    assert not re.search(pattern, f'level=info query="{log_rules()[alert]}"')


def test_every_question_of_a_dashboard_is_read_by_the_parser_of_loki() -> None:
    questions = [
        question
        for page in sorted((ROOT / "charts/grafana/files/dashboards").rglob("*.json"))
        for question in asked(json.loads(page.read_text(encoding="utf-8")))
    ]

    done = logql(*questions)

    assert questions
    assert done.code == 0, done.stdout


def asked(node: object) -> list[str]:
    """The LogQL below a part of a page; what Grafana fills in is filled in."""
    if isinstance(node, list):
        return [found for item in node for found in asked(item)]
    if not isinstance(node, dict):
        return []
    below = [found for item in node.values() for found in asked(item)]
    source = node.get("datasource")
    if "expr" in node and isinstance(source, dict) and source.get("uid") == "loki":
        return [*below, filled(str(node["expr"]))]
    return below


def filled(question: str) -> str:
    """A question without variables."""
    return re.sub(r"\$\{?\w+(?::\w+)?\}?", "x", re.sub(r"\$__(?:interval|rate_interval|auto|range)", "5m", question))
