"""How a task ends: text, JSON and exit code of every error; a bug leaves a log and no traceback."""

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from invoke.exceptions import Exit

from slipway.cli import crash
from slipway.cli.ending import Result
from slipway.cli.run import Console, presented
from slipway.core import errors
from slipway.core.errors import BuildError, ExitCode, Problem, ProblemsFound

pytestmark = pytest.mark.usefixtures("own_signals")

PROBLEM = Problem(where="a.yaml:3", fact="is wrong", evidence=("one",), hint="./inv doctor", rule="a.rule")
CLASSES = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, BuildError)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_ROOT", str(tmp_path))
    return tmp_path


def ended(work: Callable[[Console], None], *, as_json: bool = False) -> int:
    with pytest.raises(Exit) as caught, presented(as_json) as console:
        work(console)
    assert not caught.value.message
    return int(caught.value.code)


def raises(error: BaseException) -> Callable[[Console], None]:
    def work(_: Console) -> None:
        raise error

    return work


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_one_json_document_with_its_problems(
    root: Path, capsys: pytest.CaptureFixture[str], kind: type[BuildError]
) -> None:
    code = ended(raises(kind(PROBLEM)), as_json=True)

    assert json.loads(capsys.readouterr().out) == {
        "exit_code": code,
        "problems": [
            {"where": "a.yaml:3", "fact": "is wrong", "evidence": ["one"], "hint": "./inv doctor", "rule": "a.rule"}
        ],
    }
    assert code == kind.exit_code


def test_a_result_with_problems_is_one_json_document(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work(console: Console) -> None:
        console.say("on the way")
        console.show(Result(value={"charts": 3}, text="three", error=ProblemsFound(PROBLEM)))

    assert ended(work, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["result"] == {"charts": 3}

    assert ended(work) == 1
    shown = capsys.readouterr()
    assert shown.out == "on the way\nthree\n"
    assert shown.err == f"{PROBLEM}\n"


def test_an_interrupt_has_its_exit_code_in_json_too(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raises(KeyboardInterrupt()), as_json=True) == 130
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


def test_a_bug_shows_no_traceback_and_leaves_a_log(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["inv", "publish", "--token", "abc"])

    assert ended(raises(KeyError("gone"))) == ExitCode.INTERNAL

    log = root / "build" / "error.log"
    assert capsys.readouterr().err == (
        f"./inv: a bug in slipway: KeyError: 'gone'\n    versions and traceback: {log}\n    hint: cat {log}\n"
    )
    text = log.read_text()
    assert [line.partition(":")[0] for line in text.splitlines()[:6]] == [
        "command", "python", "platform", "slipway", "checkout", "tools",
    ]  # fmt: skip
    assert "command: ./inv publish --token …\n" in text
    assert "Traceback (most recent call last)" in text
    assert "raise error" in text


def test_a_log_that_cannot_be_written_is_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "build").write_text("a file")

    assert ended(raises(RuntimeError("odd"))) == ExitCode.INTERNAL

    shown = capsys.readouterr().err
    assert "./inv: a bug in slipway: RuntimeError: odd\n" in shown
    assert "cannot be written" in shown
    assert "    Traceback" in shown


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_file_that_the_system_refuses_is_named(root: Path, capsys: pytest.CaptureFixture[str], number: int) -> None:
    assert ended(raises(OSError(number, os.strerror(number), str(root / "deploy" / "staging")))) == ExitCode.FILES

    assert re.match(rf"deploy/staging: cannot be \w+ \({os.strerror(number)}\)\n", capsys.readouterr().err)


def test_a_missing_file_that_nobody_checked_for_is_a_bug(root: Path) -> None:
    assert ended(raises(FileNotFoundError(errno.ENOENT, "No such file", "x"))) == ExitCode.INTERNAL


def test_a_log_has_no_secrets() -> None:
    environ = {"SLIPWAY_REGISTRY_PASSWORD": "hunter2-hunter2", "HOME": "/home/me"}

    shown = crash.redacted("with hunter2-hunter2 to https://me:pw@host/x from /home/me", environ)

    assert shown == "with … to https://…@host/x from /home/me"
    assert list(crash.without_secrets(["lab", "kubectl", "create", "secret"])) == ["lab", "kubectl", "…"]
    assert list(crash.without_secrets(["x", "--key=abc", "--env", "staging"])) == ["x", "--key=…", "--env", "staging"]


def test_the_commit_of_a_checkout_is_read_from_its_files(tmp_path: Path) -> None:
    assert crash.commit_of(tmp_path) == ""
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "packed-refs").write_text("abc refs/heads/main\n")
    assert crash.commit_of(tmp_path) == "abc"
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text("def\n")
    assert crash.commit_of(tmp_path) == "def"
    (tmp_path / ".git" / "HEAD").write_text("012\n")
    assert crash.commit_of(tmp_path) == "012"


def test_a_file_where_a_folder_should_be_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "build").write_text("")

    assert ended(lambda _: (root / "build/stage/common").mkdir()) == ExitCode.FILES
    assert capsys.readouterr().err == f"build: is a file, and a folder belongs there\n    hint: rm '{root / 'build'}'\n"


def test_a_full_disk_is_named_by_what_is_on_it(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "build").mkdir()
    monkeypatch.setattr(crash, "room_of", lambda path: 0 if path == root / "build" else 10**12)

    assert ended(raises(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))) == ExitCode.FILES
    assert capsys.readouterr().err.startswith(
        "build: cannot be written (No space left on device)\n    hint: free space"
    )
