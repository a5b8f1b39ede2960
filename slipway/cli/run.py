"""Between the tasks and the build system: where the checkout is, who sees what, and which exit code an error has."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from slipway.context import Context, open_context
from slipway.core.errors import BuildError, ExitCode, Problem, WorkspaceError, machine_error
from slipway.util.text import suggest

T = TypeVar("T")


def checkout(environ: Mapping[str, str]) -> Path:
    """The monorepo that the tasks work on: the one they lie in, or that of SLIPWAY_ROOT."""
    return Path(environ.get("SLIPWAY_ROOT") or Path(__file__).resolve().parents[2])


@contextmanager
def presented() -> Iterator[None]:
    """Turn an error of ours, or of the operating system, into its text and exit code; anything else is a bug."""
    from invoke.exceptions import Exit

    try:
        yield
        # A full disk behind a redirection shows when the buffer is written.
        sys.stdout.flush()
    except BuildError as error:
        raise exit_of(error) from None
    except KeyboardInterrupt:
        raise Exit("interrupted; run it again, it goes on from here", code=int(ExitCode.INTERRUPTED)) from None
    except BrokenPipeError:
        # The reader of our output is gone: what is left to say has no one to hear it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives until the process ends
        raise Exit(code=0) from None
    except OSError as error:
        if (refused := machine_error(error)) is None:
            raise
        if error.filename is None:
            # What is left in the buffer cannot be written either.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives until the process ends
        raise exit_of(refused) from None


def exit_of(error: BuildError) -> Exception:
    """What ends invoke with the text and the exit code of an error."""
    from invoke.exceptions import Exit

    count = len(error.problems)
    return Exit(str(error) if count == 1 else f"{error}\n{count} problems", code=int(error.exit_code))


def context_here(quiet: bool = False) -> Context:
    """The wiring of this checkout; `quiet` keeps progress off the terminal when the output is for a program."""
    return open_context(checkout(os.environ), os.environ, quiet=quiet)


def chosen(context: Context, environment: str) -> str:
    """The environment that a task works on: the named one, or the first."""
    return environment or context.config.environments[0]


def one_of(where: str, value: str, known: tuple[str, ...]) -> str:
    """A word of a closed list.

    Raises:
        WorkspaceError: it is another word.
    """
    if value not in known:
        hint = suggest(value, known, otherwise="use")
        raise WorkspaceError(Problem(where=where, fact=f"there is no {value!r}", hint=hint))
    return value


def show(value: T, as_text: Callable[[T], str], as_json: bool) -> None:
    """Print a value for a person or for a program."""
    if as_json:
        from slipway.util.text import to_json

        print(to_json(value))
    else:
        print(as_text(value))
