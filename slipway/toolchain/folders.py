"""Whether anything can work in the checkout and in the current folder. Standard library only: the set-up of `.venv` uses it."""

from __future__ import annotations

from pathlib import Path

from slipway.core.errors import FilesFailed, Problem, WorkspaceError
from slipway.util.files import odd_name


def check_folders(root: Path) -> None:
    """Refuse folders in which nothing works.

    Raises:
        WorkspaceError: the path of the checkout is not UTF-8.
        FilesFailed: the current folder was deleted.
    """
    if (problem := odd_name(root)) is not None:
        raise WorkspaceError(problem)
    try:
        Path.cwd()
    except FileNotFoundError:
        raise FilesFailed(Problem(where="current folder", fact="was deleted", hint=f"cd {root}")) from None
