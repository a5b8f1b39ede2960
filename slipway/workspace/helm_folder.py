"""The folder of a chart as `helm package` reads it: `.helmignore` decides what is packaged.

What stays out besides: `ci/` (values for the checks) and CHANGELOG.md, which a release may write after a chart is
published, and `charts/` with Chart.lock, which staging makes anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import decode, linked, odd_name, read_bytes
from slipway.workspace import helmignore
from slipway.workspace.helmignore import Pattern

APART = frozenset({"Chart.yaml", "Chart.lock", "CHANGELOG.md", "ci", "charts"})
"""Of a chart's folder itself; read elsewhere, or made by staging."""

ARCHIVE = re.compile(r"(?P<name>.+?)-v?(?P<version>\d+\..*)\.tgz")
"""What `helm dependency build` writes below charts/."""


def read_files(folder: Path, where: str) -> dict[str, bytes]:
    """What Helm packages of a chart folder, besides what staging makes.

    Raises:
        WorkspaceError: `.helmignore` is none for Helm, a file cannot be read, or is a symbolic link.
    """
    files: dict[str, bytes] = {}
    patterns = patterns_of(folder, where)
    if helmignore.ignored(patterns, "Chart.yaml", folder=False):
        fact, hint = "leaves out Chart.yaml, so Helm finds no chart", "a line with `!` leaves out what it does not name"
        raise WorkspaceError(Problem(where=f"{where}/{helmignore.NAME}", fact=fact, hint=hint, rule="package.helm"))
    problems = [*_read_tree(folder, "", where, patterns, files), *nested(folder, where)]
    if problems:
        raise WorkspaceError(problems)
    return files


def patterns_of(folder: Path, where: str) -> tuple[Pattern, ...]:
    """The rules of `.helmignore`.

    Raises:
        WorkspaceError: Helm refuses one of them.
    """
    path, place = folder / helmignore.NAME, f"{where}/{helmignore.NAME}"
    if not path.is_file():
        return helmignore.parse("")
    try:
        return helmignore.parse(decode(read_bytes(path, place), place))
    except helmignore.Unsupported as error:
        hint = "write it as https://helm.sh/docs/chart_template_guide/helm_ignore_file/ describes"
        raise WorkspaceError(
            Problem(where=f"{place}:{error.line}", fact=f"Helm refuses it: {error}", hint=hint, rule="package.helm")
        ) from error


def _read_tree(
    top: Path, prefix: str, where: str, patterns: tuple[Pattern, ...], files: dict[str, bytes]
) -> Iterator[Problem]:
    with os.scandir(top) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{prefix}{entry.name}"
            if path in APART or helmignore.ignored(patterns, path, folder=entry.is_dir()):
                continue
            if (unnamed := odd_name(f"{where}/{path}")) is not None:
                yield unnamed
            elif entry.is_symlink():
                yield Problem(
                    where=f"{where}/{path}", fact="is a symbolic link", hint="copy the file", rule="chart.symlink"
                )
            elif entry.is_dir():
                yield from _read_tree(Path(entry.path), f"{path}/", where, patterns, files)
            else:
                files[path] = read_bytes(Path(entry.path), f"{where}/{path}")


def nested(folder: Path, where: str) -> Iterator[Problem]:
    """Charts that are unpacked inside of a chart."""
    for chart in sorted(folder.glob("charts/*/Chart.yaml")):
        name = chart.parent.name
        yield Problem(
            where=f"{where}/charts/{name}",
            fact="is a chart inside of a chart",
            evidence=("it would be packaged without a version of its own",),
            hint=f"git mv {where}/charts/{name} {where.rpartition('/')[0]}/{name}, and depend on file://../{name}",
            rule="chart.nested",
        )


def read_archives(folder: Path, where: str) -> dict[str, bytes]:
    """File name → content of the archives below charts/.

    Raises:
        WorkspaceError: one of them cannot be read, or is a symbolic link.
    """
    found = sorted(path for path in folder.glob("charts/*.tgz") if ARCHIVE.fullmatch(path.name))
    if links := [*filter(None, (linked(path, f"{where}/charts/{path.name}") for path in found))]:
        raise WorkspaceError(links)
    return {path.name: read_bytes(path, f"{where}/charts/{path.name}") for path in found}
