"""Nextcloud is quiet while it is copied: its containers' own words, with a real shell and real locks."""

import configparser
import fcntl
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.tools.background import Child, spawn_child
from slipway.tools.run import Command, run_process
from slipway.util.mapping import dig, listing
from testing.rendering import Repository
from testing.servers import POLL_S, WAIT_S, stopped

pytestmark = pytest.mark.helm

CONTAINERS = {
    "copy": ("nextcloud-backup", "quiet-html", "/data/html"),
    "start": ("nextcloud", "wait", "/var/www/html"),
    "jobs": ("nextcloud-cron", "app", "/var/www/html"),
}
"""What a container does → its workload, its name, and where it has the volume."""

PHP = re.compile(r"^(\s*(?:exec )?)php\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A folder that stands for the volume of program and settings."""

    folder: Path
    find: Callable[[str, str], dict[str, object]]

    @property
    def mode(self) -> Path:
        """The file that is the maintenance mode."""
        return self.folder / "config/copying.config.php"

    @property
    def lock(self) -> Path:
        """What everybody holds who must be alone."""
        return self.folder / "nextcloud-init-sync.lock"

    def words(self, what: str, *path: str) -> Command:
        """A command of a container, below the folder; PHP is only named."""
        workload, name, root = CONTAINERS[what]
        container = self.find(workload, name)
        words = (dig(container, *path) if path else container)["command"]
        moved = (str(word).replace(root, str(self.folder)) for word in words)  # type: ignore[attr-defined]
        return Command(argv=tuple(PHP.sub(r"\1echo php", word) for word in moved), ok_codes=None)

    def started(self, what: str) -> Child:
        """A container that runs on."""
        return spawn_child(self.words(what), self.folder / "log")

    @contextmanager
    def copying(self) -> Iterator[Child]:
        """While a copy is made."""
        child = self.started("copy")
        try:
            until(lambda: run_process(self.words("copy", "startupProbe", "exec")).code == 0)
            yield child
        finally:
            stopped(child)

    def waited_for(self) -> bool:
        """Whether somebody waits for the lock, as the kernel says it."""
        inode = f":{self.lock.stat().st_ino} " if self.lock.exists() else "-"
        return any("-> FLOCK" in line and inode in line for line in Path("/proc/locks").read_text().splitlines())


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(POLL_S)


@pytest.fixture
def volume(objects, container, tmp_path: Path) -> Volume:
    """An instance that is installed."""
    rendered = objects("nextcloud", "ci/backup-values.yaml")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.php").write_text("'installed' => true")

    def find(workload: str, name: str) -> dict[str, object]:
        (item,) = (item for item in rendered if item.name == workload and item.kind in {"CronJob", "Deployment"})
        return container(item, name)

    return Volume(folder=tmp_path, find=find)


def test_it_is_in_maintenance_mode_while_it_is_copied_and_not_after(volume: Volume) -> None:
    with volume.copying() as child:
        assert volume.mode.read_text() == '<?php $CONFIG = ["maintenance" => true];\n'

    assert child.poll() == 0
    assert not volume.mode.exists()


def test_no_background_job_begins_while_it_is_copied(volume: Volume) -> None:
    with volume.copying():
        assert run_process(volume.words("jobs")).stdout == ""

    assert "\nphp -f " in run_process(volume.words("jobs")).stdout


def test_a_background_job_waits_for_database_and_cache_but_not_for_ever(volume: Volume) -> None:
    first, second = run_process(volume.words("jobs")).stdout.splitlines()

    assert first == "php /etc/nextcloud/wait.php 60"
    assert second.startswith("php -f ")


def test_a_copy_waits_for_the_background_job_that_runs(volume: Volume) -> None:
    with volume.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        child = volume.started("copy")
        until(volume.waited_for)
        assert not volume.mode.exists()
    until(volume.mode.exists)
    stopped(child)


def test_a_start_waits_for_the_copy(volume: Volume) -> None:
    with volume.copying():
        starting = volume.started("start")
        until(volume.waited_for)
        assert volume.mode.exists()
    until(lambda: starting.poll() is not None)

    assert (starting.poll(), (volume.folder / "log").read_text()) == (0, "php /etc/nextcloud/wait.php\n")


def test_a_start_ends_the_mode_that_a_loss_of_power_left_behind(volume: Volume) -> None:
    volume.mode.write_text("<?php")

    assert run_process(volume.words("start")).code == 0
    assert not volume.mode.exists()


@pytest.mark.parametrize(("what", "held"), [("start", fcntl.LOCK_SH), ("copy", fcntl.LOCK_SH)])
def test_sigterm_ends_what_waits_for_the_lock(volume: Volume, what: str, held: int) -> None:
    with volume.lock.open("w") as lock:
        fcntl.flock(lock, held)
        child = volume.started(what)
        until(volume.waited_for)
        child.end()
        until(lambda: child.poll() is not None)

    assert child.poll() == {"start": 143, "copy": 0}[what]


def test_an_upload_is_on_the_data_volume_from_its_first_byte(volume: Volume, objects) -> None:
    rendered = objects("nextcloud", "its own values")
    (workload,) = (item for item in rendered if item.kind == "Deployment" and item.name == "nextcloud")
    (settings,) = (item for item in rendered if item.kind == "ConfigMap" and item.name == "nextcloud-settings")
    pod = dig(workload.data, "spec", "template", "spec")
    parser = configparser.ConfigParser()
    parser.read_string("[php]\n" + str(dig(settings.data, "data")["uploads.ini"]))
    (folder,) = set(parser["php"].values())

    volumes = {each["name"]: each for each in listing(pod, "volumes")}
    (app,) = (each for each in listing(pod, "containers") if each["name"] == "app")
    mounts = {str(each["mountPath"]): each for each in listing(app, "volumeMounts")}
    assert mounts["/usr/local/etc/php/conf.d/zz-uploads.ini"]["subPath"] == "uploads.ini"
    volume_of = max((path for path in mounts if folder.startswith(f"{path}/")), key=len)
    assert "persistentVolumeClaim" in volumes[mounts[volume_of]["name"]]
    # The start makes it, and nothing of an aborted upload stays.
    left = volume.folder / folder.removeprefix("/var/www/html/")
    left.mkdir(parents=True)
    (left / "phpAbC").touch()
    run_process(volume.words("start"))
    assert list(left.iterdir()) == []
    left.rmdir()
    run_process(volume.words("start"))
    assert left.is_dir()


def test_database_and_files_are_in_one_copy_and_the_dump_is_made_by_the_servers_own_version(
    repository: Repository, container
) -> None:
    objects = repository.rendered(repository.case("utils", "production")).objects
    copies = [item for item in objects if item.kind == "CronJob" and item.name.endswith("-backup")]
    (ours,) = (item for item in copies if item.name.startswith("nextcloud"))
    (cluster,) = (item for item in objects if item.kind == "Cluster" and item.name == "nextcloud-postgres")

    dump = container(ours, "dump-database")
    assert dump["image"] == cluster.at("spec", "imageName")
    assert {dig(item, "valueFrom", "secretKeyRef")["name"] for item in dump["env"]} == {"nextcloud-postgres-app"}
    mounted = {mount["mountPath"] for mount in container(ours, "restic")["volumeMounts"]}
    assert {"/data/dump", "/data/html", "/data/data"} <= mounted
