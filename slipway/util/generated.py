"""Generated files that are committed: which of them are out of date, and bringing them up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from slipway.util.files import read_text, write_atomic


def outdated(root: Path, wanted: Mapping[str, str], committed: Iterable[str]) -> tuple[str, ...]:
    """Paths whose file is missing, differs, or is no longer generated; sorted.

    Args:
        root: of the checkout.
        wanted: path relative to the root → its content.
        committed: every path that the generator has written so far.

    Raises:
        WorkspaceError: a file cannot be read.
    """
    return tuple(path for path in sorted({*wanted, *committed}) if content_of(root / path) != wanted.get(path))


def update(root: Path, wanted: Mapping[str, str], committed: Iterable[str]) -> tuple[str, ...]:
    """Write what is outdated and delete what is no longer generated; returns the changed paths.

    Raises:
        WorkspaceError: see `outdated`.
    """
    changed = outdated(root, wanted, committed)
    for path in changed:
        if path in wanted:
            write_atomic(root / path, wanted[path])
        else:
            (root / path).unlink()
    return changed


def content_of(path: Path) -> str | None:
    """The content of a file, or None if it is missing."""
    return read_text(path) if path.is_file() else None
