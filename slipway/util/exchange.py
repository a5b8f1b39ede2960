"""A folder that is replaced as a whole: a reader sees the old one or the new one, whenever the process ends."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.core.errors import FilesFailed, Problem, files_failed

RENAME_EXCHANGE = 2
"""Flag of renameat2(2)."""
AT_FDCWD = -100
"""Source: openat(2): the current folder as base of a relative path."""


@contextmanager
def replacing(target: Path, staged: Path, where: str = "") -> Iterator[Path]:
    """A new folder, which takes the place of the target when the block has ended without an error.

    Args:
        target: the folder that is replaced, or made.
        staged: what the new one is called until then; on the same file system.
        where: what errors call the target; its path when empty.

    Raises:
        FilesFailed: the target is no folder, the disk is full, or it cannot be written.
    """
    where = where or str(target)
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        fact = "is a symbolic link" if target.is_symlink() else "is a file"
        raise FilesFailed(Problem(where=where, fact=f"{fact}, and a folder belongs there", hint=f"rm '{target}'"))
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        yield staged
        if target.exists():
            swap(staged, target)
        else:
            staged.rename(target)
    except OSError as error:
        if (refused := files_failed(error, where)) is not None:
            raise refused from error
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def swap(one: Path, other: Path) -> None:
    """Swap two folders. Linux does it in one step; elsewhere there is an instant without the second.

    Source: renameat2(2), RENAME_EXCHANGE; in glibc since 2.28.
    """
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if renameat2 is not None:
        paths = (os.fsencode(one), os.fsencode(other))
        if renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) == 0:
            return
    aside = other.with_name(f".{other.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
