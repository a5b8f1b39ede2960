"""`./inv` from a fresh checkout: real Python, real pip and real invoke, but no network: a folder of wheels is the index."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from testing.checkout import (
    DEADLINE_S,
    MANY,
    Checkout,
    bare_path,
    big_wheel,
    children,
    ended,
    fake_python,
    invoke_wheel,
    wait_for,
    wheel,
)
from testing.interrupting import interrupted


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that was set up once, in a path with spaces and an umlaut."""
    base = tmp_path_factory.mktemp("launcher")
    checkout = Checkout(base / "a höme lab", base / "wheels", base / "home")
    code, out, err = checkout.run("hello", "--who", "first")
    # On a busy machine a step of more than half a minute prints how long it runs, on indented lines.
    assert (code, out.split(" from ")[0]) == (0, "hello first"), err
    assert [line.split(" (")[0] for line in err.splitlines() if not line.startswith("  ")] == [
        f"Setting up .venv with Python {sys.version.split()[0]}, once for each change of locks/",
        "making the virtual environment …",
        "✔ making the virtual environment",
        "installing 1 package of locks/release.txt …",
        "✔ installing 1 package of locks/release.txt",
        "✔ environment ready",
    ]
    return checkout


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout", tmp_path / "wheels", tmp_path / "home")


def test_a_second_run_sets_nothing_up(ready: Checkout) -> None:
    before = (ready.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns

    code, out, err = ready.run("hello")

    assert (code, out.split(" from ")[0], err) == (0, "hello you", "")
    assert (ready.root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == before


def test_it_needs_no_home_and_ignores_the_python_variables_of_its_user(ready: Checkout) -> None:
    environ = ready.environ(PYTHONPATH="/nonexistent", PYTHONHOME="/nonexistent", PYTHONSTARTUP="/nonexistent")
    del environ["HOME"]

    done = subprocess.run((str(ready.root / "inv"), "hello"), env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_it_works_from_any_folder_and_through_symlinks(ready: Checkout, tmp_path: Path) -> None:
    (tmp_path / "direct").symlink_to(ready.root / "inv")
    (tmp_path / "relative").symlink_to("direct")
    where = os.path.relpath(ready.root / "inv", tmp_path)
    starts = (("./direct",), ("./relative",), ("sh", "relative"), (where,), ("sh", where))

    for start in starts:
        done = subprocess.run(
            (*start, "hello"), cwd=tmp_path, env=ready.environ(), capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == (f"hello you from {tmp_path}\n", ""), start


def test_invoke_inside_the_environment_is_the_same(ready: Checkout) -> None:
    argv = (str(ready.root / ".venv" / "bin" / "python"), "-m", "invoke", "hello")

    done = subprocess.run(argv, cwd=ready.root, env=ready.environ(), capture_output=True, text=True, check=False)

    assert done.stdout == f"hello you from {ready.root}\n"


def test_a_copied_checkout_makes_an_environment_of_its_own(ready: Checkout, tmp_path: Path) -> None:
    shutil.copytree(ready.root, tmp_path / "copy", symlinks=True)

    done = subprocess.run(
        (str(tmp_path / "copy" / "inv"), "hello"), env=ready.environ(), capture_output=True, text=True, check=False
    )

    assert done.stderr.startswith("Setting up .venv")
    assert (tmp_path / "copy" / ".venv" / ".slipway" / "place").read_text() == f"{tmp_path / 'copy'}\n"


@pytest.mark.parametrize("moment", ["the environment is being made", "packages are being installed"])
def test_a_set_up_killed_in_the_middle_is_repaired_by_the_next_run(fresh: Checkout, moment: str) -> None:
    fresh.lock("release", [invoke_wheel(fresh.wheels), big_wheel(fresh.wheels)])
    reached: Callable[[], bool] = {
        "the environment is being made": (fresh.root / ".venv" / "pyvenv.cfg").exists,
        "packages are being installed": lambda: any((fresh.site / "payload").glob("m*.py")),
    }[moment]
    process = fresh.start("hello")
    wait_for(reached, moment)

    os.killpg(process.pid, signal.SIGKILL)
    ended(process)
    code, out, err = fresh.run("hello")

    assert (code, out.split(" from ")[0]) == (0, "hello you"), err
    assert "Setting up .venv" in err
    assert len(list((fresh.site / "payload").glob("m*.py"))) == MANY
    assert fresh.run("hello")[2] == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the child process in /proc")
def test_a_pip_that_outlives_its_killed_launcher_is_waited_for(fresh: Checkout) -> None:
    fresh.lock("release", [invoke_wheel(fresh.wheels), big_wheel(fresh.wheels)])
    process = fresh.start("hello")
    wait_for(lambda: any((fresh.site / "payload").glob("m*.py")), "the first file")
    (pip,) = children(process.pid)

    os.kill(process.pid, signal.SIGSTOP)
    os.kill(pip, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(DEADLINE_S)
    second = fresh.start("hello")
    assert second.stderr is not None
    message = second.stderr.readline()
    os.kill(pip, signal.SIGCONT)
    code, out, err = ended(second)
    ended(process)

    assert message.startswith("waiting for another task in this checkout")
    assert (code, out.split(" from ")[0]) == (0, "hello you"), err
    assert len(list((fresh.site / "payload").glob("m*.py"))) == MANY


def test_two_launchers_at_once_make_one_environment(fresh: Checkout) -> None:
    results = [ended(process) for process in [fresh.start("hello"), fresh.start("hello")]]

    assert [(code, out.split(" from ")[0]) for code, out, _ in results] == [(0, "hello you")] * 2
    assert sum("Setting up" in err for _, _, err in results) == 1
    assert sum("waiting for another task in this checkout" in err for _, _, err in results) == 1


def test_another_lock_file_makes_another_environment_and_a_failure_says_why(fresh: Checkout) -> None:
    fresh.lock("release", [invoke_wheel(fresh.wheels)])
    good = (fresh.root / "locks" / "release.txt").read_text()
    (fresh.root / "locks" / "release.txt").write_text(good.replace("sha256:", "sha256:0"))

    code, _, err = fresh.run("hello")

    assert code == 4
    assert ".venv: exit code " in err
    assert "    + " in err
    assert err.endswith(
        "    hint: check the network and the space on the disk, then run it again; what was downloaded is kept\n"
    )

    (fresh.root / "locks" / "release.txt").write_text(good)

    assert fresh.run("hello")[0] == 0


def test_a_group_is_installed_by_need_and_once(ready: Checkout) -> None:
    ready.lock("test", [wheel(ready.wheels, "payload", "2.0", {"payload/__init__.py": 'VERSION = "2.0"\n'})])

    first, second = ready.run("add"), ready.run("add")

    assert [line.split(" (")[0] for line in first[2].splitlines() if not line.startswith("  ")] == [
        "installing 1 package of locks/test.txt …",
        "✔ installing 1 package of locks/test.txt",
    ]
    assert (first[1], second[1:]) == ("payload 2.0\n", ("payload 2.0\n", ""))


def test_a_group_killed_in_the_middle_makes_the_environment_anew(fresh: Checkout) -> None:
    fresh.lock("test", [big_wheel(fresh.wheels)])
    assert fresh.run("hello")[0] == 0
    process = fresh.start("add")
    wait_for(lambda: any((fresh.site / "payload").glob("m*.py")), "the first file")

    os.kill(process.pid, signal.SIGKILL)
    ended(process)
    code, out, err = fresh.run("add")

    assert (code, out) == (0, "payload 1.0\n"), err
    assert "Setting up .venv" in err
    assert len(list((fresh.site / "payload").glob("m*.py"))) == MANY


def test_a_group_that_cannot_be_fetched_leaves_the_environment_usable(ready: Checkout) -> None:
    ready.lock("test", [wheel(ready.wheels, "missing", "1.0", {})])
    (ready.wheels / "missing-1.0-py3-none-any.whl").unlink()

    code, _, err = ready.run("add")

    assert code != 0
    assert "No matching distribution found for missing==1.0" in err
    assert ready.run("hello")[2] == ""


def test_a_package_removed_by_hand_is_repaired(fresh: Checkout) -> None:
    assert fresh.run("hello")[0] == 0
    shutil.rmtree(fresh.site / "invoke")

    code, out, err = fresh.run("hello")

    assert (code, out.split(" from ")[0]) == (0, "hello you")
    assert "Setting up .venv" in err


def test_a_folder_that_is_no_environment_is_never_removed(fresh: Checkout) -> None:
    (fresh.root / ".venv").mkdir()
    (fresh.root / ".venv" / "mine").touch()

    code, _, err = fresh.run("hello")

    venv = fresh.root / ".venv"
    assert (code, err) == (4, f".venv: {venv} is not a virtual environment\n    hint: mv '{venv}' '{venv}.old'\n")
    assert (venv / "mine").exists()


def test_an_environment_that_somebody_else_made_is_never_removed(fresh: Checkout) -> None:
    venv = fresh.root / ".venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")

    code, _, err = fresh.run("hello")

    message = f".venv: {venv} is an environment that ./inv did not make\n    hint: mv '{venv}' '{venv}.old'\n"
    assert (code, err) == (4, message)
    assert (venv / "pyvenv.cfg").exists()


def test_without_a_new_enough_python_it_says_what_it_found(fresh: Checkout, tmp_path: Path) -> None:
    path = bare_path(tmp_path / "bin")
    fake_python(tmp_path / "bin", "python3", "3.9.2", 3)
    fake_python(tmp_path / "bin", "python3.13", "", 127)

    result = fresh.run("hello", PATH=path, SLIPWAY_PYTHON="")

    message = (
        "inv: Python 3.11 or newer is needed, and none is on PATH\n"
        "    python3 is 3.9.2\n"
        "    hint: install Python 3.11 or newer, or name one: SLIPWAY_PYTHON=/path/to/python3 ./inv\n"
    )
    assert result == (3, "", message)


def test_a_python_that_cannot_make_environments_is_named(fresh: Checkout, tmp_path: Path) -> None:
    path = bare_path(tmp_path / "bin")
    fake_python(tmp_path / "bin", "python3", "3.11.2", 1)

    result = fresh.run("hello", PATH=path, SLIPWAY_PYTHON="")

    message = (
        "inv: Python cannot make virtual environments here: its modules venv and ensurepip are missing\n"
        "    python3 is 3.11.2\n"
        "    hint: apt-get install python3.11-venv\n"
    )
    assert result == (3, "", message)


def test_who_imports_the_stood_in_modules_later_gets_the_real_ones(ready: Checkout) -> None:
    code = (
        "import sys; from slipway.cli.launch import import_program; program = import_program()\n"
        "import importlib.metadata, json, unittest.mock\n"
        "print(json.dumps([program.version, importlib.metadata.version('invoke'), unittest.mock.Mock().a is not None]))"
    )
    argv = (str(ready.root / ".venv" / "bin" / "python"), "-c", code)

    done = subprocess.run(argv, cwd=ready.root, env=ready.environ(), capture_output=True, text=True, check=True)

    version = distribution("invoke").version
    assert json.loads(done.stdout) == [version, version, True]


@pytest.mark.parametrize("place", ["invoke", "tasks"])
def test_an_interrupt_while_modules_are_imported_ends_like_any_other(
    ready: Checkout, tmp_path: Path, place: str
) -> None:
    shutil.copytree(ready.root, tmp_path / "copy", symlinks=True)
    (tmp_path / "copy" / ".venv" / ".slipway" / "place").write_text(f"{tmp_path / 'copy'}\n")
    site = next((tmp_path / "copy" / ".venv").glob("lib/python*/site-packages"))
    module = {"invoke": site / "invoke" / "parser" / "parser.py", "tasks": tmp_path / "copy" / "tasks.py"}[place]
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    module.write_text(interrupt + module.read_text())

    done = subprocess.run(
        (str(tmp_path / "copy" / "inv"), "hello"), env=ready.environ(), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted; run it again, it goes on from here\n"


def test_a_read_only_checkout_runs_tasks_too(ready: Checkout) -> None:
    lock = ready.root / ".tools" / "environment.use"
    lock.unlink()
    lock.mkdir()

    code, out, err = ready.run("hello")

    lock.rmdir()
    assert (code, out.split(" from ")[0]) == (0, "hello you"), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start_is_told_and_never_lost(ready: Checkout, number: signal.Signals) -> None:
    argv, environ = (str(ready.root / "inv"), "hello"), ready.environ()
    whole = interrupted(argv, environ, 10**9, within="python").reads
    told = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "ended by SIGTERM")}[number]
    moments = [whole * step // 20 for step in range(20)]

    for moment in moments:
        ended = interrupted(argv, environ, moment, number, within="python")

        if ended.code == 0:
            assert (ended.stdout.split(" from ")[0], ended.stderr) == ("hello you", ""), moment
        else:
            message = f"{told[1]}; run it again, it goes on from here\n"
            assert (ended.code, ended.stderr) == (told[0], message), moment


def test_a_signal_before_python_runs_ends_the_task(ready: Checkout) -> None:
    for moment in range(12):
        ended = interrupted((str(ready.root / "inv"), "hello"), ready.environ(), moment)

        assert ended.code in {130, -signal.SIGINT}, moment
        assert ended.stdout == ""
        assert ended.stderr in {"", "interrupted; run it again, it goes on from here\n"}


def test_an_interrupted_set_up_goes_on_by_itself_the_next_time(fresh: Checkout) -> None:
    argv, environ = (str(fresh.root / "inv"), "hello"), fresh.environ()

    for moment in (0, 40, 160, 320):
        ended = interrupted(argv, environ, moment, within="python")

        assert (ended.code, ended.stderr.splitlines()[-1:]) == (
            130, ["interrupted; run it again, it goes on from here"],
        ), moment  # fmt: skip
    assert fresh.run("hello")[0] == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_reason_to_fail(ready: Checkout, closed: str) -> None:
    shell = ("sh", "-c", f"'{ready.root / 'inv'}' hello {closed}")

    done = subprocess.run(shell, env=ready.environ(), capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
