"""Whether anything can work in the checkout and in the current folder. Standard library only: the set-up of `.venv` uses it."""

from __future__ import annotations

from pathlib import Path

from slipway.core.errors import FilesFailed, Problem, WorkspaceError
from slipway.util.files import unusable_place


def check_folders(root: Path) -> None:
    """Refuse folders in which nothing works.

    Raises:
        WorkspaceError: the path of the checkout would be misread.
        FilesFailed: the current folder was deleted.
    """
    if (problem := unusable_place(root)) is not None:
        raise WorkspaceError(problem)
    try:
        Path.cwd()
    except FileNotFoundError:
        raise FilesFailed(Problem(where="current folder", fact="was deleted", hint=f"cd {root}")) from None
