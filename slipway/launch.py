"""The way from `./inv` into invoke, inside `.venv`; the same as `invoke`, only started faster and from any folder."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path


def main(root: Path, arguments: list[str]) -> None:
    """Run invoke on the tasks of a checkout."""
    tools = root / ".tools"
    tools.mkdir(exist_ok=True)
    # Kept open until the process ends: `.venv` is not replaced under a running task.
    handle = os.open(tools / "environment.use", os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(handle, fcntl.LOCK_SH)
    try:
        from invoke.main import program
    except ModuleNotFoundError:
        repair(root, arguments)
        raise
    sys.path.insert(0, str(root))
    program.run(["inv", "--search-root", str(root), *arguments])


def repair(root: Path, arguments: list[str]) -> None:
    """Make `.venv` again, once: the interpreter became another version, or somebody removed packages."""
    if "SLIPWAY_REPAIRED" not in os.environ:
        (root / ".venv" / ".slipway" / "release.txt").unlink(missing_ok=True)
        os.execve(root / "inv", [str(root / "inv"), *arguments], {**os.environ, "SLIPWAY_REPAIRED": "1"})  # noqa: S606


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent, sys.argv[1:])
