"""Writes a plan: all of its files, or none."""

from __future__ import annotations

from pathlib import Path

from slipway.configure.plan import Plan
from slipway.util.files import together, write_atomic


def write(root: Path, plan: Plan) -> None:
    """Write and remove files; when one cannot be written, the others are as before.

    Raises:
        FilesFailed: see `write_atomic`.
    """
    with together(root, plan.texts):
        for path, text in plan.texts.items():
            if text is not None:
                write_atomic(root / path, text)
                continue
            (root / path).unlink(missing_ok=True)
            folder = (root / path).parent
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
