"""A backup that is ended or killed stops no other: the containers' own words, with the real restic and its locks."""

import os
import signal
from collections.abc import Iterator

import pytest

from slipway.delivery import restore
from slipway.util.mapping import dig
from testing import servers
from testing.backups import Place, ended, first_inside

pytestmark = pytest.mark.helm


@pytest.fixture
def place() -> Iterator[Place]:
    """A pod of a service with one volume, whose files take a while."""
    with servers.folder_of_nobody() as folder:
        made = Place(folder=folder, service="prowlarr")
        path = made.volume("config") / "large"
        path.write_bytes(os.urandom(2**21))
        path.chmod(0o644)
        yield made


VALUES = """
global: {backup: {enabled: true}}
persistence: {config: {size: 1Gi, mounts: {app: [{path: /config}]}}}
controllers: {demo: {strategy: Recreate}}
backup: {config: {persistence: config, method: files}, repository: {method: retention}}
"""


@pytest.fixture
def cron(render):
    """The CronJob that backs a service up."""
    return render(VALUES).one("CronJob", "demo-backup")


@pytest.fixture
def retention(render):
    """The CronJob that keeps the repository of the namespace."""
    return render(VALUES).one("CronJob", "demo-retention")


def other(place: Place) -> Place:
    """A pod of another service, with the same repository."""
    return Place(folder=place.folder, service="radarr")


def killed(place: Place, *words: str) -> None:
    """A program that nobody let remove its lock."""
    with place.started(*words) as child:
        # Not its shell alone: the kernel ends every process of a container.
        os.kill(first_inside(child), signal.SIGKILL)
        ended(child)
    assert place.locks()


def test_sigterm_reaches_restic_which_removes_its_lock(place: Place, cron, container) -> None:
    place.run(container(cron, "repository"))

    with place.slow("--limit-upload"), place.started(*place.words(container(cron, "restic"))) as child:
        os.kill(first_inside(child), signal.SIGTERM)
        code = ended(child)

    assert (code, place.locks()) == (143, [])
    assert "signal terminated received, cleaning up" in (place.folder / "log-0").read_text()


def test_sigterm_ends_a_pod_that_waits_for_the_repository(place: Place, cron, container) -> None:
    place.night(cron)

    with place.slow("--limit-download"), place.started("restic", "check", "--read-data"):
        held = place.locks()
        with place.started(
            *place.words(container(cron, "repository")), until="already locked, waiting up to 35m"
        ) as child:
            os.kill(first_inside(child), signal.SIGTERM)

            assert ended(child) == 143
        assert place.locks() == held


def test_the_lock_of_a_copy_that_was_killed_stops_neither_a_copy_nor_the_retention(
    place: Place, cron, retention, container
) -> None:
    place.run(container(cron, "repository"))
    with place.slow("--limit-upload"):
        killed(place, *place.words(container(cron, "restic")))

    other(place).night(cron)
    place.night(retention)

    assert place.locks() == []


def test_the_lock_of_a_check_that_was_killed_stops_neither_a_copy_nor_a_restore(place: Place, cron, container) -> None:
    place.night(cron)
    spec = dig(restore.job_of(cron, "latest"), "spec", "template", "spec")
    for act in (lambda: other(place).night(cron), lambda: place.run(spec["containers"][0])):  # type: ignore[index]
        with place.slow("--limit-download"):
            killed(place, "restic", "check", "--read-data")
        act()

        assert place.locks() == []


def test_each_week_the_repository_is_pruned_and_checked(place: Place, cron, retention) -> None:
    place.night(cron)
    (only,) = dig(retention.data, "spec", "jobTemplate", "spec", "template", "spec")["containers"]  # type: ignore[misc]

    place.put_before("date", "echo 6")
    assert "no errors were found" not in place.run(only)
    place.put_before("date", "echo 7")
    assert "no errors were found" in place.run(only)


def test_a_policy_that_fails_fails_the_retention_which_checks_all_the_same(place: Place, cron, retention) -> None:
    # restic keeps the oldest of all as long as there are fewer than it may keep.
    for _ in range(3):
        place.night(cron)
    place.put_before("date", "echo 7")
    snapshots = place.folder / "repository" / "snapshots"
    snapshots.chmod(0o555)

    (only,) = dig(retention.data, "spec", "jobTemplate", "spec", "template", "spec")["containers"]  # type: ignore[misc]
    done = servers.run(*place.words(only), env=place.env, ok=None)

    snapshots.chmod(0o755)
    assert done.code == 3
    assert "no errors were found" in done.stdout


def test_without_a_repository_the_retention_has_nothing_to_do(place: Place, retention) -> None:
    place.night(retention)

    assert not (place.folder / "repository").exists()
