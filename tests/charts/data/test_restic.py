"""restic does what the CronJob says, and the Job that restores brings it back."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed
from slipway.delivery import restore
from slipway.util.mapping import dig
from testing import servers
from testing.backups import Place

pytestmark = pytest.mark.helm


@pytest.fixture
def place() -> Iterator[Place]:
    """A pod of a service with one volume."""
    with servers.folder_of_nobody() as folder:
        yield Place(folder=folder, service="sonarr")


@pytest.fixture
def cron(objects):
    """The CronJob of a service that leaves things out."""
    return next(item for item in objects("sonarr", "ci/backup-values.yaml") if item.kind == "CronJob")


@pytest.fixture
def retention(objects):
    """The CronJob that keeps the repository of a namespace."""
    return next(item for item in objects("baseline", "ci/backup-values.yaml") if item.kind == "CronJob")


def test_a_service_is_as_it_was(place: Place, cron) -> None:
    place.volume("config")
    place.write("config/config.xml", "one")
    place.write("config/Backups/a.zip", "first")
    place.write("config/logs/app.txt", "not copied")
    copied(place, cron)
    place.write("config/config.xml", "two, and broken")
    place.write("config/Backups/b.zip", "later")
    place.write("config/logs/app.txt", "goes on")

    restored(place, cron)

    files = place.files("config")
    del files["sonarr.db"]
    assert files == {"config.xml": b"one", "Backups/a.zip": b"first", "logs/app.txt": b"goes on"}


def copied(place: Place, cron) -> None:
    """A night's Job, container by container."""
    place.fresh("dump")
    database = place.folder / "data/config/sonarr.db"
    if not database.exists():
        sqlite3.connect(database).close()
    place.night(cron)


def restored(place: Place, cron) -> None:
    """The Job that restores, container by container."""
    place.fresh("dump")
    spec = dig(restore.job_of(cron, "latest"), "spec", "template", "spec")
    for item in (*spec["initContainers"], *spec["containers"]):  # type: ignore[misc]
        place.run(item)


@contextmanager
def writer(path: Path) -> Iterator[None]:
    """An application that changes every row of its database in one step, again and again.

    What it wrote is beside the database, in its log of changes, until somebody brings it in.
    """
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("CREATE TABLE t (moment INTEGER, filler TEXT)")
            # Several pages.
            connection.executemany("INSERT INTO t VALUES (0, ?)", [("x" * 200,) for _ in range(100)])
            while not stop.is_set():
                connection.execute("UPDATE t SET moment = moment + 1")
                connection.commit()
                begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert begun.wait(60)
        yield
    finally:
        stop.set()
        thread.join()


def moments(path: Path) -> set[int]:
    """Every moment that the rows of a database are of."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {moment for (moment,) in connection.execute("SELECT moment FROM t")}


def test_a_database_that_is_being_written_to_is_copied_as_of_one_moment(place: Place, cron) -> None:
    database = place.volume("config") / "sonarr.db"
    with writer(database):
        (before,) = moments(database)
        copied(place, cron)
        (after,) = moments(database)

    restored(place, cron)

    (moment,) = moments(database)
    assert before <= moment <= after


def test_what_was_written_after_the_copy_goes_with_the_database_that_it_belongs_to(
    place: Place, cron, container
) -> None:
    database = place.volume("config") / "sonarr.db"
    with writer(database):
        copied(place, cron)
        log = database.with_name("sonarr.db-wal").read_bytes()
    # As after a loss of power: nobody brought it in.
    database.with_name("sonarr.db-wal").write_bytes(log)

    restored(place, cron)

    assert [path for path in place.files("config") if path.startswith("sonarr.db")] == ["sonarr.db"]


def test_a_database_that_is_not_there_is_no_copy(place: Place, cron, container) -> None:
    place.volume("config")

    with pytest.raises(ToolFailed, match="unable to open database file"):
        place.run(container(cron, "sqlite-config"))


def test_what_is_left_out_is_not_in_the_copy(place: Place, cron) -> None:
    place.volume("config")
    place.write("config/config.xml", "one")
    place.write("config/logs/app.txt", "not copied")
    copied(place, cron)

    listed = servers.run("restic", "ls", "latest", env=place.env).stdout
    assert "config/config.xml" in listed
    assert "dump/config/sonarr.db" in listed
    assert "data/config/sonarr.db" not in listed
    assert "logs" not in listed


def test_of_each_day_the_last_copy_stays_and_each_service_has_its_own(place: Place, cron, retention, container) -> None:
    place.volume("config")
    other = Place(folder=place.folder, service="radarr")
    other.run(container(cron, "repository"))
    other.run(container(cron, "restic"))
    for text in ("one", "two", "three"):
        place.write("config/config.xml", text)
        place.run(container(cron, "restic"))
    assert len(snapshots(place, "sonarr")) == 3
    other.night(retention)

    # restic keeps the oldest of all as long as there are fewer than it may keep.
    assert [contents(place, item) for item in snapshots(place, "sonarr")] == ["one", "three"]
    assert len(snapshots(place, "radarr")) == 1


def snapshots(place: Place, service: str) -> list[Mapping[str, str]]:
    """The copies of a service, the oldest first."""
    found = json.loads(servers.run("restic", "snapshots", "--json", "--tag", service, env=place.env).stdout)
    assert {item["hostname"] for item in found} <= {"apps"}
    return sorted(found, key=lambda item: item["time"])


def contents(place: Place, snapshot: Mapping[str, str]) -> str:
    """The settings as a copy has them."""
    path = str(place.folder / "data/config/config.xml")
    return servers.run("restic", "dump", snapshot["id"], path, env=place.env).stdout


def test_a_repository_that_cannot_be_read_is_not_made_anew(place: Place, cron, container) -> None:
    place.volume("config")
    place.run(container(cron, "repository"))
    keys = place.folder / "repository" / "keys"
    keys.chmod(0o000)

    with pytest.raises(ToolFailed, match="exit code 1"):
        place.run(container(cron, "repository"))
    keys.chmod(0o755)
