"""Errors: one form of text, one exit code for each class."""

import ast
import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from invoke.exceptions import Exit

from slipway.cli.run import presented
from slipway.core import errors
from slipway.core.errors import EXIT_MEANING, SIGNALLED, BuildError, ExitCode, FilesFailed, Problem, files_failed
from slipway.util import filelock
from slipway.util.files import write_atomic


def every_class(parent: type[BuildError] = BuildError) -> list[type[BuildError]]:
    return [found for child in parent.__subclasses__() for found in (child, *every_class(child))]


def test_a_problem_reads_where_fact_evidence_and_hint() -> None:
    problem = Problem(where="a.yaml:3", fact="is wrong", evidence=("one", "two"), hint="./inv doctor")
    assert str(problem) == "a.yaml:3: is wrong\n    one\n    two\n    hint: ./inv doctor"
    assert str(Problem(where="a", fact="b")) == "a: b"


@pytest.mark.parametrize("field", ["where", "fact", "hint", "evidence"])
@pytest.mark.parametrize(
    "text", ["\x1b]0;pwn\x07\x1b[2Jhello\nfake: line", "a\u202eb", "a\x9b2Jb", "a\udce9", "a\r\x00\x7f"]
)
def test_what_others_wrote_is_one_line_without_control_characters(field: str, text: str) -> None:
    fields: dict[str, Any] = {"where": "a", "fact": "b", "hint": "c", "evidence": ("d",)}
    fields[field] = (text,) if field == "evidence" else text
    lines = str(Problem(**fields)).splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert str(Problem(where="a", fact="caf\u00e9\u00a0\U0001f600\tb")) == "a: caf\u00e9\u00a0\U0001f600\tb"


def test_every_class_has_an_exit_code_of_its_own_with_a_meaning() -> None:
    codes = [child.exit_code for child in every_class() if child.__module__ == errors.__name__]
    assert len(set(codes)) == len(codes)
    assert set(EXIT_MEANING) == set(ExitCode)
    assert set(codes) == {code for code in ExitCode if 0 < code < SIGNALLED}


def test_the_module_text_names_every_class() -> None:
    text = errors.__doc__ or ""
    for child in every_class():
        if child.__module__ == errors.__name__:
            assert f"{child.__name__:<19}{int(child.exit_code)}" in text


def test_an_error_carries_all_its_problems() -> None:
    error = errors.ProblemsFound(Problem(where=str(index), fact="x") for index in range(3))
    assert [problem.where for problem in error.problems] == ["0", "1", "2"]
    assert str(error).count("\n") == 2


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EROFS, "/x/build: cannot be written (Read-only file system)"),
        (errno.ENOSPC, "/x/build: cannot be written (No space left on device)"),
        (errno.EDQUOT, "/x/build: cannot be written (Disk quota exceeded)"),
        (errno.EACCES, "/x/build: cannot be accessed (Permission denied)"),
        (errno.EPERM, "/x/build: cannot be accessed (Operation not permitted)"),
        (errno.ENOTDIR, "/x/build: cannot be accessed (Not a directory)"),
        (errno.EISDIR, "/x/build: cannot be accessed (Is a directory)"),
    ],
)
def test_what_the_operating_system_refuses_is_an_error_with_a_hint_and_a_code_of_its_own(
    number: int, expected: str
) -> None:
    refused = files_failed(OSError(number, os.strerror(number), "/x/build"))

    assert refused is not None
    assert refused.exit_code is ExitCode.FILES
    assert str(refused).splitlines()[0] == expected
    assert refused.problems[0].hint


def test_another_error_of_a_file_operation_is_a_bug_and_keeps_its_traceback() -> None:
    assert files_failed(FileNotFoundError(errno.ENOENT, "No such file or directory", "/x")) is None
    assert files_failed(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")) is None


def test_a_file_name_that_is_not_utf_8_is_printable_in_an_error() -> None:
    refused = files_failed(OSError(errno.EACCES, "Permission denied", os.fsdecode(b"/x/caf\xe9")))

    assert str(refused).startswith("/x/caf\\xe9: ")


def test_a_task_ends_with_the_text_and_the_code_of_what_the_operating_system_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Exit) as ended, presented():
        raise OSError(errno.EROFS, "Read-only file system", "/x/build")

    assert ended.value.code == int(ExitCode.FILES)
    assert capsys.readouterr().err.splitlines()[0] == "/x/build: cannot be written (Read-only file system)"


def test_a_file_in_the_place_of_a_folder_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "build").write_text("")

    with pytest.raises(FilesFailed, match="cannot be written") as refused:
        write_atomic(tmp_path / "build" / "packages" / "a.tgz", b"")
    with pytest.raises(Exit) as ended, presented(), filelock.hold(tmp_path / "build" / "release.lock"):
        pytest.fail("there is no such folder")

    assert refused.value.problems[0].where == str(tmp_path / "build" / "packages" / "a.tgz")
    assert ended.value.code == int(ExitCode.FILES)
    assert capsys.readouterr().err.startswith(f"{tmp_path}/build")


def test_a_full_disk_behind_the_output_is_an_error_with_a_hint() -> None:
    script = (
        "from invoke.exceptions import Exit\nfrom slipway.cli.run import Result, presented\n"
        "try:\n    with presented() as console:\n        console.show(Result(value=0, text='x' * 100000))\n"
        "except Exit as error:\n    raise SystemExit(error.code)\n"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            (sys.executable, "-c", script), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == int(ExitCode.FILES)
    assert done.stderr.splitlines()[0] == "standard output or a file: cannot be written (No space left on device)"


def test_no_module_validates_input_with_an_assertion() -> None:
    """`python -O` drops assertions: they narrow types, and nothing catches them."""
    root = Path(__file__).resolve().parents[2]
    sources = [path for folder in ("slipway", "dashboards") for path in (root / folder).rglob("*.py")]
    catching = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "AssertionError" in ast.dump(node.type)
    ]

    assert catching == []
