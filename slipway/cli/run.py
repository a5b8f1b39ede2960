"""Between the tasks and the build system: a task gets its context, and its result is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from slipway.cli.ending import Result, Unfinished, checkout, end, print_json
from slipway.cli.naming import spoken
from slipway.context import Context, open_context
from slipway.core.errors import Problem
from slipway.util.terminal import Text, coloured, painted, shown, width_of


@dataclass(frozen=True, kw_only=True)
class Console:
    """One task at work: its context, and its standard output."""

    as_json: bool = False
    wide: bool = False
    """Every column in full, whatever the width of the terminal."""
    sarif: Path | None = None
    """The file that gets all findings as SARIF; None writes none."""
    warnings: list[Problem] = field(default_factory=list)
    """Those of the results that were shown."""

    @cached_property
    def context(self) -> Context:
        """The wiring of this checkout; progress stays off the terminal when the output is for a program.

        Raises:
            WorkspaceError: pyproject.toml cannot be understood.
        """
        return open_context(checkout(os.environ), os.environ, quiet=self.as_json)

    def say(self, text: str) -> None:
        """A text for people, ahead of the result."""
        if not self.as_json:
            self.write(text)

    def write(self, text: Text) -> None:
        """Print a text as the reader of standard output can show it."""
        lines = spoken(shown(text, None if self.wide else width_of(sys.stdout)))
        print(painted(lines) if coloured(sys.stdout, os.environ) else lines, flush=True)

    def show(self, result: Result) -> None:
        """Print the result of the task.

        Raises:
            BuildError: that of the result.
            Unfinished: the same, when the result is still to be printed as JSON.
        """
        self.warnings.extend(result.warnings)
        if self.as_json and result.error is not None:
            raise Unfinished(result, result.error)
        if self.as_json:
            print_json(result.value)
        elif result.text:
            self.write(result.text)
        if result.error is not None:
            raise result.error

    def write_report(self, errors: Sequence[Problem] = ()) -> None:
        """Write the findings where `--sarif` wants them.

        Raises:
            OSError: the file cannot be written.
        """
        if self.sarif is not None:
            from slipway.cli.sarif import write_report

            write_report(self.sarif, checkout(os.environ), errors, self.warnings)


@contextmanager
def presented(as_json: bool = False, *, wide: bool = False, sarif: str = "") -> Iterator[Console]:
    """Run a task: an error becomes its text, its JSON, its SARIF and its exit code."""
    from invoke.exceptions import Exit

    console = Console(as_json=as_json, wide=wide)
    try:
        if sarif:
            from slipway.cli.sarif import checked_path

            console = replace(console, sarif=checked_path(sarif))
        yield console
        console.write_report()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - people see a message, and never a traceback
        raise Exit(code=end(error, as_json=as_json, write_report=console.write_report)) from None
