"""The one place that starts processes."""

import sys
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed, ToolMissing
from slipway.tools.helm import Helm
from slipway.tools.run import Command, run_process, tail


def python(code: str, **options: object) -> Command:
    return Command(argv=(sys.executable, "-c", code), **options)


def test_output_code_and_time_of_a_process_are_returned() -> None:
    done = run_process(python("import sys; print('out'); print('err', file=sys.stderr)"))

    assert (done.code, done.stdout, done.stderr) == (0, "out\n", "err\n")
    assert done.seconds > 0


def test_a_failed_process_shows_its_command_and_its_last_lines() -> None:
    with pytest.raises(ToolFailed) as error:
        run_process(python("import sys; sys.exit('no such thing')"))

    problem = error.value.problems[0]
    assert problem.fact == "ended with exit code 1"
    assert problem.evidence[-1] == "no such thing"
    assert problem.evidence[0].startswith("+ ")


def test_an_accepted_code_is_no_failure() -> None:
    assert run_process(python("import sys; sys.exit(3)", ok_codes=frozenset({0, 3}))).code == 3


def test_a_missing_program_names_the_doctor() -> None:
    with pytest.raises(ToolMissing) as error:
        run_process(Command(argv=("/nowhere/helm",)))

    assert "cannot be started" in str(error.value)
    assert "hint: ./inv doctor" in str(error.value)


def test_a_process_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ToolFailed, match=r"did not end within 0\.05 s"):
        run_process(python("import time; time.sleep(60)", timeout_s=0.05))


def test_arguments_reach_the_program_as_they_are(tmp_path: Path) -> None:
    done = run_process(Command(argv=(sys.executable, "-c", "import sys; print(sys.argv[1])", "a b; $(c) 'd'")))

    assert done.stdout == "a b; $(c) 'd'\n"


def test_lines_are_handed_over_as_they_appear() -> None:
    seen: list[str] = []

    script = "print('one', flush=True); import sys; print('two', file=sys.stderr); raise SystemExit(2)"

    done = run_process(python(script, ok_codes=None, on_line=seen.append))

    assert (done.code, seen) == (2, ["one", "two"])
    assert (done.stdout, done.stderr) == ("one\ntwo\n", "")


def test_a_streamed_program_that_fails_or_runs_too_long_is_an_error_too() -> None:
    seen: list[str] = []

    with pytest.raises(ToolFailed, match="ended with exit code 2"):
        run_process(python("print('one'); raise SystemExit(2)", on_line=seen.append))
    with pytest.raises(ToolFailed, match=r"did not end within 0\.2 s"):
        run_process(python("import time; print('x', flush=True); time.sleep(60)", on_line=seen.append, timeout_s=0.2))
    with pytest.raises(ToolMissing, match="/nowhere/helm: cannot be started"):
        run_process(Command(argv=("/nowhere/helm",), on_line=seen.append))

    assert seen[0] == "one"


def test_a_tail_without_lines_is_a_placeholder() -> None:
    assert tail("  \n") == ("(none)",)
    assert tail("a\nb\nc", 2) == ("b", "c")


def test_a_template_that_does_not_end_is_ended_and_its_chart_is_named(tmp_path: Path) -> None:
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    program.chmod(0o755)
    helm = Helm(run=run_process, program=lambda: program, home=tmp_path / "home", limit_s=0.2)

    with pytest.raises(ToolFailed, match=r"^helm: did not end within 0\.2 s\n    \+ .*helm template web charts/web"):
        helm("template", "web", "charts/web")
