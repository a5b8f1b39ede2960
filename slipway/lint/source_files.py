"""The files of a workspace that checks read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipway.core.model import Chart, ChartKind


def read_tree(root: Path, folders: Sequence[str]) -> dict[str, bytes]:
    """Path relative to the root → content, of every file below some folders."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def source_folders(chart: Chart) -> tuple[str, ...]:
    """The folders whose files are in a chart's package: an umbrella's contains the values of the environments."""
    return (chart.folder, "values") if chart.kind is ChartKind.UMBRELLA else (chart.folder,)
