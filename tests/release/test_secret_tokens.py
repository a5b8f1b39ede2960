"""Secrets by the real gitleaks beside our own rules: what is found, what is remembered, and what excuses a line."""

import shutil
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed
from slipway.lint import secret_scan
from slipway.lint.secret_tokens import TokenScan
from slipway.tools.gitleaks import Gitleaks
from slipway.tools.run import Command, Completed, run_process
from slipway.util.cache import Cache
from testing.secret_formats import FORMATS, TOKENS, made

UNKNOWN = frozenset({"linode", "new relic", "sentry dsn"})
"""Tokens without a form of their own, where neither the key nor the text names the provider as gitleaks wants it."""
PATH = "values/staging/home.yaml"


@pytest.fixture
def started() -> list[Command]:
    """The processes that a scan starts."""
    return []


@pytest.fixture
def scan(tmp_path: Path, started: list[Command]) -> TokenScan:
    """A scan whose memory is empty."""
    found = shutil.which("gitleaks")
    assert found is not None, "gitleaks is not on PATH: run the tests by ./inv test, which sets it up"

    def run(command: Command) -> Completed:
        started.append(command)
        return run_process(command)

    gitleaks = Gitleaks(run=run, program=lambda: Path(found))
    return TokenScan(
        gitleaks=gitleaks, version="v1", kept=Cache(folder=tmp_path / "cache" / "tokens"), scratch=tmp_path
    )


def test_the_tokens_of_the_usual_providers_are_found(scan: TokenScan, started: list[Command]) -> None:
    files = {f"values/{name}/{seed}.yaml": made(name, seed).encode() for name in FORMATS for seed in range(3)}

    problems = (*scan.problems(files), *secret_scan.scan_sources(files).problems)

    places = {problem.where.rpartition(":")[0] for problem in problems}
    missed = {path.split("/")[1] for path in files if path not in places}
    assert missed == UNKNOWN
    assert set(TOKENS) > UNKNOWN
    assert len(started) == 1


def test_a_problem_names_the_form_and_never_the_token(scan: TokenScan) -> None:
    text = f"# a comment\n{made('gitlab deploy')}"

    (problem,) = scan.problems({PATH: text.encode()})

    assert (problem.where, problem.fact, problem.rule) == (
        f"{PATH}:2",
        "contains a secret of the form gitlab-deploy-token",
        "secret.token",
    )
    assert made("gitlab deploy").split()[1] not in repr(problem)


def test_a_line_that_our_own_rules_report_is_reported_once(scan: TokenScan) -> None:
    assert scan.problems({PATH: f"password: {made('gitlab deploy').split()[1]}\n".encode()}) == ()


def test_a_comment_excuses_a_token_and_must_give_its_reason(scan: TokenScan) -> None:
    line = made("gitlab deploy").rstrip()

    assert scan.problems({PATH: f"{line}  # slipway: not-a-secret revoked in 2020\n".encode()}) == ()
    assert [problem.rule for problem in scan.problems({PATH: f"{line}  # slipway: not-a-secret\n".encode()})] == [
        "secret.reason"
    ]


def test_the_marks_and_settings_of_another_tool_excuse_nothing(
    scan: TokenScan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitleaks.toml").write_text("title = 'no rules'\n", encoding="utf-8")
    monkeypatch.setenv("GITLEAKS_CONFIG", str(tmp_path / "gitleaks.toml"))
    monkeypatch.setenv("GITLEAKS_CONFIG_TOML", "title = 'no rules'")

    assert len(scan.problems({PATH: f"{made('gitlab deploy').rstrip()}  # gitleaks:allow\n".encode()})) == 1


def test_a_file_is_scanned_once_whatever_its_name_is(scan: TokenScan, started: list[Command]) -> None:
    text = made("gitlab deploy").encode()

    first = scan.problems({PATH: text, "values/a.yaml": b"a: 1\n"})
    again = scan.problems({"charts/a/values.yaml": text, "values/b.yaml": b"a: 1\n"})

    assert [problem.where for problem in (*first, *again)] == [f"{PATH}:1", "charts/a/values.yaml:1"]
    assert len(started) == 1


@pytest.mark.parametrize("output", ["oops", "[1]", '[{"File": "x"}]', "[" * 100_000])
def test_an_answer_that_is_none_is_an_error_with_a_name(output: str, tmp_path: Path) -> None:
    def run(command: Command) -> Completed:
        return Completed(argv=command.argv, code=0, stdout=output, stderr="", seconds=0)

    with pytest.raises(ToolFailed, match="gitleaks: its output is not the JSON"):
        Gitleaks(run=run, program=lambda: tmp_path).scan(tmp_path)
