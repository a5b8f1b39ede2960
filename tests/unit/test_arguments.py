"""Arguments of every task: what is unknown, empty or too much is refused by its name, before any work."""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from invoke.context import Context as Invocation
from invoke.exceptions import Exit
from invoke.tasks import Task

import tasks
from slipway.cli import arguments
from slipway.config import Config, RegistryConfig
from slipway.context import Context
from slipway.core.errors import WorkspaceError
from slipway.util.progress import Progress
from testing.monorepo import Monorepo, small

TASKS = {name: task for name, task in vars(tasks).items() if isinstance(task, Task)}

BAD = {
    "env": ("nope", "stagin", "staging,production", " "),
    "only": ("nope", "sonar", "sonarr,", ",", " ", "sonarr,nope"),
    "chart": ("", ",", "nope", "sonar", "sonarr,radarr", "-h"),
    "service": ("", ",", "nope", "sonarr,radarr", "-h"),
    "action": ("", "nope", "list,stop", "-h"),
    "bump": ("huge", "majr"),
    "level": ("huge", "majr"),
    "tier": ("nope", "units"),
    "scope": ("", "wide"),
    "snapshot": ("nope",),
    "name": ("Nope!",),
}
"""Parameter → values that no task accepts."""

GIVEN = {
    "chart": "sonarr",
    "service": "sonarr",
    "action": "status",
    "umbrella": "htpc",
    "folder": "bundle",
    "image": "a:1",
    "port": "80",
    "namespace": "htpc",
}
"""What else a task must have."""
OF_TASK = {("bundle", "action"): "write"}
"""The same, where a task takes other values."""


def cases() -> Iterator[tuple[str, str, str]]:
    for name, task in TASKS.items():
        for parameter in inspect.signature(task.body).parameters:
            for value in BAD.get(parameter, ()):
                # A new chart may have any name.
                if (name, parameter, value) != ("new", "service", "nope"):
                    yield name, parameter, value


def where_of(task: Task, parameter: str) -> str:
    """How a message names a parameter."""
    if parameter in task.positional:
        return parameter.upper()
    return f"--{parameter}" if len(parameter) > 1 else f"-{parameter}"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monorepo:
    made = small(tmp_path / "repo")
    monkeypatch.setenv("SLIPWAY_ROOT", str(made.root))
    return made


def run(task: str, **flags: object) -> int:
    """The exit code of a task that fails."""
    signature = inspect.signature(TASKS[task].body).parameters
    needed = {
        name: OF_TASK.get((task, name), GIVEN.get(name, []))
        for name, parameter in signature.items()
        if name not in flags
        and name not in {"_", "invocation"}
        and (parameter.default is parameter.empty or name == "namespace")
    }
    with pytest.raises(Exit) as ended:
        TASKS[task].body(Invocation(), **needed, **flags)
    return int(ended.value.code)


def files(repo: Monorepo) -> set[Path]:
    return set(repo.root.rglob("*"))


@pytest.mark.parametrize(("task", "parameter", "value"), [*cases()])
def test_a_task_refuses_an_argument_by_its_name_before_any_work(
    repo: Monorepo, capsys: pytest.CaptureFixture[str], task: str, parameter: str, value: str
) -> None:
    before = files(repo)

    code = run(task, **{parameter: value})

    shown = capsys.readouterr()
    assert code == 2, shown.err
    assert re.match(rf"{re.escape(where_of(TASKS[task], parameter))}: ", shown.err)
    assert shown.out == ""
    assert files(repo) == before


@pytest.mark.parametrize(
    "task", [name for name, task in TASKS.items() if "json" in inspect.signature(task.body).parameters]
)
def test_every_error_is_json_when_json_is_wanted(repo: Monorepo, capsys: pytest.CaptureFixture[str], task: str) -> None:
    repo.write("pyproject.toml", "[tool.slipway]\nenvironments = []\n")

    code = run(task, json=True)

    shown = json.loads(capsys.readouterr().out)
    assert shown["exit_code"] == code == 2
    (problem,) = shown["problems"]
    assert problem.keys() == {"where", "fact", "evidence", "hint", "rule"}
    assert problem["where"] == "pyproject.toml"
    assert "[tool.slipway] environments" in problem["fact"]


def context_of(repo: Monorepo) -> Context:
    config = Config(
        root=repo.root,
        registry=RegistryConfig(host="127.0.0.1:1", prefix="charts"),
        registry_folder=repo.root / ".registry",
    )
    return Context(
        config=config, environ={}, run=lambda _: pytest.fail("starts a process"), progress=Progress(quiet=True)
    )


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(WorkspaceError) as caught:
        call()
    return str(caught.value)


def test_charts_are_in_release_order_and_an_unknown_one_gets_a_suggestion(repo: Monorepo) -> None:
    context = context_of(repo)

    assert arguments.charts(context, "sonarr, common,sonarr") == ("common", "sonarr")
    assert arguments.charts(context, "") == ()
    assert refusal(lambda: arguments.charts(context, "sonar")) == (
        "--only: there is no chart 'sonar'\n    hint: did you mean 'sonarr'?"
    )
    assert "hint: charts: common, htpc, radarr, sonarr" in refusal(lambda: arguments.charts(context, "xyz"))


def test_every_unknown_chart_is_named(repo: Monorepo) -> None:
    shown = refusal(lambda: arguments.charts(context_of(repo), "sonar,common,radar"))

    assert [line for line in shown.splitlines() if line.startswith("--only")] == [
        "--only: there is no chart 'sonar'",
        "--only: there is no chart 'radar'",
    ]


def test_a_service_is_no_umbrella_and_its_umbrella_is_named(repo: Monorepo) -> None:
    assert arguments.umbrellas(context_of(repo), "htpc") == ("htpc",)
    assert refusal(lambda: arguments.umbrellas(context_of(repo), "sonarr")) == (
        "--only: 'sonarr' is a service, not an umbrella\n    hint: --only htpc"
    )


def test_one_chart_means_one(repo: Monorepo) -> None:
    assert arguments.chart(context_of(repo), " sonarr ") == "sonarr"
    assert refusal(lambda: arguments.chart(context_of(repo), "")) == "CHART: is missing"
    assert "exactly one is expected" in refusal(lambda: arguments.chart(context_of(repo), "sonarr,radarr"))
