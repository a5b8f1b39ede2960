"""The folder of a chart: Chart.yaml, an allow-list of packaged files, and the files beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import PREFIX, Chart, ChartKind
from slipway.core.profile import HOMELAB, Profile
from slipway.util import yaml
from slipway.util.files import linked, not_utf8, odd_name, read_bytes
from slipway.workspace import helm_folder
from slipway.workspace.chart_yaml import parse_chart, parse_kind

PACKAGED = ("values.yaml", "values.schema.json", "LICENSE")
"""Files of a chart that are packaged besides Chart.yaml."""

PACKAGED_FOLDERS = ("templates", "crds", "files")
BINARY_FOLDER = "files"
"""Below it a chart may keep what is not text."""
LIBRARY_FOLDERS = ("schemas",)
"""Only the library carries these: the fragments that schemas are composed from."""

CHANGELOG = "CHANGELOG.md"
NOTES = "notes.md"
"""What an operator should know of a service, in words; its page on the site takes it in."""

LEFT = re.compile(r"\..*\.(tmp|sw[a-p])|\.#.*|\.DS_Store")
"""What editors, desktops and interrupted runs leave behind."""
BESIDE = re.compile(rf"{LEFT.pattern}|\.git(ignore|attributes|keep)|\.editorconfig|\.yamllint")
"""Hidden files beside Chart.yaml that are for other programs."""

UNPACKAGED = ("Chart.yaml", "README.md", CHANGELOG, NOTES, "Chart.lock", "ci", "tests", "charts")
"""A chart folder may have these; they are never packaged."""


def read_chart(root: Path, folder: str, profile: Profile = HOMELAB, prefix: str = PREFIX) -> Chart:
    """Read one chart folder.

    Args:
        root: of the repository.
        folder: relative to it.
        profile: says whether files are known by name, or by `.helmignore`.
        prefix: of our annotations.

    Raises:
        WorkspaceError: Chart.yaml or a file of the chart cannot be understood.
    """
    if not (root / folder / "Chart.yaml").exists():
        raise WorkspaceError(
            Problem(where=folder, fact="has no Chart.yaml", hint=f"add one, or delete {folder}", rule="chart.missing")
        )
    if (link := linked(root / folder / "Chart.yaml", f"{folder}/Chart.yaml")) is not None:
        raise WorkspaceError(link)
    text = read_bytes(root / folder / "Chart.yaml", f"{folder}/Chart.yaml")
    library = parse_kind(folder, yaml.parse(text, f"{folder}/Chart.yaml").mapping) is ChartKind.LIBRARY
    vendored: dict[str, bytes] = {}
    if profile.allow_list:
        files = read_files(root / folder, folder, library=library)
    else:
        files = helm_folder.read_files(root / folder, folder)
        vendored = helm_folder.read_archives(root / folder, folder)
    beside = read_beside(root / folder, folder)
    texts = {path: content for path, content in (files | beside).items() if is_text(path, profile)}
    if problems := [*filter(None, (not_utf8(content, f"{folder}/{path}") for path, content in texts.items()))]:
        raise WorkspaceError(problems)
    return replace(parse_chart(text, folder, files, beside, profile), vendored=vendored, prefix=prefix)


def is_text(path: str, profile: Profile) -> bool:
    """Whether a file of a chart must be a text: all of them outside of `files/`, or those that Helm reads as one."""
    if profile.allow_list:
        return not path.startswith(f"{BINARY_FOLDER}/")
    return path.startswith(("templates/", "crds/", "ci/")) or path in PACKAGED


def read_beside(folder: Path, where: str) -> dict[str, bytes]:
    """What is read and not packaged: texts for people, and the variations under `ci/`.

    Raises:
        WorkspaceError: a file cannot be read, or its name is not UTF-8.
    """
    found = [folder / name for name in (CHANGELOG, NOTES) if (folder / name).is_file()]
    found += sorted(folder.glob("ci/*-values.yaml"))
    names = [path.relative_to(folder).as_posix() for path in found]
    odd = (odd_name(f"{where}/{name}") or linked(folder / name, f"{where}/{name}") for name in names)
    if problems := [*filter(None, odd)]:
        raise WorkspaceError(problems)
    return {name: read_bytes(folder / name, f"{where}/{name}") for name in names}


def read_files(folder: Path, where: str, *, library: bool) -> dict[str, bytes]:
    """What is packaged of a chart folder: an allow-list, so that nothing gets into a package unnoticed.

    Raises:
        WorkspaceError: the folder has another file, or a packaged path is a symbolic link.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    folders = PACKAGED_FOLDERS + (LIBRARY_FOLDERS if library else ())
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if BESIDE.fullmatch(entry.name):
                continue
            if entry.name in PACKAGED and entry.is_file(follow_symlinks=False):
                files[entry.name] = read_bytes(Path(entry.path), f"{where}/{entry.name}")
            elif entry.name in folders and entry.is_dir(follow_symlinks=False):
                problems.extend(_read_tree(Path(entry.path), entry.name, where, files))
            elif (unnamed := odd_name(f"{where}/{entry.name}")) is not None:
                problems.append(unnamed)
            elif entry.name not in UNPACKAGED:
                problems.append(_unexpected(f"{where}/{entry.name}", folders))
    if problems:
        raise WorkspaceError(problems)
    return files


def hidden(where: str) -> Problem:
    """The problem of a file that is easily overlooked, and that Helm would package."""
    return Problem(
        where=where,
        fact="is hidden: its name begins with a dot",
        evidence=("helm would package it; here nothing is packaged that a listing does not show",),
        hint="rename it without the dot, or delete it",
        rule="chart.hidden-file",
    )


def _unexpected(where: str, folders: tuple[str, ...]) -> Problem:
    known = ", ".join((*PACKAGED, *(f"{name}/" for name in folders)))
    return Problem(
        where=where,
        fact="is not a file of a chart",
        evidence=(f"packaged are: Chart.yaml, {known}", f"not packaged, but allowed: {', '.join(UNPACKAGED[1:])}"),
        hint="move it under files/, or out of the chart",
        rule="chart.unexpected-file",
    )


def _read_tree(top: Path, prefix: str, where: str, files: dict[str, bytes]) -> Iterator[Problem]:
    with os.scandir(top) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{prefix}/{entry.name}"
            if LEFT.fullmatch(entry.name) or (prefix == "templates" and entry.name.startswith(".")):
                continue  # Helm ignores `templates/.?*`.
            if (unnamed := odd_name(f"{where}/{path}")) is not None:
                yield unnamed
            elif entry.name.startswith("."):
                yield hidden(f"{where}/{path}")
            elif entry.is_symlink():
                yield Problem(
                    where=f"{where}/{path}", fact="is a symbolic link", hint="copy the file", rule="chart.symlink"
                )
            elif entry.is_dir():
                yield from _read_tree(Path(entry.path), path, where, files)
            else:
                files[path] = read_bytes(Path(entry.path), f"{where}/{path}")
