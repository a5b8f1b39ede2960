"""A drill restores what a backup made, and opens it: the containers' own words, with the real restic, SQLite and PostgreSQL."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed
from slipway.util.mapping import dig, listing
from testing import servers
from testing.backups import Place

pytestmark = pytest.mark.helm

ON = "global: {backup: {enabled: true}}\n"
FILES = """
persistence: {config: {size: 1Gi, mounts: {app: [{path: /config}]}}}
controllers: {demo: {strategy: Recreate}}
backup: {config: {persistence: config, method: files, sqlite: [app.db]%s}}
"""
DATABASE = """
databases: {demo: {image: {repository: registry.test/postgres, tag: 18.6-x}, size: 1Gi}}
backup: {demo: {database: demo, method: database}}
"""


@pytest.fixture
def place() -> Iterator[Place]:
    """A pod of a service with one volume, whose settings and database it writes."""
    with servers.folder_of_nobody() as folder:
        made = Place(folder=folder, service="demo")
        made.volume("config")
        made.write("config/config.xml", "one")
        with closing(sqlite3.connect(folder / "data/config/app.db")) as database:
            database.execute("CREATE TABLE t (moment INTEGER)")
            database.executemany("INSERT INTO t VALUES (?)", ((number,) for number in range(1000)))
            database.commit()
        yield made


@pytest.fixture
def crons(render):
    """The CronJobs of a service with files and a SQLite database: backup and drill."""
    return both(render(ON + FILES % ""))


def both(objects):
    """The backup and the drill of a service."""
    return objects.one("CronJob", "demo-backup"), objects.one("CronJob", "demo-drill")


def backed_up(place: Place, cron) -> None:
    """What a night's Job makes."""
    place.fresh("dump")
    place.night(cron)


def drilled(place: Place, cron) -> str:
    """What a drill's pod says, whose volumes are new and end with it."""
    own = Place(folder=place.folder, service=place.service)
    kept = place.folder / "kept"
    (place.folder / "data").rename(kept)
    try:
        for mount in ("config", "dump"):
            own.volume(mount)
        for path in (place.folder / "work", place.folder / "database"):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            path.chmod(0o777)
        pod = dig(cron.data, "spec", "jobTemplate", "spec", "template", "spec")
        return "".join(own.run(item) for item in (*listing(pod, "initContainers"), *listing(pod, "containers")))
    finally:
        shutil.rmtree(place.folder / "data")
        kept.rename(place.folder / "data")


def refused(place: Place, cron, *, final: bool = True) -> str:
    """Why a drill fails; a verdict has the exit code of one."""
    with pytest.raises(ToolFailed) as caught:
        drilled(place, cron)
    reason = str(caught.value)
    assert ("ended with exit code 65" in reason) is final, reason
    return reason


def restic(place: Place, *words: str) -> str:
    """restic on the repository of the place."""
    return servers.run("restic", *words, env=place.env).stdout


def records(place: Place) -> list[dict[str, object]]:
    """What drills recorded, the newest last."""
    found = json.loads(restic(place, "snapshots", "--json", "--tag", "drill/demo"))
    path = str(place.folder / "work/drill.json")
    return [
        json.loads(restic(place, "dump", item["id"], path)) for item in sorted(found, key=lambda item: item["time"])
    ]


def test_a_drill_passes_when_files_and_database_are_whole_and_records_what_it_found(place: Place, crons) -> None:
    backup, drill = crons
    backed_up(place, backup)

    said = drilled(place, drill)

    assert "config has 2 files" in said
    assert "drill passed: " in said
    (record,) = records(place)
    assert record["tables"] == {"config/app.db": 1}
    (snapshot,) = json.loads(restic(place, "snapshots", "--json", "--tag", "demo"))
    assert (record["snapshot"], record["taken"]) == (snapshot["id"], snapshot["time"])


def test_a_drill_leaves_the_volumes_of_the_service_alone(place: Place, crons) -> None:
    backup, drill = crons
    backed_up(place, backup)
    place.write("config/config.xml", "two")
    before = place.files("config")

    drilled(place, drill)

    assert place.files("config") == before


def test_a_drill_fails_when_the_newest_snapshot_is_old(place: Place, crons) -> None:
    backup, drill = crons
    backed_up(place, backup)
    two_months_ago = (datetime.now(UTC) - timedelta(days=60)).strftime("%Y-%m-%d %H:%M:%S")
    restic(place, "forget", "latest", "--host", "apps", "--tag", "demo", "--unsafe-allow-remove-all")
    folder = str(place.folder / "data")
    restic(place, "backup", "--host", "apps", "--tag", "demo", "--time", two_months_ago, folder)

    reason = refused(place, drill)

    assert "drill failed: the newest copy of demo is old: snapshot " in reason
    assert "has an age of 60 days, " in reason
    assert "the schedule allows 2 days, 0:00:00" in reason
    assert records(place) == []


def test_a_drill_fails_when_a_pack_of_the_repository_is_corrupt(place: Place, crons) -> None:
    backup, drill = crons
    (place.folder / "data/config/large").write_bytes(bytes(range(256)) * 4096)
    backed_up(place, backup)
    for pack in (place.folder / "repository/data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o644)
            content = bytearray(pack.read_bytes())
            # The header is at the end: it is the content that is no longer what it was.
            content[100] ^= 0xFF
            pack.write_bytes(content)

    reason = refused(place, drill, final=False)

    assert "cannot be restored: exit code 1; restic check --read-data lists what is damaged" in reason
    assert records(place) == []


def test_a_drill_fails_when_a_sqlite_database_is_broken(place: Place, crons) -> None:
    backup, drill = crons
    place.fresh("dump")
    pod = dig(backup.data, "spec", "jobTemplate", "spec", "template", "spec")
    for item in listing(pod, "initContainers"):
        place.run(item)
    # As a broken disk would have it, between the dump and restic.
    dump = place.folder / "data/dump/config/app.db"
    content = bytearray(dump.read_bytes())
    content[4096:4196] = b"x" * 100
    dump.write_bytes(content)
    place.run(listing(pod, "containers")[0])

    assert "drill failed: the database config/app.db of snapshot " in refused(place, drill)
    assert records(place) == []


def test_a_drill_fails_when_nothing_was_backed_up_but_an_empty_volume(place: Place, render) -> None:
    values = ON + FILES.replace(", sqlite: [app.db]", "")
    backup, drill = both(render(values % ""))
    place.fresh("config")
    backed_up(place, backup)

    assert "drill failed: config of snapshot " in refused(place, drill)
    _, drill = both(render(values % ", drill: {mayBeEmpty: true}"))
    assert "config has 0 files" in drilled(place, drill)


def test_a_drill_fails_without_a_repository_and_without_a_snapshot(place: Place, crons, container) -> None:
    backup, drill = crons

    assert "drill failed: the repository of demo cannot be read: exit code 10" in refused(place, drill, final=False)
    place.run(container(backup, "repository"))
    assert "drill failed: demo has no snapshot" in refused(place, drill)


def test_the_snapshot_of_the_last_drill_is_drilled_again_only_until_there_must_be_another(place: Place, crons) -> None:
    backup, drill = crons
    backed_up(place, backup)
    drilled(place, drill)

    assert "drill passed: " in drilled(place, drill)

    # A clock that stands still makes an old snapshot look young.
    record = {**records(place)[-1], "drilled": (datetime.now(UTC) - timedelta(days=14)).isoformat()}
    told(place, record)
    assert "drill failed: there is no copy of demo since snapshot " in refused(place, drill)


def told(place: Place, record: dict[str, object]) -> None:
    """A record of another drill."""
    path = place.folder / "work/drill.json"
    path.write_text(json.dumps(record))
    restic(place, "backup", "--host", "apps", "--tag", "drill/demo", str(path))


def test_a_drill_fails_when_the_snapshot_of_the_last_one_is_newer(place: Place, crons) -> None:
    backup, drill = crons
    backed_up(place, backup)
    drilled(place, drill)
    taken = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    told(place, {**records(place)[-1], "snapshot": "0a1b2c3d", "taken": taken})

    reason = refused(place, drill)

    assert "older than snapshot 0a1b2c3d of " in reason
    assert "a newer one was removed, or this is a copy of the repository" in reason


def test_records_of_drills_neither_are_restored_nor_stay_for_ever(place: Place, crons, render) -> None:
    backup, drill = crons
    retention = render(ON + "backup: {repository: {method: retention}}").one("CronJob", "demo-retention")
    backed_up(place, backup)
    for _ in range(3):
        drilled(place, drill)

    place.night(retention)

    # restic keeps the oldest of all as long as there are fewer than it may keep.
    assert len(records(place)) == 2
    assert len(json.loads(restic(place, "snapshots", "--json", "--tag", "demo"))) == 1


def test_a_volume_that_is_only_read_is_read_whole_and_counted(place: Place, render) -> None:
    backup, drill = both(render(ON + FILES % ", drill: {method: read}"))
    (place.folder / "data/config/large").write_bytes(b"x" * 70000)
    backed_up(place, backup)

    said = drilled(place, drill)

    assert "config has 3 files, " in said
    (record,) = records(place)
    assert dig(record, "volumes", "config")["bytes"] > 70000  # type: ignore[operator]


def test_a_corrupt_pack_fails_a_drill_that_only_reads(place: Place, render) -> None:
    backup, drill = both(render(ON + FILES % ", drill: {method: read}"))
    backed_up(place, backup)
    packs = sorted((path for path in (place.folder / "repository/data").rglob("*") if path.is_file()), key=size)
    packs[0].chmod(0o644)
    content = bytearray(packs[0].read_bytes())
    content[20] ^= 0xFF
    packs[0].write_bytes(content)

    assert "restored: exit code 1" in refused(place, drill, final=False)


def size(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


@pytest.fixture
def dumped(place: Place, render) -> Iterator[tuple[Place, object, servers.Postgres]]:
    """A service with a database that was dumped into a snapshot."""
    backup, drill = both(render(ON + DATABASE))
    with servers.postgres({}) as server:
        server.ask("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
        server.ask("CREATE ROLE reader; GRANT SELECT ON kept TO reader; ALTER TABLE kept OWNER TO reader")
        place.fresh("dump")
        place.put_before("initdb", f'exec {server.programs}/initdb "$@"')
        for name in ("pg_ctl", "psql", "pg_restore", "pg_dump"):
            place.put_before(name, f'exec {server.programs}/{name} "$@"')
        pod = dig(backup.data, "spec", "jobTemplate", "spec", "template", "spec")
        repository, dump = listing(pod, "initContainers")
        place.run(repository)
        command = [place.moved(str(word)) for word in dump["command"]]  # type: ignore[attr-defined]
        path = {"PATH": place.env["PATH"]}
        servers.run(*command, env={**server.env("postgres"), **path})
        place.run(listing(pod, "containers")[0])
        yield place, drill, server


def test_a_dump_is_loaded_into_a_server_of_the_drill(dumped) -> None:
    place, drill, _ = dumped

    said = drilled(place, drill)

    assert "demo.dump has 1 tables" in said
    assert records(place)[0]["tables"] == {"demo": 1}
    assert not (place.folder / "work/.s.PGSQL.5432").exists()


def test_a_drill_fails_when_a_dump_is_broken(dumped) -> None:
    place, drill, _ = dumped
    broken = place.folder / "data/dump/demo.dump"
    broken.write_bytes(broken.read_bytes()[:-200])
    restic(place, "backup", "--host", "apps", "--tag", "demo", str(place.folder / "data"))

    assert "drill failed: the dump demo.dump cannot be loaded" in refused(place, drill)
    assert records(place) == []
