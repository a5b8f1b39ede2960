"""Newer releases of the platform in a small fork: what is taken, what is left to a person, and the way back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from slipway.tools.git import Git
from slipway.tools.run import run_process
from testing.faulty import unused_port
from testing.monorepo import Monorepo, small
from testing.product import introduce
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@dataclass(frozen=True, kw_only=True)
class Fork:
    """The platform, and a home that was cloned from it and has published its charts."""

    platform: Monorepo
    world: World

    @property
    def git(self) -> Git:
        return Git(run=run_process, root=self.world.repo.root)

    def commit(self, path: str, old: str, new: str) -> None:
        """A change of the fork with the versions that follow."""
        self.world.repo.replace(path, old, new)
        self.world.ok("version")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=Ours")
        self.world.publish()

    def release(self, tag: str, *changes: tuple[str, str, str]) -> None:
        """A release of the platform: path, what was there, and what is there now."""
        for path, old, new in changes:
            self.platform.replace(path, old, new)
        git = Git(run=run_process, root=self.platform.root)
        git("add", "--all")
        git("commit", "--quiet", f"--message=Release {tag}")
        git("tag", tag)

    def state(self) -> tuple[str, str]:
        """The commit, and what differs from it."""
        return self.git.resolve("HEAD"), self.git("status", "--porcelain").stdout

    def version(self, folder: str) -> str:
        return str(yaml.safe_load(self.world.repo.read(f"{folder}/Chart.yaml"))["version"])


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[Fork]:
    """A platform with two services in one umbrella, and its fork."""
    platform = small(tmp_path / "platform")
    made = World(repo=Monorepo(root=platform.root), port=unused_port())
    made.ok("docs", "generate")
    platform.write(".gitignore", "/build/\n.registry/\n.tools/\n.venv/\n")
    git = Git(run=run_process, root=platform.root)
    git("init", "--quiet", "--initial-branch=main")
    introduce(git)
    git("add", "--all")
    git("commit", "--quiet", "--message=Platform")
    git("tag", "v1.0.0")
    Git(run=run_process, root=tmp_path)(
        "clone", "--quiet", "--origin=upstream", str(platform.root), str(tmp_path / "homelab")
    )
    world = World(repo=Monorepo(root=tmp_path / "homelab"), port=unused_port())
    introduce(Git(run=run_process, root=world.repo.root))
    world.publish()
    yield Fork(platform=platform, world=world)
    world.stop()


NEWER = (
    ("charts/sonarr/values.yaml", "text: hello", "text: newer"),
    ("charts/sonarr/Chart.yaml", "name: sonarr\nversion: 1.0.0", "name: sonarr\nversion: 1.0.1"),
    ("umbrella/htpc/Chart.yaml", "- name: sonarr\n  version: 1.0.0", "- name: sonarr\n  version: 1.0.1"),
    ("umbrella/htpc/Chart.yaml", "name: htpc\nversion: 1.0.0", "name: htpc\nversion: 1.0.1"),
)


def test_a_release_is_merged_raised_and_committed_and_undone_by_one_command(fork: Fork) -> None:
    fork.commit("values/staging/platform.yaml", "staging.example.org", "casa.example.net")
    before, published = fork.state(), fork.version("umbrella/htpc")
    fork.release("v1.1.0", *NEWER)

    said = fork.world.ok("upgrade")

    assert "Took v1.1.0:\n" in said
    assert "sonarr 1.0.0 → 1.0.1" in said
    released = Git(run=run_process, root=fork.platform.root).resolve("v1.1.0")
    assert fork.git("log", "-1", "--format=%P %s").stdout == f"{before[0]} {released} Take v1.1.0\n"
    assert fork.state()[1] == ""
    assert "text: newer" in fork.world.repo.read("charts/sonarr/values.yaml")
    assert "casa.example.net" in fork.world.repo.read("values/staging/platform.yaml")
    assert fork.version("charts/sonarr") == "1.0.1"
    assert tuple(map(int, fork.version("umbrella/htpc").split("."))) > tuple(map(int, published.split(".")))
    assert "Nothing to take" in fork.world.ok("upgrade")

    fork.world.ok("upgrade", "--undo")

    assert fork.state() == before
    refused = fork.world.inv("upgrade", "--undo")
    assert (refused.code, "the last commit is no upgrade" in refused.stderr) == (4, True)


def test_a_dry_run_says_what_is_new_and_changes_nothing(fork: Fork) -> None:
    fork.commit("charts/sonarr/values.yaml", "text: hello", "text: ours")
    fork.release("v1.1.0", *NEWER)
    before = fork.state()

    said = fork.world.ok("upgrade", "--dry-run")

    assert "v1.1.0 would be taken:\n    sonarr 1.0.0 → 1.0.1\n" in said
    assert "For you to decide: charts/sonarr/values.yaml" in said
    assert fork.state() == before
    assert len(fork.git("worktree", "list").stdout.splitlines()) == 1


def test_what_both_changed_is_decided_by_a_person_and_the_upgrade_goes_on(fork: Fork) -> None:
    fork.commit("charts/sonarr/values.yaml", "text: hello", "text: ours")
    before = fork.state()
    fork.release("v1.1.0", *NEWER)

    stopped = fork.world.inv("upgrade")

    assert stopped.code == 1
    assert "charts/sonarr/values.yaml: was changed here and in the release, at the same place" in stopped.stderr
    assert fork.world.inv("upgrade").code == 1
    assert "file.conflict" in fork.world.inv("lint", "--json").stdout
    fork.world.ok("upgrade", "--undo")
    assert fork.state() == before

    assert fork.world.inv("upgrade").code == 1
    fork.world.repo.write("charts/sonarr/values.yaml", "text: both\n")
    fork.git("add", "charts/sonarr/values.yaml")
    fork.world.ok("upgrade")
    assert fork.state()[1] == ""
    assert fork.world.repo.read("charts/sonarr/values.yaml") == "text: both\n"
    assert fork.version("charts/sonarr") == "1.0.2"


def test_a_release_with_a_problem_here_waits_until_it_is_fixed(fork: Fork) -> None:
    fork.commit("values/staging/platform.yaml", "timezone: UTC", "timezone: Etc/UTC")
    fork.world.repo.write("values/staging/htpc.yaml", "radarr: {text: ours}\n")
    fork.git("add", "--all")
    fork.git("commit", "--quiet", "--message=A value of a member that goes")
    fork.release(
        "v1.1.0",
        ("charts/common/schemas/values.json", '"text"', '"words"'),
        ("charts/sonarr/values.yaml", "text:", "words:"),
        ("charts/radarr/values.yaml", "text:", "words:"),
    )

    before = fork.state()
    stopped = fork.world.inv("upgrade")

    assert stopped.code == 4
    assert "values/staging/htpc.yaml" in stopped.stdout + stopped.stderr
    fork.world.ok("upgrade", "--undo")
    assert fork.state() == before
    assert fork.world.inv("upgrade").code == 4
    fork.world.repo.write("values/staging/htpc.yaml", "radarr: {words: ours}\n")
    fork.git("add", "--all")
    fork.world.ok("upgrade")
    assert fork.state()[1] == ""


def test_environments_that_a_home_does_not_have_do_not_come_back(fork: Fork) -> None:
    fork.git("rm", "-r", "--quiet", "values/production")
    fork.world.repo.configure(environments=["staging"])
    fork.git("commit", "--quiet", "--all", "--message=One environment")
    fork.platform.write("values/production/htpc.yaml", "sonarr: {text: theirs}\n")
    fork.platform.write("deploy/staging/pins.yaml", "umbrellas: {}\n")
    fork.release("v1.1.0", ("values/production/platform.yaml", "timezone: UTC", "timezone: Etc/GMT"))

    fork.world.ok("upgrade")

    assert not (fork.world.repo.root / "values/production").exists()
    assert not (fork.world.repo.root / "deploy").exists()


def test_nothing_begins_on_top_of_changes_or_without_a_place_to_take_it_from(fork: Fork) -> None:
    fork.release("v1.1.0", *NEWER)
    fork.world.repo.replace("values/staging/platform.yaml", "timezone: UTC", "timezone: Etc/UTC")
    dirty = fork.world.inv("upgrade")
    assert (dirty.code, "has changes that are not committed" in dirty.stderr) == (1, True)
    fork.git("checkout", "--quiet", "values")

    unknown = fork.world.inv("upgrade", "--to", "v9.9.9")
    assert unknown.code == 4

    fork.git("remote", "rename", "upstream", "origin")
    alone = fork.world.inv("upgrade")
    assert (alone.code, "hint: git remote add upstream URL" in alone.stderr) == (2, True)
    assert "Took origin/main" in fork.world.ok("upgrade", "--to", "origin/main")
