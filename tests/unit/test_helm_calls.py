"""Many calls of helm: divided among processes, answered by helm-batch, and what it leaves by helm."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from slipway.tools.helm import SHARE, Helm, lint_args, shares, template_args
from slipway.tools.run import Command, Completed

CALLS = [
    template_args(Path(f"/{chart}"), release="r", namespace=str(number), kube_version="1.37.0")
    for number in range(3)
    for chart in "abc"
]


def answering(count: Callable[[list[str]], int], started: list[Command]) -> Helm:
    """A helm that says what it was asked, beside a helm-batch that answers some of the lines that it gets."""

    def run(command: Command) -> Completed:
        started.append(command)
        if command.stdin is None:
            return Completed(argv=command.argv, code=0, stdout=f"helm {command.argv[1:]}", stderr="", seconds=0)
        lines = command.stdin.decode().splitlines()
        answers = [
            json.dumps({"code": 1, "stdout": f"batch {tuple(json.loads(line))}", "stderr": "a\u2028b\n"})
            for line in lines[: count(lines)]
        ]
        return Completed(
            argv=command.argv, code=3, stdout="".join(f"{line}\n" for line in answers), stderr="", seconds=1
        )

    return Helm(run=run, program=lambda: Path("/helm"), batch=lambda: Path("/helm-batch"), home=Path("/home"))


def test_each_call_gets_its_own_answer_from_two_processes() -> None:
    started: list[Command] = []
    done = answering(len, started).each(CALLS)
    assert [one.stdout for one in done] == [f"batch {call}" for call in CALLS]
    assert {(one.code, one.stderr) for one in done} == {(1, "a\u2028b\n")}
    assert [command.argv for command in started] == [("/helm-batch",)] * 2


def test_every_answer_is_passed_on_once_whoever_gave_it() -> None:
    for helm in (answering(lambda lines: len(lines) // 2, []), replace(answering(len, []), batch=None)):
        passed: list[tuple[tuple[str, ...], Completed]] = []
        done = helm.each(CALLS, lambda call, made, passed=passed: passed.append((call, made)))  # type: ignore[misc]
        assert sorted((call, made.stdout) for call, made in passed) == sorted(
            (call, made.stdout) for call, made in zip(CALLS, done, strict=True)
        )


def test_what_a_batch_that_ended_did_not_answer_is_asked_of_helm() -> None:
    started: list[Command] = []
    done = answering(lambda lines: len(lines) - 2, started).each(CALLS)
    left = [one.stdout for one in done if one.stdout.startswith("helm ")]
    assert len(left) == 4
    assert all(call[0] in one.stdout for one, call in zip(done, CALLS, strict=True))
    assert sorted(f"helm {command.argv[1:]}" for command in started if command.stdin is None) == sorted(left)


def test_without_a_batch_each_call_is_a_process() -> None:
    started: list[Command] = []
    done = replace(answering(len, started), batch=None).each([*CALLS, CALLS[0]])
    assert [one.stdout for one in done] == [f"helm {call}" for call in [*CALLS, CALLS[0]]]
    assert len(started) == len(CALLS)


@given(st.lists(st.sampled_from([*CALLS, *(lint_args(Path(f"/{name}"), kube_version="1.37.0") for name in "abcde")])))
def test_calls_of_a_chart_share_a_process_and_none_is_lost(calls: list[tuple[str, ...]]) -> None:
    made = shares(calls)
    assert sorted(call for share in made for call in share) == sorted(set(calls))
    charts = [{call[2] if call[0] == "template" else call[1] for call in share} for share in made]
    assert sum(map(len, charts)) == len(set.union(set(), *charts))
    assert len(made) <= max(2, len(calls) // SHARE)
    assert all(made)
