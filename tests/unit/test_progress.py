"""Progress: lines for a log, one line that is drawn again on a terminal, nothing for a program."""

import io
import re
import threading

import pytest

from slipway.util.progress import ERASE, Progress


class Terminal(io.StringIO):
    """A terminal, and an event for a text that was written to it."""

    def __init__(self, awaited: str) -> None:
        super().__init__()
        self.awaited, self.written = awaited, threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        count = super().write(text)
        if self.awaited in self.getvalue():
            self.written.set()
        return count


def untimed(stream: io.StringIO) -> list[str]:
    return [re.sub(r"\([0-9.]+ s\)", "(S)", line) for line in stream.getvalue().splitlines()]


def test_a_step_with_a_result_is_one_line() -> None:
    progress = Progress(stream=io.StringIO())

    with progress.step("lint") as done:
        done("2 charts")
        done("3 charts")

    assert untimed(progress.stream) == ["✔ lint       3 charts (S)"]


def test_a_step_with_a_note_is_announced_and_one_without_a_result_shows_its_time() -> None:
    progress = Progress(stream=io.StringIO())

    with progress.step("helm", ": building"), progress.step("go", ""):
        pass

    assert untimed(progress.stream) == ["helm: building …", "go …", "✔ go (S)", "✔ helm (S)"]


def test_a_step_that_fails_has_no_result() -> None:
    progress = Progress(stream=io.StringIO())

    with pytest.raises(ZeroDivisionError), progress.step("lint"):
        raise ZeroDivisionError

    assert untimed(progress.stream) == []


def test_nothing_is_printed_for_a_program() -> None:
    progress = Progress(stream=io.StringIO(), quiet=True)

    progress.say("a line")
    with progress.step("helm", ": building") as done:
        done("ready")

    assert untimed(progress.stream) == []


def test_a_terminal_shows_how_far_a_step_is_and_then_only_its_result() -> None:
    terminal = Terminal("12 packages compiled")

    with Progress(stream=terminal).step("helm", "") as step:
        step.position("12 packages compiled")
        assert terminal.written.wait(60)

    assert terminal.getvalue().startswith(f"{ERASE}  helm … ")
    assert re.search(rf"{re.escape(ERASE)}✔ helm \(\d+ s\)\n$", terminal.getvalue())
