"""The tasks as their user runs them: another process, a small monorepo, real tools; what they print and how they end."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.registry import embedded
from testing.faulty import unused_port
from testing.monorepo import ROOT, Monorepo, small

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@dataclass(frozen=True)
class Shell:
    """Runs tasks on a monorepo."""

    repo: Monorepo
    port: int

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "SLIPWAY_ROOT": str(self.repo.root), "SLIPWAY_REGISTRY_PORT": str(self.port)}

    def inv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "invoke", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)

    def ok(self, *arguments: str) -> str:
        done = self.inv(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str):
        return json.loads(self.ok(*arguments, "--json"))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(repo=small(tmp_path / "repo"), port=unused_port())
    yield shell
    embedded.daemon_of(open_context(shell.repo.root, shell.environ, quiet=True).config).stop()


def change_sonarr(shell: Shell) -> None:
    shell.repo.replace("charts/sonarr/values.yaml", "hello", "changed")


def test_a_dry_run_shows_the_plan_and_changes_nothing(shell: Shell) -> None:
    said = shell.ok("release", "--dry-run")

    assert "+  sonarr  1.0.0    publish  1.0.0 is not in the registry; with common" in said
    assert "deploy/staging: htpc 1.0.0 comes first" in said
    assert shell.json("status")[0]["registry"] == "not published"
    assert not (shell.repo.root / "deploy").exists()


def test_a_release_says_what_it_did_and_what_to_do_next(shell: Shell) -> None:
    said = shell.ok("release")

    assert "Pinned: deploy/staging" in said
    assert "./inv pin --env production" in said
    assert "./inv registry stop" in said


def test_a_second_release_has_nothing_to_do(shell: Shell) -> None:
    shell.ok("release")

    assert shell.ok("release") == "Nothing to do: 4 charts are published and deploy/staging is up to date.\n"


def test_a_change_without_a_version_ends_with_five_and_the_command_that_mends_it(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    refused = shell.inv("release")
    assert refused.returncode == 5
    command = next(line for line in refused.stderr.splitlines() if "hint:" in line).partition("./inv ")[2].split()

    shell.ok(*command)
    done = shell.json("release")

    assert [f"{item['name']} {item['version']}" for item in done["published"]] == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_release_that_raises_versions_publishes_the_changed_service_and_its_umbrella_only(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    said = shell.ok("release", "--bump", "patch")

    assert "sonarr 1.0.0 → 1.0.1 (patch)" in said
    assert "htpc 1.0.0 → 1.0.1 (patch)" in said
    versions = {row["chart"]: row["local"] for row in shell.json("status")}
    assert versions == {"common": "1.0.0", "radarr": "1.0.0", "sonarr": "1.0.1", "htpc": "1.0.1"}
    assert "## [1.0.1]" in shell.repo.read("charts/sonarr/CHANGELOG.md")
    assert "artifacthub.io/changes" in shell.repo.read("charts/sonarr/Chart.yaml")


def test_a_dry_run_with_raised_versions_shows_what_the_release_then_does(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    said = shell.ok("release", "--bump", "patch", "--dry-run")
    planned = shell.json("release", "--bump", "patch", "--dry-run")

    assert "sonarr 1.0.0 → 1.0.1 (patch)" in said
    assert "+  sonarr  1.0.1    publish  1.0.1 is not in the registry" in said
    assert "conflict" not in said
    assert "version: 1.0.0" in shell.repo.read("charts/sonarr/Chart.yaml")
    assert [(bump["chart"], bump["after"]) for bump in planned["bumps"]] == [("sonarr", "1.0.1"), ("htpc", "1.0.1")]
    done = shell.json("release", "--bump", "patch")
    assert done["bumps"] == planned["bumps"]
    assert [(item["name"], item["version"]) for item in done["published"]] == [
        (item["chart"], item["version"]) for item in planned["charts"] if item["action"] == "publish"
    ]
    assert {item["chart"]: item["input_digest"] for item in planned["charts"] if item["action"] == "publish"} == {
        item["name"]: item["input_digest"] for item in done["published"]
    }


def test_lint_with_problems_is_one_json_document(shell: Shell) -> None:
    shell.repo.write("charts/sonarr/values.yaml", "image: [\n")

    done = shell.inv("lint", "--only", "sonarr", "--json")

    shown = json.loads(done.stdout)
    assert (done.returncode, shown["exit_code"]) == (shown["exit_code"], done.returncode) != (0, 0)
    assert {"where", "fact", "evidence", "hint", "rule"} == set(shown["problems"][0])


def test_a_level_above_the_evidence_is_taken(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    said = shell.ok("version", "--only", "sonarr", "--level", "minor")

    assert "sonarr 1.0.0 → 1.1.0 (minor)" in said


def test_a_library_change_reaches_every_dependent(shell: Shell) -> None:
    shell.ok("release")
    shell.repo.replace("charts/common/templates/_all.tpl", "kind: ConfigMap", "kind: ConfigMap\nimmutable: false")

    done = shell.ok("release", "--bump", "patch", "--json")

    assert [item["name"] for item in json.loads(done)["published"]] == ["common", "radarr", "sonarr", "htpc"]


def test_status_shows_local_published_and_pinned_versions(shell: Shell) -> None:
    shell.ok("release")
    shell.ok("pin", "--env", "production")
    change_sonarr(shell)

    said = shell.ok("status")

    assert said.splitlines()[0].split() == ["CHART", "KIND", "LOCAL", "REGISTRY", "STAGING", "PRODUCTION"]
    assert "sonarr  service   1.0.0  taken by other content  -" in said
    assert said.splitlines()[-1].split()[-2:] == ["1.0.0", "(older)"]


def test_explain_follows_the_chain_and_names_the_changed_file(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    assert "htpc 1.0.0 (conflict) → sonarr 1.0.0 (conflict)" in shell.ok("explain", "htpc")
    assert "    values.yaml changed" in shell.ok("explain", "sonarr")


def test_diff_shows_the_changed_object_against_what_is_pinned(shell: Shell) -> None:
    shell.ok("release")
    change_sonarr(shell)

    said = shell.ok("diff", "--env", "staging")

    assert "htpc in staging: pinned 1.0.0 → working tree 1.0.0" in said
    assert "    changed: ConfigMap sonarr" in said
    assert "-  text: hello" in said
    assert "+  text: changed" in said
    assert "radarr" not in said


def test_diff_compares_with_a_git_revision(shell: Shell) -> None:
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *arguments], cwd=shell.repo.root, check=True)
    change_sonarr(shell)

    said = shell.ok("diff", "--base", "HEAD", "--env", "production")

    assert "htpc in production: HEAD → working tree 1.0.0" in said
    assert "+  text: changed" in said


def test_an_unknown_revision_is_named(shell: Shell) -> None:
    subprocess.run(["git", "init", "-q"], cwd=shell.repo.root, check=True)

    done = shell.inv("diff", "--base", "nowhere")

    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("plan", "--env", "stagin"), 2, "--env: there is no environment 'stagin'"),
        (("plan", "--only", "sonar"), 2, "hint: did you mean 'sonarr'?"),
        (("explain", "nothing"), 2, "there is no chart 'nothing'"),
        (("registry", "stat"), 2, "hint: did you mean"),
        (("release", "--bump", "huge"), 2, "--bump: there is no level 'huge'"),
        (("version", "--level", "huge"), 2, "hint: use patch, minor, major"),
        (("pin", "--env", "production"), 2, "hint: ./inv release"),
        (("test", "--tier", "units"), 2, "hint: did you mean 'unit'?"),
    ],
)
def test_a_mistyped_argument_is_answered_with_what_is_known(
    shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = shell.inv(*arguments)

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_chart_file_is_named_with_its_line(shell: Shell) -> None:
    shell.repo.write("charts/sonarr/Chart.yaml", "apiVersion: v2\nname: [sonarr\n")

    done = shell.inv("plan")

    assert done.returncode == 2
    assert "charts/sonarr/Chart.yaml:3: is not YAML" in done.stderr


def test_the_registry_is_started_listed_and_stopped(shell: Shell) -> None:
    shell.ok("release")

    listed = shell.json("registry", "list")
    stopped = shell.ok("registry", "stop")

    assert [row["chart"] for row in listed["versions"]] == ["common", "htpc", "radarr", "sonarr"]
    assert "stopped process" in stopped
    assert "not running" in shell.ok("registry", "status")
    assert "started" in shell.ok("registry", "start")


def test_package_prints_the_manifest_digest_that_the_release_publishes(shell: Shell) -> None:
    packed = {row["chart"]: row["manifest"] for row in shell.json("package")}

    published = {item["name"]: item["manifest"] for item in shell.json("release")["published"]}

    assert packed == published


def test_backups_of_a_service_without_data_say_so(shell: Shell) -> None:
    assert shell.ok("backups", "--only", "sonarr") == "sonarr: holds no data in staging\n"


def test_publish_leaves_the_pins_alone_and_pin_writes_them(shell: Shell) -> None:
    shell.ok("publish")
    assert not (shell.repo.root / "deploy").exists()

    assert shell.ok("pin") == "wrote deploy/staging: first pins\n"
    assert shell.ok("pin") == "deploy/staging is up to date\n"
    assert "Nothing to do" in shell.ok("release")
