"""Marks that a merge leaves where two sides changed the same lines: whoever takes such a file as it is takes both sides."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from slipway.core.errors import Problem
from slipway.core.rules import Rule

CONFLICT = Rule("file.conflict", "No file contains the conflict marks of a merge.")

MARK = re.compile(rb"(?m)^(?:<{7}|\|{7}|>{7})(?: |\r?$)")
"""Source: git-merge(1), How conflicts are presented. `=======` alone is also the underline of a heading."""
READ = frozenset({".ci", ".ct", ".github"})
"""Folders with a dot that people write."""
GENERATED = frozenset({"build", "site", "__pycache__", "node_modules"})


def conflict_problems(root: Path, folder: str = "") -> Iterator[Problem]:
    """A problem for each file below a folder that has conflict marks, at the first of them."""
    for path in files(root / folder):
        content = path.read_bytes()
        # A regular expression over all files takes longer than the rest of a check without renders.
        if any(mark in content for mark in (b"<<<<<<<", b">>>>>>>", b"|||||||")) and (found := MARK.search(content)):
            line = content.count(b"\n", 0, found.start()) + 1
            yield CONFLICT.problem(
                where=f"{path.relative_to(root).as_posix()}:{line}",
                fact=f"has the conflict mark {found.group().decode().strip()!r}",
                evidence=("a merge left both sides in this file",),
                hint="keep what is right, delete the marks, and run: git add --all",
            )


def files(top: Path) -> Iterator[Path]:
    """Every regular file below a folder, in order, without what tasks make and what tools keep."""
    for folder, below, names in os.walk(top):
        below[:] = sorted(name for name in below if name in READ or not (name in GENERATED or name.startswith(".")))
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path
