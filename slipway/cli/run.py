"""Between the tasks and the build system: which checkout, how a result is shown, and how an error ends a task."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway.context import Context, open_context
from slipway.core.errors import BuildError, ExitCode, Problem


def checkout(environ: Mapping[str, str]) -> Path:
    """The monorepo that the tasks work on: the one they are part of, or that of SLIPWAY_ROOT."""
    return Path(environ.get("SLIPWAY_ROOT") or Path(__file__).resolve().parents[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a task ends with."""

    value: object
    """What `--json` prints."""
    text: str
    """The same for people; nothing is printed when it is empty."""
    error: BuildError | None = None
    """Shown after the text; it decides the exit code."""


@dataclass(frozen=True, kw_only=True)
class Console:
    """One task at work: its context, and its standard output."""

    as_json: bool = False

    @cached_property
    def context(self) -> Context:
        """The wiring of this checkout; progress stays off the terminal when the output is for a program.

        Raises:
            WorkspaceError: pyproject.toml cannot be understood.
        """
        return open_context(checkout(os.environ), os.environ, quiet=self.as_json)

    def say(self, text: str) -> None:
        """A text for people ahead of the result."""
        if not self.as_json:
            print(text, flush=True)

    def show(self, result: Result) -> None:
        """Print the result of the task.

        Raises:
            BuildError: that of the result.
        """
        if result.error is not None and self.as_json:
            raise Shown(result) from result.error
        if self.as_json:
            print_json(result.value)
        elif result.text:
            print(result.text, flush=True)
        if result.error is not None:
            raise result.error


class Shown(Exception):
    """Carries a result with an error to where errors become JSON, so that one document has both."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(str(result.error))


@contextmanager
def presented(as_json: bool = False) -> Iterator[Console]:
    """Run a task: an error becomes its text, its JSON and its exit code."""
    from invoke.exceptions import Exit

    try:
        yield Console(as_json=as_json)
    except Exception as error:  # noqa: BLE001 - whatever it is, people see a message and never a traceback
        raise Exit(code=end(error, as_json=as_json)) from None
    except KeyboardInterrupt as error:
        raise Exit(code=end(error, as_json=as_json)) from None


def end(error: BaseException, *, as_json: bool) -> int:
    """Show an error; returns the exit code."""
    if isinstance(error, BrokenPipeError):
        # Nobody reads the output any more.
        silence()
        return int(ExitCode.OK)
    if isinstance(error, OSError) and error.filename is None:
        # What is left in the buffer of a full disk cannot be written either.
        silence()
    result = error.result if isinstance(error, Shown) else None
    shown = result.error if result is not None and result.error is not None else error
    if isinstance(shown, KeyboardInterrupt):
        fact = "interrupted; run it again, it goes on from here"
        problems, code, text = [Problem(where="./inv", fact=fact)], int(ExitCode.INTERRUPTED), fact
    else:
        found = shown if isinstance(shown, BuildError) else unexpected(shown)
        problems, code, text = list(found.problems), int(found.exit_code), text_of(found)
    if as_json:
        document: dict[str, object] = {"exit_code": code, "problems": problems}
        try:
            print_json({**document, "result": result.value} if result is not None else document)
        except OSError:
            # Standard output is full or closed; the text on standard error has everything.
            silence()
    print(text, file=sys.stderr, flush=True)
    return code


def text_of(error: BuildError) -> str:
    """Every problem of an error, and their number when there are several."""
    count = len(error.problems)
    return str(error) if count == 1 else f"{error}\n{count} problems"


def unexpected(error: BaseException) -> BuildError:
    """An error that is none of ours, as one that is."""
    from slipway.cli.crash import report

    return report(error, checkout(os.environ), sys.argv[1:], os.environ)


def silence() -> None:
    """Drop what is still written to standard output."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives until the process ends


def print_json(value: object) -> None:
    """One document on standard output."""
    from slipway.util.text import to_json

    print(to_json(value), flush=True)
