"""One release at a time: who holds the lock, who waits, and what is left behind."""

import os
import shutil
from pathlib import Path

import pytest

from slipway.core.errors import Busy, ExitCode
from slipway.util import filelock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build/release.lock"


def noon() -> float:
    return 1_795_435_200.0


def test_a_second_release_reports_the_holder_of_the_lock(path: Path) -> None:
    with filelock.hold(path, clock=noon), pytest.raises(Busy) as caught, filelock.hold(path):
        pytest.fail("the lock was given twice")

    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}: another release is running here"
    assert lines[1].startswith(f"    process {os.getpid()}, since 2026-11-2")
    assert lines[2] == "    hint: wait until it ends, then run the command again"
    assert caught.value.exit_code is ExitCode.BUSY


def test_the_lock_is_free_again_after_the_block_and_after_an_error(path: Path) -> None:
    with filelock.hold(path):
        pass
    with pytest.raises(ZeroDivisionError), filelock.hold(path):
        raise ZeroDivisionError
    with filelock.hold(path):
        assert f'"pid": {os.getpid()}' in path.read_text(encoding="utf-8")

    assert path.read_text(encoding="utf-8") == ""


def test_waiting_is_reported_once_and_ends_with_the_holder(path: Path) -> None:
    holder = filelock.hold(path, clock=noon)
    holder.__enter__()
    message: list[str] = []
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            holder.__exit__(None, None, None)

    with filelock.hold(path, wait_s=60, on_wait=message.append, sleep=sleep):
        pass

    assert len(waits) == 3
    assert len(message) == 1
    assert message[0].startswith(f"waiting for another release (process {os.getpid()}, since ")


def test_waiting_has_an_end(path: Path) -> None:
    waits: list[float] = []

    with filelock.hold(path), pytest.raises(Busy) as caught, filelock.hold(path, wait_s=2, sleep=waits.append):
        pytest.fail("the lock was given twice")

    assert sum(waits) == pytest.approx(2, abs=0.11)
    assert str(caught.value).splitlines()[0] == f"{path}: another release is running here, still after waiting 2 s"


def test_a_lock_file_without_text_is_still_a_lock(path: Path) -> None:
    with filelock.hold(path):
        path.write_text("", encoding="utf-8")
        with pytest.raises(Busy) as caught, filelock.hold(path):
            pytest.fail("the lock was given twice")

    assert "the lock file names no process" in str(caught.value)


def test_a_folder_that_was_swept_away_is_made_again(path: Path) -> None:
    with filelock.hold(path):
        shutil.rmtree(path.parent)

    with filelock.hold(path):
        assert path.is_file()
