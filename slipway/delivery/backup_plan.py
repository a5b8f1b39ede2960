"""What the library's backup CronJob backs up, as the library states it in an annotation of that CronJob. Pure.

The annotation is JSON, made by `common.backup.plan` of charts/common, which the containers are rendered from too:

    restic      name of the container that runs restic
    dump        folder of the dumps; missing without any
    volumes     entry, path, exclude (patterns below path), quiet and sqlite where there are such containers
                sqlite: container, load, dump (folder of its copies), files
    databases   entry, container, load, file

`entry` is the key below `backup` in the values, `container` what writes a dump, `load` the name of what restores it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.core.errors import Problem, WorkspaceError
from slipway.util.mapping import dig, listing

ANNOTATION = "slipway.homelab/backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder in restic's container that a snapshot has."""

    path: str
    exclude: tuple[str, ...] = ()
    """Patterns below the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A dump of one database server, or of the SQLite databases of one volume."""

    container: str
    load: str
    file: str = ""
    """What pg_dump writes; empty for SQLite, whose container has the paths as its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """The data of one CronJob."""

    restic: str
    folders: tuple[Folder, ...]
    dumps: tuple[Dump, ...]


def read(cron: Object) -> BackupPlan:
    """The plan of a backup CronJob.

    Raises:
        WorkspaceError: an older library rendered it, without the annotation, or the annotation is no plan.
    """
    where = f"{cron.title} in {cron.namespace}"
    text = cron.annotations.get(ANNOTATION)
    if text is None:
        hint = "render it with a charts/common that writes the annotation: `git pull`, then run the same command again"
        raise WorkspaceError(
            Problem(where=where, fact=f"has no annotation {ANNOTATION}, so it cannot be restored", hint=hint)
        )
    try:
        data = json.loads(text)
        return BackupPlan(restic=field(data, "restic"), folders=tuple(folders(data)), dumps=tuple(dumps(data)))
    except (ValueError, KeyError) as error:
        fact = f"the annotation {ANNOTATION} is not a backup plan: {error}"
        hint = "`common.backup.plan` in charts/common and slipway/delivery/backup_plan.py must describe the same fields"
        raise WorkspaceError(Problem(where=where, fact=fact, evidence=(text,), hint=hint)) from error


def field(data: object, key: str) -> str:
    """A text that must be there.

    Raises:
        ValueError: it is missing.
    """
    value = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(value, str) or not value:
        message = f"{key!r} is missing"
        raise ValueError(message)
    return value


def folders(data: object) -> Iterator[Folder]:
    """Volumes and the folder of the dumps, by path."""
    found = [
        Folder(path=field(volume, "path"), exclude=tuple(map(str, patterns if isinstance(patterns, list) else ())))
        for volume in listing(data, "volumes")
        for patterns in (volume.get("exclude"),)
    ]
    if any(dumps(data)):
        found.append(Folder(path=field(data, "dump")))
    yield from sorted(found, key=lambda folder: folder.path)


def dumps(data: object) -> Iterator[Dump]:
    """Dumps of databases, then of SQLite databases."""
    for item in listing(data, "databases"):
        yield Dump(container=field(item, "container"), load=field(item, "load"), file=field(item, "file"))
    for volume in listing(data, "volumes"):
        if sqlite := dig(volume, "sqlite"):
            yield Dump(container=field(sqlite, "container"), load=field(sqlite, "load"))
