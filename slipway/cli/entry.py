"""The command `slipway` of an installed package: the same tasks as `./inv`, for the monorepo around the current folder.

It has the tasks that need nothing but charts and a registry; the others are about a checkout of the platform.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def main() -> None:
    """Run the tasks of the command line; always ends the process."""
    from slipway.cli.launch import guarded

    arguments = sys.argv[1:]
    guarded(lambda: start(arguments), arguments)


def start(arguments: list[str]) -> None:
    """Find the monorepo and run the tasks.

    Raises:
        WorkspaceError: there is none, and a task needs it.
    """
    from slipway.cli.launch import flush_output, import_program
    from slipway.toolchain.folders import check_folders
    from slipway.toolchain.shipped import sources

    check_folders(sources())
    root = root_of(Path.cwd(), os.environ)
    if root is None and not asks_for_help(arguments):
        raise no_monorepo(Path.cwd())
    os.environ["SLIPWAY_ROOT"] = str(root or Path.cwd())
    program = import_program()
    try:
        program.run(["slipway", "--search-root", str(sources()), *arguments])
    finally:
        flush_output()


def asks_for_help(arguments: list[str]) -> bool:
    """Whether a command line needs no monorepo."""
    return not arguments or bool({"--help", "-h", "--version", "-V", "--list", "-l"} & {*arguments})


def root_of(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """The nearest folder, from one upwards, with settings; SLIPWAY_ROOT wins. None when there is none.

    Raises:
        WorkspaceError: a pyproject.toml on the way cannot be read.
    """
    from slipway.config import OWN_FILE, PYPROJECT
    from slipway.config.load import own_table

    if given := environ.get("SLIPWAY_ROOT"):
        return Path(given)
    for place in (folder, *folder.parents):
        if (place / OWN_FILE).is_file():
            return place
        if (place / PYPROJECT).is_file() and own_table(place / PYPROJECT) is not None:
            return place
    return None


def no_monorepo(folder: Path) -> Exception:
    """The error outside of every monorepo."""
    from slipway.config import OWN_FILE
    from slipway.core.errors import Problem, WorkspaceError
    from slipway.util.files import printable

    fact = f"has no {OWN_FILE}, and no folder above it has one"
    hint = f"in the root of the monorepo: echo 'profile = \"plain\"' > {OWN_FILE}"
    return WorkspaceError(Problem(where=printable(folder), fact=fact, hint=hint))
