"""restic does what the CronJob says, and the Job that restores brings it back."""

import json
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed
from slipway.delivery import restore
from slipway.tools.run import Command, run_process
from slipway.util.mapping import dig
from testing import servers

pytestmark = pytest.mark.helm


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder that stands for the pod's file system."""

    folder: Path
    service: str

    @property
    def env(self) -> dict[str, str]:
        """What the Secret and the pod say."""
        return {
            "RESTIC_REPOSITORY": str(self.folder / "repository"),
            "RESTIC_PASSWORD": "of-a-test",
            "RESTIC_CACHE_DIR": str(self.folder / "work"),
            "NAMESPACE": "apps",
            "SERVICE": self.service,
            "SNAPSHOT": "latest",
        }

    def run(self, container: Mapping[str, object]) -> str:
        """What a container does, below the folder."""
        words = [str(word) for key in ("command", "args") for word in container.get(key, ())]  # type: ignore[attr-defined]
        moved = [word.replace("/data", str(self.folder / "data")) for word in words]
        if moved[0] == "python3":
            # The tests' own, which somebody else may not be able to reach.
            return run_process(Command(argv=(sys.executable, *moved[1:]), timeout_s=120.0)).stdout
        return servers.run(*moved, env=self.env).stdout

    def volume(self, name: str) -> Path:
        """A volume: a mount point of the node that everybody may write into."""
        path = self.folder / "data" / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        return path

    def fresh(self, name: str) -> Path:
        """A volume that ends with its pod, in the next pod."""
        shutil.rmtree(self.folder / "data" / name, ignore_errors=True)
        return self.volume(name)

    def write(self, path: str, text: str) -> None:
        """A file of the application."""
        target = self.folder / "data" / path
        if not target.parent.is_dir():
            target.parent.mkdir()
            given(target.parent)
        target.write_text(text)
        given(target)

    def files(self, name: str) -> dict[str, bytes]:
        """Path → content of everything in a volume."""
        root = self.folder / "data" / name
        return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def given(path: Path) -> None:
    """Make it the application's."""
    if os.geteuid() == 0:
        os.chown(path, servers.NOBODY, servers.NOBODY)


@pytest.fixture
def place() -> Iterator[Place]:
    """A pod of a service with one volume."""
    with servers.folder_of_nobody() as folder:
        yield Place(folder=folder, service="sonarr")


@pytest.fixture
def cron(objects):
    """The CronJob of a service that leaves things out."""
    return next(item for item in objects("sonarr", "ci/backup-values.yaml") if item.kind == "CronJob")


def test_a_service_is_as_it_was(place: Place, cron, container) -> None:
    place.volume("config")
    place.write("config/config.xml", "one")
    place.write("config/Backups/a.zip", "first")
    place.write("config/logs/app.txt", "not copied")
    copied(place, cron, container)
    place.write("config/config.xml", "two, and broken")
    place.write("config/Backups/b.zip", "later")
    place.write("config/logs/app.txt", "goes on")

    restored(place, cron)

    files = place.files("config")
    del files["sonarr.db"]
    assert files == {"config.xml": b"one", "Backups/a.zip": b"first", "logs/app.txt": b"goes on"}


def copied(place: Place, cron, container) -> None:
    """A night's Job, container by container."""
    place.fresh("dump")
    database = place.folder / "data/config/sonarr.db"
    if not database.exists():
        sqlite3.connect(database).close()
    place.run(container(cron, "sqlite-config"))
    place.run(container(cron, "restic"))


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


def test_a_database_that_is_being_written_to_is_copied_as_of_one_moment(place: Place, cron, container) -> None:
    database = place.volume("config") / "sonarr.db"
    with writer(database):
        (before,) = moments(database)
        copied(place, cron, container)
        (after,) = moments(database)

    restored(place, cron)

    (moment,) = moments(database)
    assert before <= moment <= after


def test_what_was_written_after_the_copy_goes_with_the_database_that_it_belongs_to(
    place: Place, cron, container
) -> None:
    database = place.volume("config") / "sonarr.db"
    with writer(database):
        copied(place, cron, container)
        log = database.with_name("sonarr.db-wal").read_bytes()
    # As after a loss of power: nobody brought it in.
    database.with_name("sonarr.db-wal").write_bytes(log)

    restored(place, cron)

    assert [path for path in place.files("config") if path.startswith("sonarr.db")] == ["sonarr.db"]


def test_a_database_that_is_not_there_is_no_copy(place: Place, cron, container) -> None:
    place.volume("config")

    with pytest.raises(ToolFailed, match="unable to open database file"):
        place.run(container(cron, "sqlite-config"))


def test_what_is_left_out_is_not_in_the_copy(place: Place, cron, container) -> None:
    place.volume("config")
    place.write("config/config.xml", "one")
    place.write("config/logs/app.txt", "not copied")
    copied(place, cron, container)

    listed = servers.run("restic", "ls", "latest", env=place.env).stdout
    assert "config/config.xml" in listed
    assert "dump/config/sonarr.db" in listed
    assert "data/config/sonarr.db" not in listed
    assert "logs" not in listed


def test_of_each_day_the_last_copy_stays_and_each_service_has_its_own(place: Place, cron, container) -> None:
    place.volume("config")
    other = Place(folder=place.folder, service="radarr")
    other.run(container(cron, "restic"))
    for text in ("one", "two", "three"):
        place.write("config/config.xml", text)
        place.run(container(cron, "restic"))

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
    place.run(container(cron, "restic"))
    (place.folder / "repository" / "config").unlink()

    with pytest.raises(Exception, match="exit code"):
        Place(folder=place.folder / "missing", service="sonarr").run(container(cron, "restic"))
