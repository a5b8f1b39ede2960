"""The browser for the tests of the site, and axe-core, the accessibility rules.

Both are packages of npm: `tools/browser/package.json` names them, the lock beside it has their hashes. Chromium comes
for Linux on x86-64 only; elsewhere the one on PATH is used.
"""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.toolchain import groups
from slipway.toolchain.venv import made_atomically
from slipway.tools.run import Command, Runner, which
from slipway.util import filelock
from slipway.util.progress import Progress

MODULE = Path("tools", "browser")
"""Folder of package.json and its lock; relative to the checkout."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
"""Names of a browser on PATH."""
PACKED = ("al2023", "fonts")
"""Archives of the package, by name: the libraries that Chromium links to, and a font for a machine without any."""
NPM = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")
"""npm, beside the folder of node."""
INSTALL_TIMEOUT_S = 600.0
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/font-cache</cachedir>
</fontconfig>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Chromium and axe-core."""

    program: Path | None
    """None when there is none for this machine."""
    environment: Mapping[str, str]
    """Environment variables of the program, besides those of this process."""
    axe: Path
    """The script of axe-core."""


def ensure(root: Path, run: Runner, progress: Progress) -> Browser:
    """Chromium and axe, installed below .tools if they are missing.

    Raises:
        ToolFailed: npm or pip ended with an error.
        ToolMissing: a lock is missing.
    """
    folder = place(root)
    if not folder.is_dir():
        with filelock.hold(
            root / ".tools" / "browser.lock", what="another installation of the browser", wait_s=INSTALL_TIMEOUT_S
        ):
            if not folder.is_dir():
                install(root, folder, run, progress)
    return installed(root)


def installed(root: Path) -> Browser:
    """The installed browser; the program may be the one on PATH, or none."""
    folder = place(root)
    chromium = folder / "chromium"
    if not chromium.is_file():
        program = next((path for name in NAMES if (path := which(name))), None)
        return Browser(program=program, environment={}, axe=folder / "axe.min.js")
    environment = {"LD_LIBRARY_PATH": str(folder / "al2023" / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    return Browser(program=chromium, environment=environment, axe=folder / "axe.min.js")


def place(root: Path) -> Path:
    """Where the lock's packages are unpacked: `.tools/browser-<hash of the lock>`."""
    digest = hashlib.sha256((root / MODULE / "package-lock.json").read_bytes()).hexdigest()[:8]
    return root / ".tools" / f"browser-{digest}"


def install(root: Path, folder: Path, run: Runner, progress: Progress) -> None:
    """Fetch the packages and unpack them beside their place, then rename.

    Raises:
        ToolFailed: npm or pip ended with an error.
        ToolMissing: a lock is missing.
    """
    node = groups.program(root, "node", progress)
    with progress.step("browser") as done, made_atomically(folder, "browser") as scratch:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(root / MODULE / name, scratch / name)
        npm = (str(node), str(node.parent.parent / NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        run(Command(argv=npm, cwd=scratch, timeout_s=INSTALL_TIMEOUT_S))
        modules = scratch / "node_modules"
        shutil.copyfile(modules / "axe-core" / "axe.min.js", scratch / "axe.min.js")
        if (sys.platform, platform.machine()) == ("linux", "x86_64"):
            unpack(modules / "@sparticuz" / "chromium" / "bin", scratch, folder)
        shutil.rmtree(modules)
        done("axe and Chromium" if (scratch / "chromium").exists() else "axe")


def unpack(packed: Path, scratch: Path, folder: Path) -> None:
    """Chromium, its libraries and fonts out of the package's archives; `folder` is where they will be."""
    import brotli

    program = scratch / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    for name in PACKED:
        content = brotli.decompress((packed / f"{name}.tar.br").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(scratch / name, filter="data")
    (scratch / "fonts.conf").write_text(FONTS.format(folder=folder), encoding="utf-8")
