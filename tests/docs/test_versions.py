"""Versions of the site, by the real mike and a real git repository."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.docs.conftest import serving


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def deployed(built_site: Path, tmp_path: Path) -> Path:
    """A repository that two versions of the staged site were deployed into."""
    # A copy: mike builds into `site/` as well, and other tests look at that.
    root = tmp_path / "checkout"
    shutil.copytree(built_site.parent, root, ignore=shutil.ignore_patterns("site"))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_DIR": str(tmp_path / ".git"),
        "GIT_WORK_TREE": str(root),
        "NO_MKDOCS_2_WARNING": "true",
        "SITE_URL": "https://docs.example.org/homelab/",
        **{f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(
        tmp_path,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "first",
    )
    for version, *alias in (["1.0.0", "latest"], ["1.1.0", "latest"]):
        done = subprocess.run(
            ["mike", "deploy", "--update-aliases", "--alias-type", "redirect", version, *alias],
            cwd=root, env=environment, check=False, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return tmp_path


def test_each_deployed_version_stays_and_the_last_is_the_latest(deployed: Path, built_site: Path) -> None:
    versions = json.loads(git(deployed, "show", "gh-pages:versions.json"))
    page = git(deployed, "show", "gh-pages:1.0.0/charts/sonarr.html")

    assert {one["version"]: one["aliases"] for one in versions} == {"1.1.0": ["latest"], "1.0.0": []}
    assert git(deployed, "cat-file", "-t", "gh-pages:1.1.0/index.html").strip() == "blob"
    assert "../1.1.0/" in git(deployed, "show", "gh-pages:latest/index.html")
    assert '"provider": "mike"' in page or '"provider":"mike"' in page
    # A page that is read from the disk has no versions beside it to ask for.
    assert '"provider"' not in (built_site / "charts" / "sonarr.html").read_text(encoding="utf-8")


def test_a_reader_goes_to_the_same_page_of_another_version(deployed: Path, browser: Any) -> None:
    pages = deployed / "pages"
    git(deployed, "worktree", "add", "--quiet", str(pages), "gh-pages")

    with serving(pages) as address, replace(browser, address=address).visit("1.0.0/charts/sonarr.html") as visit:
        visit.page.locator(".md-version__current", has_text="1.0.0").wait_for()
        visit.page.locator(".md-version__current").focus()
        visit.page.locator(".md-version__link", has_text="1.1.0").click()
        visit.page.wait_for_url("**/1.1.0/charts/sonarr.html")
        visit.page.locator(".md-version__current", has_text="1.1.0").wait_for()

        assert visit.errors == []
        assert visit.elsewhere == []
