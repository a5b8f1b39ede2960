"""How a task ends with an error: its text, its JSON and its exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.cli.naming import spoken
from slipway.core.errors import SIGNALLED, BuildError, ExitCode, Problem, files_failed
from slipway.util import interrupts
from slipway.util.terminal import Text, coloured, painted


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a task ends with."""

    value: object
    """What `--json` prints."""
    text: Text
    """The same for people; nothing is printed when it is empty."""
    error: BuildError | None = None
    """Shown after the text; it decides the exit code."""
    warnings: Sequence[Problem] = ()
    """What the text shows that a person should look at; part of a report for a code host."""


class Unfinished(Exception):
    """A result with an error, on its way to where both become one JSON document."""

    def __init__(self, result: Result, error: BuildError) -> None:
        self.result, self.error = result, error
        super().__init__(str(error))


def checkout(environ: Mapping[str, str]) -> Path:
    """The monorepo that the tasks work on: the one they are part of, or that of SLIPWAY_ROOT."""
    return Path(environ.get("SLIPWAY_ROOT") or Path(__file__).resolve().parents[2])


def end(
    error: BaseException,
    *,
    as_json: bool,
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    write_report: Callable[[Sequence[Problem]], None] = lambda _: None,
) -> int:
    """Show an error; returns the exit code.

    Args:
        error: whatever ended the task.
        as_json: print JSON, too.
        arguments: the command line; that of this process when None.
        environ: the environment of this process when None.
        write_report: gets the problems of the error; an OSError of it is shown after them.
    """
    if isinstance(error, BrokenPipeError):
        # Nobody reads the output any more.
        silence()
        return int(ExitCode.OK)
    result = None
    if isinstance(error, Unfinished):
        result, error = error.result, error.error
    if (interrupt := interrupts.behind(error)) is not None:
        # A second one changes nothing.
        interrupts.ignore()
        number = interrupts.number_of(interrupt)
        text = interrupts.message(number)
        problems: Sequence[Problem] = (Problem(where="./inv", fact=text),)
        code = ExitCode(SIGNALLED + number)
    else:
        found = error if isinstance(error, BuildError) else unexpected(error, arguments, environ)
        problems, code, text = found.problems, found.exit_code, text_of(found)
    try:
        sys.stdout.flush()
        if as_json:
            print_json(document(code, problems, result))
    except OSError:
        silence()
    # Whoever read it may be gone, such as a terminal.
    with contextlib.suppress(OSError):
        text = spoken(text)
        print(painted(text) if coloured(sys.stderr, os.environ) else text, file=sys.stderr, flush=True)
    try:
        write_report(problems)
    except OSError as failed:
        print(files_failed(failed) or failed, file=sys.stderr, flush=True)
    return int(code)


def document(code: ExitCode, problems: Sequence[Problem], result: Result | None) -> dict[str, object]:
    """The JSON of an error; what the task found is in it as well."""
    made: dict[str, object] = {"exit_code": int(code), "problems": problems}
    return made if result is None else {**made, "result": result.value}


def text_of(error: BuildError) -> str:
    """Every problem of an error, and their number when there are several."""
    count = len(error.problems)
    return str(error) if count == 1 else f"{error}\n{count} problems"


def unexpected(error: BaseException, arguments: Sequence[str] | None, environ: Mapping[str, str] | None) -> BuildError:
    """Any other exception as one of ours."""
    from slipway.cli.crash import report

    known = os.environ if environ is None else environ
    return report(error, checkout(known), sys.argv[1:] if arguments is None else arguments, known)


def silence() -> None:
    """Drop what is still written to standard output."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives until the process ends


def print_json(value: object) -> None:
    """One document on standard output."""
    from slipway.util.text import to_json

    print(spoken(to_json(value)), flush=True)
