"""The tasks as their user runs them: another process, a small monorepo, real tools; what they print and how they end."""

import json
import subprocess

import pytest

from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]


def change_sonarr(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "changed")


def test_a_dry_run_shows_the_plan_and_changes_nothing(world: World) -> None:
    message = world.ok("release", "--dry-run")

    assert "+  sonarr  1.0.0    publish  1.0.0 is not in the registry; with common" in message
    assert "deploy/staging: htpc 1.0.0 comes first" in message
    assert world.json("status")[0]["registry"] == "not published"
    assert not (world.repo.root / "deploy").exists()


def test_a_release_says_what_it_did_and_what_to_do_next(world: World) -> None:
    message = world.ok("release")

    assert "Pinned: deploy/staging" in message
    assert "./inv promote --env production" in message
    assert "./inv registry stop" in message


def test_a_second_release_has_nothing_to_do(world: World) -> None:
    world.ok("release")

    assert world.ok("release") == "Nothing to do: 4 charts are published and deploy/staging is up to date.\n"


def test_a_change_without_a_version_ends_with_five_and_the_command_that_mends_it(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    refused = world.inv("release")
    assert refused.code == 5
    command = next(line for line in refused.stderr.splitlines() if "hint:" in line).partition("./inv ")[2].split()

    world.ok(*command)
    done = world.json("release")

    assert [f"{item['name']} {item['version']}" for item in done["published"]] == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_release_that_raises_versions_publishes_the_changed_service_and_its_umbrella_only(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    message = world.ok("release", "--bump", "patch")

    assert "sonarr 1.0.0 → 1.0.1 (patch)" in message
    assert "htpc 1.0.0 → 1.0.1 (patch)" in message
    versions = {row["chart"]: row["local"] for row in world.json("status")}
    assert versions == {"common": "1.0.0", "radarr": "1.0.0", "sonarr": "1.0.1", "htpc": "1.0.1"}
    assert "## [1.0.1]" in world.repo.read("charts/sonarr/CHANGELOG.md")
    assert "artifacthub.io/changes" in world.repo.read("charts/sonarr/Chart.yaml")


def test_a_dry_run_with_raised_versions_shows_what_the_release_then_does(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    message = world.ok("release", "--bump", "patch", "--dry-run")
    planned = world.json("release", "--bump", "patch", "--dry-run")

    assert "sonarr 1.0.0 → 1.0.1 (patch)" in message
    assert "+  sonarr  1.0.1    publish  1.0.1 is not in the registry" in message
    assert "conflict" not in message
    assert "version: 1.0.0" in world.repo.read("charts/sonarr/Chart.yaml")
    assert [(bump["chart"], bump["after"]) for bump in planned["bumps"]] == [("sonarr", "1.0.1"), ("htpc", "1.0.1")]
    done = world.json("release", "--bump", "patch")
    assert done["bumps"] == planned["bumps"]
    assert [(item["name"], item["version"]) for item in done["published"]] == [
        (item["chart"], item["version"]) for item in planned["charts"] if item["action"] == "publish"
    ]
    assert {item["chart"]: item["input_digest"] for item in planned["charts"] if item["action"] == "publish"} == {
        item["name"]: item["input_digest"] for item in done["published"]
    }


def test_lint_with_problems_is_one_json_document(world: World) -> None:
    world.repo.write("charts/sonarr/values.yaml", "image: [\n")

    done = world.inv("lint", "--only", "sonarr", "--json")

    shown = json.loads(done.stdout)
    assert (done.code, shown["exit_code"]) == (shown["exit_code"], done.code) != (0, 0)
    assert {"where", "fact", "evidence", "hint", "rule"} == set(shown["problems"][0])


def test_a_level_above_the_evidence_is_taken(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    message = world.ok("version", "--only", "sonarr", "--level", "minor")

    assert "sonarr 1.0.0 → 1.1.0 (minor)" in message


def test_a_library_change_reaches_every_dependent(world: World) -> None:
    world.ok("release")
    world.repo.replace("charts/common/templates/_all.tpl", "kind: ConfigMap", "kind: ConfigMap\nimmutable: false")

    done = world.ok("release", "--bump", "patch", "--json")

    assert [item["name"] for item in json.loads(done)["published"]] == ["common", "radarr", "sonarr", "htpc"]


def test_status_shows_local_published_and_pinned_versions(world: World) -> None:
    world.ok("release")
    world.ok("pin", "--env", "production")
    change_sonarr(world)

    message = world.ok("status")

    assert message.splitlines()[0].split() == ["CHART", "KIND", "LOCAL", "REGISTRY", "STAGING", "PRODUCTION"]
    assert "sonarr  service   1.0.0  taken by other content  -" in message
    assert message.splitlines()[-1].split()[-2:] == ["1.0.0", "(older)"]


def test_explain_follows_the_chain_and_names_the_changed_file(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    assert "htpc 1.0.0 (conflict) → sonarr 1.0.0 (conflict)" in world.ok("explain", "htpc")
    assert "    values.yaml changed" in world.ok("explain", "sonarr")


def test_diff_shows_the_changed_object_against_what_is_pinned(world: World) -> None:
    world.ok("release")
    change_sonarr(world)

    message = world.ok("diff", "--env", "staging")

    assert "htpc in staging: pinned 1.0.0 → working tree 1.0.0" in message
    assert "    changed: ConfigMap sonarr" in message
    assert "-  text: hello" in message
    assert "+  text: changed" in message
    assert "radarr" not in message


def test_diff_compares_with_a_git_revision(world: World) -> None:
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *arguments], cwd=world.repo.root, check=True)
    change_sonarr(world)

    message = world.ok("diff", "--base", "HEAD", "--env", "production")

    assert "htpc in production: HEAD → working tree 1.0.0" in message
    assert "+  text: changed" in message


def test_an_unknown_revision_is_named(world: World) -> None:
    subprocess.run(["git", "init", "-q"], cwd=world.repo.root, check=True)

    done = world.inv("diff", "--base", "nowhere")

    assert done.code == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
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
    world: World, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = world.inv(*arguments)

    assert done.code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_chart_file_is_named_with_its_line(world: World) -> None:
    world.repo.write("charts/sonarr/Chart.yaml", "apiVersion: v2\nname: [sonarr\n")

    done = world.inv("plan")

    assert done.code == 2
    assert "charts/sonarr/Chart.yaml:3: is not YAML" in done.stderr


def test_the_registry_is_started_listed_and_stopped(world: World) -> None:
    world.ok("release")

    listed = world.json("registry", "list")
    stopped = world.ok("registry", "stop")

    assert [row["chart"] for row in listed["versions"]] == ["common", "htpc", "radarr", "sonarr"]
    assert "stopped process" in stopped
    assert "not running" in world.ok("registry", "status")
    assert "started" in world.ok("registry", "start")


def test_package_prints_the_manifest_digest_that_the_release_publishes(world: World) -> None:
    packed = {row["chart"]: row["manifest"] for row in world.json("package")}

    published = {item["name"]: item["manifest"] for item in world.json("release")["published"]}

    assert packed == published


def test_backups_of_a_service_without_data_say_so(world: World) -> None:
    assert world.ok("backups", "--only", "sonarr") == "sonarr: holds no data in staging\n"


def test_publish_leaves_the_pins_alone_and_pin_writes_them(world: World) -> None:
    world.ok("publish")
    assert not (world.repo.root / "deploy").exists()

    assert world.ok("pin") == "wrote deploy/staging: first pins\n"
    assert world.ok("pin") == "deploy/staging is up to date\n"
    assert "Nothing to do" in world.ok("release")
