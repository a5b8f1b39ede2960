"""Copies of this repository with the facts of the tests in place of the operator's: `values/` and the settings."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from slipway.config import edit
from slipway.tools.git import Git
from slipway.tools.run import run_process
from testing.workspaces import ROOT, SETTINGS

FACTS = ROOT / "tests" / "values"
IDENTITY = {"user.name": "Reader", "user.email": "reader@example.org"}


def copy_product(root: Path, *names: str) -> Path:
    """Folders and files of this repository, by their paths in it, below another root; returns it."""
    for name in names:
        source = FACTS if name == "values" else ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / name)
    if "pyproject.toml" in names:
        settle(root / "pyproject.toml")
    return root


def settle(settings: Path) -> None:
    """Give a pyproject.toml the settings of the tests."""
    settings.write_text(edit.with_settings_of(settings.read_text(encoding="utf-8"), SETTINGS), encoding="utf-8")


def commit_product(root: Path) -> Git:
    """The working tree as the first commit of a repository, with what git would take and nothing that a release writes."""
    listed = Git(run=run_process, root=ROOT)("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("deploy/", "values/")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    copy_product(root, "values", "pyproject.toml")
    git = Git(run=run_process, root=root)
    git("init", "--quiet", "--initial-branch=main")
    introduce(git)
    git("add", "--all")
    git("commit", "--quiet", "--message=Homelab")
    return git


def introduce(git: Git) -> None:
    """Tell git who commits."""
    for setting, value in IDENTITY.items():
        git("config", setting, value)


def equip(root: Path) -> None:
    """The programs and packages that are there already, under the checkout's own name."""
    (root / ".tools").mkdir(exist_ok=True)
    for made in (ROOT / ".tools").glob("*-*/"):
        if not (root / ".tools" / made.name).exists():
            (root / ".tools" / made.name).symlink_to(made)
    venv = root / ".venv"
    shutil.copytree(Path(sys.prefix) / ".slipway", venv / ".slipway")
    (venv / ".slipway" / "place").write_text(f"{root}\n", encoding="utf-8")
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
