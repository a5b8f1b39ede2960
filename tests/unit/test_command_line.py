"""The command line itself: help, what cannot be parsed, and what kubectl gets."""

import json
import re
import shlex
from pathlib import Path

import pytest
from invoke.tasks import Task

import tasks
from slipway.cli import launch
from slipway.cli import test as tiers
from slipway.cli.program import Program
from slipway.core.errors import WorkspaceError
from testing.monorepo import ROOT, small

NAMES = [name for name, task in vars(tasks).items() if isinstance(task, Task)]


def inv(*arguments: str) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as ended:
        Program(name="Invoke", version="0").run(
            ["inv", "--search-root", str(ROOT), *launch.with_remainder([*arguments])]
        )
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("task", "flag"),
    # `./inv new -h` is --health.
    [(name, flag) for name in NAMES for flag in ("--help", "-h") if (name, flag) != ("new", "-h")],
)
def test_every_task_has_help_whatever_else_it_needs(capsys: pytest.CaptureFixture[str], task: str, flag: str) -> None:
    assert inv(task, flag) == 0
    message = capsys.readouterr().out

    assert message.startswith(f"./inv {task}")
    assert inv("--help", task) == 0
    assert capsys.readouterr().out == message


def test_the_program_alone_lists_every_task_by_its_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert inv() == 0
    message = capsys.readouterr().out

    assert [line for line in message.splitlines() if line.endswith(":")] == [
        f"{purpose}:" for purpose in tasks.PURPOSES
    ]
    assert sorted(
        line.split()[0] for line in message.splitlines() if line[:3].strip() and line.startswith("  ")
    ) == sorted(NAMES)
    for flag in ("--list", "--help"):
        assert inv(flag) == 0
        assert capsys.readouterr().out == message


def test_every_task_has_one_purpose() -> None:
    assert sorted(name for names in tasks.PURPOSES.values() for name in names) == sorted(NAMES)


def test_the_version_is_that_of_this_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert inv("--version") == 0

    assert re.fullmatch(r"homelab \S+ \((commit [0-9a-f]{12}|no commit)\), Python 3\.\S+\n", capsys.readouterr().out)


@pytest.mark.parametrize("typed", ["--dry release", "release --dry", "plan -R", "--pty plan", "plan --hide=both"])
def test_a_flag_of_invoke_that_would_change_nothing_is_refused(capsys: pytest.CaptureFixture[str], typed: str) -> None:
    assert inv(*typed.split()) == 2
    assert capsys.readouterr().err.startswith("./inv: there is no flag '--")


def test_settings_of_invoke_for_other_projects_change_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".invoke.yaml").write_text("tasks: {collection_name: elsewhere, executor_class: no.such.Class}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("INVOKE_TASKS_COLLECTION_NAME", "elsewhere")

    assert inv("--list") == 0


COMPLETIONS = [
    ("", {"plan", "release", "docs"}),
    ("rel", {"release"}),
    ("plan --", {"--env", "--only", "--json", "--wide", "--help"}),
    ("plan --json --j", set()),
    ("plan --env ", {"staging", "production"}),
    ("plan --env=st", {"--env=staging"}),
    ("plan --env = st", {"staging"}),
    ("plan -e prod", {"production"}),
    ("plan --only sonarr,", {"sonarr,common", "sonarr,htpc", "sonarr,radarr"}),
    ("lint --json --only rad", {"radarr"}),
    ("explain ", {"common", "htpc", "radarr", "sonarr"}),
    ("explain sonarr --", {"--json", "--help"}),
    ("docs b", {"build"}),
    ("lab --name x u", {"up"}),
    ("lab up --no-s", {"--no-secrets"}),
    ("registry st", {"start", "status", "stop"}),
    ("test --tier doc", {"docs"}),
    ("version --level m", {"major", "minor"}),
    ("new --umbrella ", {"htpc"}),
    ("bootstrap --kubeconfig ", set()),
    ("relase --", set()),
]


@pytest.mark.parametrize(("typed", "offered"), COMPLETIONS)
def test_a_word_is_completed_with_tasks_flags_and_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, offered: set[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_ROOT", str(small(tmp_path / "repo").root))

    assert inv("--complete", "--", *typed.split(" ")) == 0

    words = {line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()}
    assert words == offered or (not typed and words > offered)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("relase", "./inv: there is no task 'relase'\n    hint: did you mean 'release'?\n"),
        ("plan --evn staging", "./inv plan: there is no flag '--evn'\n    hint: did you mean '--env'?\n"),
        ("plan sonarr", "./inv plan: unexpected argument 'sonarr'\n    hint: ./inv plan --help\n"),
        ("plan --env", "./inv plan: --env needs a value\n    hint: ./inv plan --help\n"),
        ("explain", "./inv explain: CHART is missing\n    hint: ./inv explain --help\n"),
        ("explain --wrong", "./inv explain: there is no flag '--wrong'\n    hint: ./inv explain --help\n"),
        (
            "new foo --umbrella htpc",
            "".join(f"./inv new: {flag} is missing\n    hint: ./inv new --help\n" for flag in ("--image", "--port"))
            + "2 problems\n",
        ),
    ],
)
def test_what_cannot_be_parsed_is_named_and_ends_with_two(
    capsys: pytest.CaptureFixture[str], typed: str, shown: str
) -> None:
    assert inv(*typed.split()) == 2
    assert capsys.readouterr() == ("", shown)


def test_what_cannot_be_parsed_is_json_when_json_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert inv("plan", "--evn", "staging", "--json") == 2

    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["where"], problem["hint"]) == ("./inv plan", "did you mean '--env'?")


KUBECTL = [
    ("lab kubectl get pods -A", [], ["get", "pods", "-A"]),
    ("lab kubectl exec POD -- ls /", [], ["exec", "POD", "--", "ls", "/"]),
    ("lab kubectl -- get pods", [], ["get", "pods"]),
    ("lab kubectl --name trial exec POD -- ls -- /", ["--name", "trial"], ["exec", "POD", "--", "ls", "--", "/"]),
    ("lab kubectl --name=trial -- get pods", ["--name=trial"], ["get", "pods"]),
    ("lab kubectl create role r --name x --env y", [], ["create", "role", "r", "--name", "x", "--env", "y"]),
    ("lab kubectl -n infra get pods", [], ["-n", "infra", "get", "pods"]),
    ("lab kubectl patch x -p '{\"a\": \"b c\"}' ''", [], ["patch", "x", "-p", '{"a": "b c"}', ""]),
    ("lab kubectl get pods '-- x'", [], ["get", "pods", "-- x"]),
    ("lab kubectl --help", [], ["--help"]),
    ("lab kubectl", [], []),
]


@pytest.mark.parametrize(("typed", "own", "passed"), KUBECTL)
def test_kubectl_gets_what_follows_it_word_for_word(typed: str, own: list[str], passed: list[str]) -> None:
    made = launch.with_remainder(shlex.split(typed))

    assert made[:-1] == ["lab", "kubectl", *own, "--"]
    assert shlex.split(made[-1]) == passed


def test_flags_of_the_lab_may_come_first() -> None:
    assert launch.with_remainder(shlex.split("lab --name trial kubectl get pods")) == [
        "lab", "--name", "trial", "kubectl", "--", "get pods",
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["plan --env x", "lab up --name kubectl", "lab status", "lab", ""])
def test_other_command_lines_stay_as_they_are(typed: str) -> None:
    assert launch.with_remainder(typed.split()) == typed.split()


@pytest.mark.parametrize(("codes", "code"), [((0, 5), 0), ((5, 0), 0), ((0,), 0), ((5, 1), 1), ((0, 2), 2)])
def test_a_tier_without_a_selected_test_is_no_failure_when_another_has_one(codes: tuple[int, ...], code: int) -> None:
    assert tiers.verdict(codes, ("unit", "charts"), "something") == code


@pytest.mark.parametrize("codes", [(5,), (5, 5), ()])
def test_an_expression_that_selects_no_test_at_all_is_refused(codes: tuple[int, ...]) -> None:
    with pytest.raises(WorkspaceError, match=r"^-k: no test of unit, charts matches 'nothing'"):
        tiers.verdict(codes, ("unit", "charts"), "nothing")
