"""A fork of this repository with facts and services of its own: what it says, and how it takes releases of the platform."""

from collections.abc import Iterator

import pytest
import yaml
from semver import Version

from slipway.versioning.levels import Level
from testing.fork import SERVICE, Fork, forked

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fork]:
    """A home that has published its charts, with a service of its own and two members off."""
    made = forked(tmp_path_factory.mktemp("fork"))
    made.settle()
    made.grow()
    made.commit("Our home")
    made.publish()
    yield made
    made.leave()


SELECTED = {"unit": "", "umbrella": "", "charts": "dashboards", "docs": "generated"}
"""Tier → what of it reads the checkout's own facts; all else reads those of the tests, as in the checkout itself."""


@pytest.mark.parametrize("tier", SELECTED)
def test_a_tier_passes_in_a_fork(fork: Fork, tier: str) -> None:
    assert " passed in " in fork.ok("test", "--tier", tier, "-k", SELECTED[tier])


@pytest.mark.parametrize("tier", ["unit", "charts", "umbrella", "release", "docs"])
def test_a_whole_tier_passes_in_a_fork(fork: Fork, tier: str) -> None:
    assert " passed in " in fork.ok("test", "--tier", tier)


def test_the_checks_and_the_site_of_a_fork_have_no_problem(fork: Fork) -> None:
    assert "no problems" in fork.ok("lint")
    fork.ok("docs", "build")


def version_of(fork: Fork, folder: str) -> str:
    return str(yaml.safe_load((fork.root / folder / "Chart.yaml").read_text(encoding="utf-8"))["version"])


def change(fork: Fork, line: str) -> None:
    """A value of the operator, with the version that follows from it."""
    path = fork.root / "values/home/htpc.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    fork.ok("version")
    fork.commit("More")
    fork.publish()


def test_three_releases_are_taken_without_a_conflict(fork: Fork) -> None:
    change(fork, "sonarr: {controllers: {sonarr: {containers: {app: {resources: {limits: {memory: 3Gi}}}}}}}")
    own = version_of(fork, "umbrella/htpc")
    for number, (chart, level) in enumerate(
        [("autobrr", Level.PATCH), ("sonarr", Level.MINOR), ("flaresolverr", Level.MAJOR)]
    ):
        release = fork.upstream_takes(chart, f"98.{number}.0", level)

        said = fork.ok("upgrade")

        assert f"Took {release}" in said
        assert f"{chart} 1." in said
        assert Version.parse(version_of(fork, "umbrella/htpc")) > Version.parse(own)
        own = version_of(fork, "umbrella/htpc")
        fork.publish()
    text = (fork.root / "umbrella/htpc/Chart.yaml").read_text(encoding="utf-8")
    assert f"name: {SERVICE}\n" in text
    assert (fork.root / "values/home/platform.yaml").is_file()
    assert not (fork.root / "values/staging").exists()
