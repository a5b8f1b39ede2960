"""A release, a promotion and what they endanger: nothing is pinned before a person has accepted it by name."""

import json

import pytest

from slipway.gitops import pins
from slipway.release.pinning import pin_environment
from testing.monorepo import TEMPLATE, with_object
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]

CLAIM = """\
  annotations:
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
"""
REFUSED = "htpc in staging: removed-claim: "
EVIDENCE = "    PersistentVolumeClaim sonarr is removed; Argo CD keeps it, by Prune=false\n"


@pytest.fixture
def with_claim(world: World) -> World:
    """A released platform whose services have a claim each, promoted to production."""
    world.repo.library(template=with_object(TEMPLATE, "apiVersion: v1\nkind: PersistentVolumeClaim\n", CLAIM))
    # The small charts have no backups, which a release's checks would ask of a claim.
    world.publish()
    for environment in ("staging", "production"):
        world.ok("pin", "--env", environment)
    return world


def without_sonarr(world: World) -> None:
    """The next version of the umbrella, with a member less."""
    world.repo.replace("umbrella/htpc/values.yaml", "sonarr:\n  enabled: true", "sonarr:\n  enabled: false")
    world.ok("version")


def version_of(world: World, environment: str) -> str:
    return next(iter(pins.current_pins(world.context().config, environment).values())).version


def test_a_release_that_removes_a_claim_asks_and_publishes_nothing_before(with_claim: World) -> None:
    without_sonarr(with_claim)
    before = (with_claim.published(), with_claim.deployed())

    refused = with_claim.inv("release")

    assert refused.code == 1
    assert REFUSED in refused.stderr
    assert EVIDENCE in refused.stderr
    assert "./inv release --env staging --accept removed-claim" in refused.stderr
    assert (with_claim.published(), with_claim.deployed()) == before


def test_an_accepted_danger_is_in_the_changelog_of_the_umbrella_once(with_claim: World) -> None:
    without_sonarr(with_claim)

    done = with_claim.ok("release", "--accept", "removed-claim")

    assert "Recorded: umbrella/htpc/CHANGELOG.md names the accepted dangers." in done
    changelog = with_claim.repo.read("umbrella/htpc/CHANGELOG.md")
    entry = "- removed-claim: PersistentVolumeClaim sonarr is removed; Argo CD keeps it, by Prune=false (staging)"
    section = changelog.partition(f"## [{version_of(with_claim, 'staging')}]")[2].partition("\n## [")[0]
    assert "### Accepted\n\n" + entry in section
    assert changelog.count(entry) == 1
    assert "Nothing to do" in with_claim.ok("release")
    assert with_claim.repo.read("umbrella/htpc/CHANGELOG.md") == changelog


def test_a_promotion_asks_again(with_claim: World) -> None:
    without_sonarr(with_claim)
    with_claim.ok("release", "--accept", "removed-claim")
    before = version_of(with_claim, "production")

    refused = with_claim.inv("pin", "--env", "production")

    assert refused.code == 1
    assert "htpc in production: removed-claim: " in refused.stderr
    assert version_of(with_claim, "production") == before
    assert pin_environment(with_claim.context(), "production", (), dry_run=True)
    with_claim.ok("pin", "--env", "production", "--accept", "removed-claim")
    assert version_of(with_claim, "production") == version_of(with_claim, "staging")
    assert "Prune=false (production)" in with_claim.repo.read("umbrella/htpc/CHANGELOG.md")


def test_the_difference_names_the_danger(with_claim: World) -> None:
    without_sonarr(with_claim)

    assert (
        "    DANGER removed-claim: PersistentVolumeClaim sonarr is removed; Argo CD keeps it, by Prune=false\n"
        in with_claim.ok("diff", "--env", "staging")
    )


def test_a_code_host_shows_the_danger_at_the_umbrella(with_claim: World) -> None:
    without_sonarr(with_claim)
    report = with_claim.repo.root / "build" / "diff.sarif"

    with_claim.ok("diff", "--env", "staging", "--sarif", str(report))

    (found,) = json.loads(report.read_text())["runs"][0]["results"]
    location = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert (found["ruleId"], found["level"]) == ("danger.removed-claim", "warning")
    assert location == "umbrella/htpc/Chart.yaml"
    assert "--accept removed-claim" in found["message"]["text"]


def test_an_unknown_name_is_refused_before_anything_is_done(with_claim: World) -> None:
    refused = with_claim.inv("release", "--accept", "removed-clam")

    assert refused.code == 2
    assert refused.stderr == "--accept: there is no danger 'removed-clam'\n    hint: did you mean 'removed-claim'?\n"
