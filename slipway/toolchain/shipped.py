"""What slipway needs besides its code: the sources of the pinned programs, their locks, and ct's settings.

In a checkout of the platform they are beside the package. An installed slipway has them inside of it, as
`[tool.hatch.build]` of pyproject.toml puts them there; programs are then built from a copy in the user's cache, because a
folder of packages is not for writing, and is gone with the next version.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = "shipped"
"""Folder of the installed package."""
CACHE = "SLIPWAY_CACHE"
PROGRAMS = ("tools", "locks")
"""Folders that a program is built from."""
BUILT = "programs"
"""Folder of the cache with what was built, by the digest of its sources."""


def installed(package: Path = PACKAGE) -> bool:
    """Whether the package is installed, and no part of a checkout."""
    return (package / INSIDE).is_dir()


def sources(package: Path = PACKAGE) -> Path:
    """The folder with `.ct/`, `tools/` and `locks/`."""
    return package / INSIDE if installed(package) else package.parent


def programs(environ: Mapping[str, str], package: Path = PACKAGE) -> Path:
    """The folder with the sources of the programs: the checkout, or one of the cache.

    The name of the latter is a digest of the sources, so it appears once, whole, and serves every checkout of the user.
    """
    if not installed(package):
        return package.parent
    home = folder_of(environ, sources(package))
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".tmp", dir=home.parent) as scratch:
            for name in PROGRAMS:
                shutil.copytree(sources(package) / name, Path(scratch) / "made" / name)
            try:
                (Path(scratch) / "made").rename(home)
            except OSError:
                if not home.is_dir():  # another task was faster
                    raise
    return home


def folder_of(environ: Mapping[str, str], folder: Path) -> Path:
    """Where the cache has the programs of some sources."""
    parts = [part for name, content in source_files(folder) for part in (name.encode(), content)]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return cache(environ) / digest[:12]


def source_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of what programs are built from."""
    for name in PROGRAMS:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def cache(environ: Mapping[str, str]) -> Path:
    """The folder of slipway in the user's cache. Source: XDG Base Directory Specification 0.8."""
    if given := environ.get(CACHE):
        return Path(given)
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path(environ.get("HOME") or Path.home()) / ".cache") / "slipway"
