"""Files that a fork and the platform both write: merged by what they mean, or left to a person when the two disagree."""

from pathlib import Path

import pytest
import yaml

from slipway.core.model import CHANGES
from slipway.tools.git import Git
from slipway.tools.git_merge import Merging, Sides
from slipway.tools.run import run_process
from slipway.upgrade.settle import Undecided, settled
from slipway.upgrade.take import newest_release

UMBRELLA = """\
apiVersion: v2
name: htpc
description: {description}
type: application
version: {version}
{annotations}dependencies:
{dependencies}"""
MEMBERS = {"autobrr": "1.0.0", "baseline": "1.0.0", "sonarr": "1.0.0"}


def umbrella(version: str = "1.0.0", said: str = "", description: str = "Media", **members: str) -> bytes:
    """Chart.yaml of an umbrella; `ALIAS=NAME@VERSION` is a member under an alias."""
    listed = ""
    for key, text in sorted({**MEMBERS, **{name.replace("_", "-"): text for name, text in members.items()}}.items()):
        name, at, number = text.rpartition("@")
        alias = f"    alias: {key}\n" if at else ""
        listed += f"  - name: {name or key}\n{alias}    version: {number}\n    repository: file://../../charts/{name or key}\n"
        listed += f"    condition: {key}.enabled\n"
    annotations = f"annotations:\n  {CHANGES}: |\n    - kind: changed\n      description: {said}\n" if said else ""
    return UMBRELLA.format(
        description=description, version=version, annotations=annotations, dependencies=listed
    ).encode()


@pytest.fixture
def merge(tmp_path: Path):
    """Merge three versions of a path with git's own merge of lines."""
    git = Git(run=run_process, root=tmp_path)
    git("init", "--quiet")

    def run(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
        return settled(path, Sides(base=base, ours=ours, theirs=theirs), Merging(git=git).merged)

    return run


@pytest.mark.parametrize(
    ("ours", "theirs", "version"),
    [
        ("1.1.0", "1.0.5", "1.1.0"),
        ("1.0.1", "2.0.0", "2.0.0"),
        ("1.10.0", "1.9.0", "1.10.0"),
        ("1.1.0-rc.1", "1.1.0", "1.1.0"),
    ],
)
def test_the_higher_version_is_kept(merge, ours: str, theirs: str, version: str) -> None:
    made = merge(
        "umbrella/htpc/Chart.yaml", umbrella(), umbrella(ours, "more memory"), umbrella(theirs, "sonarr 1.0.1")
    )

    assert yaml.safe_load(made)["version"] == version


def test_a_member_of_the_fork_stands_beside_a_newer_one_of_the_platform(merge) -> None:
    ours = umbrella("1.1.0", "bazarr added", bazarr="1.2.0", bazarr_postgres="postgres@1.0.0", zipline="3.0.0")
    theirs = umbrella("1.0.1", "autobrr 1.0.1", autobrr="1.0.1", baseline="1.1.0")

    made = yaml.safe_load(merge("umbrella/htpc/Chart.yaml", umbrella(), ours, theirs))

    assert {entry.get("alias", entry["name"]): entry["version"] for entry in made["dependencies"]} == {
        "autobrr": "1.0.1", "baseline": "1.1.0", "bazarr": "1.2.0", "bazarr-postgres": "1.0.0", "sonarr": "1.0.0", "zipline": "3.0.0",
    }  # fmt: skip
    assert [entry.get("alias", entry["name"]) for entry in made["dependencies"]] == sorted(
        entry.get("alias", entry["name"]) for entry in made["dependencies"]
    )


def test_a_member_that_the_platform_adds_or_removes_is_added_or_removed(merge) -> None:
    theirs = umbrella("2.0.0", lidarr="1.0.0").replace(b"  - name: autobrr\n", b"  - name: autobrr2\n")

    made = yaml.safe_load(merge("umbrella/htpc/Chart.yaml", umbrella(), umbrella("1.1.0", bazarr="1.0.0"), theirs))

    assert [entry["name"] for entry in made["dependencies"]] == ["autobrr2", "baseline", "bazarr", "lidarr", "sonarr"]


def test_what_people_wrote_differently_is_left_to_a_person(merge) -> None:
    ours, theirs = umbrella("1.1.0", description="Our films"), umbrella("1.0.1", description="Media and books")

    with pytest.raises(Undecided):
        merge("umbrella/htpc/Chart.yaml", umbrella(), ours, theirs)


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        ("charts/sonarr/values.yaml", b"tag: 1\n", b"tag: 2\n", b"tag: 3\n"),
        ("values/home/htpc.yaml", b"a: 1\n", b"a: 2\n", b"a: 3\n"),
        ("charts/sonarr/values.yaml", b"tag: 1\n", b"tag: 2\n", None),
        ("charts/sonarr/values.yaml", b"tag: 1\n", None, b"tag: 3\n"),
        ("slipway/core/model.py", None, b"a\n", b"b\n"),
        ("umbrella/htpc/Chart.yaml", b"version: [\n", b"version: 1\n", b"version: 2\n"),
    ],
)
def test_nothing_is_decided_for_a_person(merge, path: str, base: bytes, ours: bytes, theirs: bytes) -> None:
    with pytest.raises(Undecided):
        merge(path, base, ours, theirs)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("charts/sonarr/README.md", b"theirs"),
        ("tests/umbrella/golden/staging/htpc/Deployment-sonarr.yaml", b"theirs"),
        ("charts/grafana/files/dashboards/media/library.json", b"theirs"),
        ("locks/release.txt", b"theirs"),
        ("deploy/home/pins.yaml", b"ours"),
    ],
)
def test_what_tasks_write_has_no_conflict(merge, path: str, kept: bytes) -> None:
    assert merge(path, b"base", b"ours", b"theirs") == kept


def test_an_environment_that_the_fork_does_not_have_stays_gone(merge) -> None:
    assert merge("values/production/htpc.yaml", b"a: 1\n", None, b"a: 2\n") is None


def test_the_switch_of_a_member_of_the_fork_stands_beside_new_values_of_the_platform(merge) -> None:
    base = b"autobrr:\n  enabled: true\nsonarr:\n  enabled: true\n"
    ours = b"autobrr:\n  enabled: true\n# Ours.\nbazarr:\n  enabled: true\n  # small\n  text: a\nsonarr:\n  enabled: true\n"
    theirs = b"autobrr:\n  enabled: true\nlidarr:\n  enabled: true\nsonarr:\n  enabled: true\n  text: b\n"

    assert merge("umbrella/htpc/values.yaml", base, ours, theirs) == (
        b"autobrr:\n  enabled: true\n# Ours.\nbazarr:\n  enabled: true\n  # small\n  text: a\n"
        b"lidarr:\n  enabled: true\nsonarr:\n  enabled: true\n  text: b\n"
    )


LOG = "# Changelog\n\n{0}## [1.0.0] - 2026-11-23\n\n### Added\n\n- First release.\n"


def test_a_changelog_has_the_sections_of_both_sides_newest_first(merge) -> None:
    ours = "## [1.2.0] - 2027-01-03\n\n### Changed\n\n- c\n\n## [1.1.0] - 2027-01-02\n\n### Changed\n\n- ours\n\n"
    theirs = "## [2.0.0] - 2027-01-04\n\n### Removed\n\n- d\n\n## [1.1.0] - 2027-01-01\n\n### Changed\n\n- theirs\n\n"

    made = merge(
        "umbrella/htpc/CHANGELOG.md", LOG.format("").encode(), LOG.format(ours).encode(), LOG.format(theirs).encode()
    )

    assert [line for line in made.decode().splitlines() if line.startswith(("## ", "- "))] == [
        *("## [2.0.0] - 2027-01-04", "- d", "## [1.2.0] - 2027-01-03", "- c", "## [1.1.0] - 2027-01-02", "- ours"),
        *("- theirs", "## [1.0.0] - 2026-11-23", "- First release."),
    ]


def test_the_settings_of_the_fork_stay_and_those_of_the_platform_come(merge) -> None:
    base = b'[tool.slipway]\nregistry = "embedded"\nkube-version = "1.36.0"\nrepository-url = "https://a/b.git"\n'
    ours = b'[tool.slipway]\nregistry = "oci://ghcr.io/me/charts"\nkube-version = "1.36.0"\nrepository-url = "https://c/d.git"\n'
    theirs = base.replace(b"1.36.0", b"1.37.0")

    assert merge("pyproject.toml", base, ours, theirs) == ours.replace(b"1.36.0", b"1.37.0")


@pytest.mark.parametrize(
    ("tags", "newest"),
    [
        (("v1.0.0", "v1.10.0", "v1.9.0"), "v1.10.0"),
        (("v2.0.0-rc.1", "v1.0.0", "2.0.0", "nightly", "v3"), "v1.0.0"),
        (("v2.0.0-rc.1",), None),
        ((), None),
    ],
)
def test_the_newest_release_is_the_highest_version_that_is_no_prerelease(
    tags: tuple[str, ...], newest: str | None
) -> None:
    assert newest_release(tags) == newest
