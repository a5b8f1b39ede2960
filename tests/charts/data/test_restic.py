"""restic does what the CronJob says, and the Job that restores brings it back."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway import restore
from slipway.nested import dig
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
        return servers.run(*moved, env=self.env).stdout

    def volume(self, name: str) -> Path:
        """A volume: a mount point of the node that everybody may write into."""
        path = self.folder / "data" / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        return path

    def write(self, path: str, text: str) -> None:
        """A file of the application."""
        target = self.folder / "data" / path
        if not target.parent.is_dir():
            target.parent.mkdir()
            given(target.parent)
        target.write_text(text)
        given(target)

    def files(self) -> dict[str, str]:
        """Path → text of everything in the volumes."""
        data = self.folder / "data"
        return {p.relative_to(data).as_posix(): p.read_text() for p in sorted(data.rglob("*")) if p.is_file()}


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
    place.write("config/sonarr.db", "one")
    place.write("config/Backups/a.zip", "first")
    place.write("config/logs/app.txt", "not copied")
    place.run(container(cron, "restic"))
    place.write("config/sonarr.db", "two, and broken")
    place.write("config/Backups/b.zip", "later")
    place.write("config/logs/app.txt", "goes on")

    place.run(restoring(cron))

    assert place.files() == {
        "config/sonarr.db": "one",
        "config/Backups/a.zip": "first",
        "config/logs/app.txt": "goes on",
    }


def restoring(cron) -> Mapping[str, object]:
    """restic's container of the Job that restores."""
    return dig(restore.job_of(cron, "latest"), "spec", "template", "spec")["containers"][0]


def test_what_is_left_out_is_not_in_the_copy(place: Place, cron, container) -> None:
    place.volume("config")
    place.write("config/sonarr.db", "one")
    place.write("config/logs/app.txt", "not copied")
    place.run(container(cron, "restic"))

    listed = servers.run("restic", "ls", "latest", env=place.env).stdout
    assert "config/sonarr.db" in listed
    assert "logs" not in listed


def test_of_each_day_the_last_copy_stays_and_each_service_has_its_own(place: Place, cron, container) -> None:
    place.volume("config")
    other = Place(folder=place.folder, service="radarr")
    other.run(container(cron, "restic"))
    for text in ("one", "two", "three"):
        place.write("config/sonarr.db", text)
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
    """The database as a copy has it."""
    path = str(place.folder / "data/config/sonarr.db")
    return servers.run("restic", "dump", snapshot["id"], path, env=place.env).stdout


def test_a_repository_that_cannot_be_read_is_not_made_anew(place: Place, cron, container) -> None:
    place.volume("config")
    place.run(container(cron, "restic"))
    (place.folder / "repository" / "config").unlink()

    with pytest.raises(Exception, match="exit code"):
        Place(folder=place.folder / "missing", service="sonarr").run(container(cron, "restic"))
