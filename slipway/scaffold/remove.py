"""`remove NAME`: a service, or a database under its alias, taken out of its umbrella and of the values of every environment.

What it keeps in the cluster is not touched: Argo CD prunes the objects, and volumes are protected from that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Dependency, Workspace
from slipway.util import yaml
from slipway.util.files import write_atomic
from slipway.util.text import suggest
from slipway.workspace import backups, removal
from slipway.workspace.values import members_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Data that stays in the cluster."""

    namespace: str
    what: str
    """Where the values have it."""
    size: str
    backup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is removed."""

    name: str
    folder: str
    """Of the chart; empty when only a member goes, whose chart others use."""
    texts: dict[str, bytes]
    """Path → new content of every file that changes; without content, it goes."""
    namespaces: tuple[str, ...]
    data: tuple[Left, ...]
    related: tuple[str, ...]
    """Members whose names begin with its own, such as its database."""
    sealed: tuple[str, ...]
    """Files with its secrets."""


def removal_of(workspace: Workspace, name: str) -> Removal:
    """What `remove` would do; nothing is written.

    Raises:
        WorkspaceError: there is no such service, it is no service, or others use its chart.
    """
    members = [(umbrella, entry) for umbrella in workspace.umbrellas for entry in umbrella.dependencies]
    mine = [(umbrella, entry) for umbrella, entry in members if entry.key == name]
    chart = workspace.charts.get(ChartName(name))
    require_service(name, chart, members)
    if not mine and chart is None:
        known = sorted({entry.key for _, entry in members})
        raise WorkspaceError(Problem(where="SERVICE", fact=f"there is no service {name!r}", hint=suggest(name, known)))
    texts: dict[str, bytes] = {}
    for umbrella, _ in mine:
        texts |= without(workspace, umbrella, name)
    environments = workspace.environments.values()
    return Removal(
        name=name,
        folder=chart.folder if chart else "",
        texts=texts,
        namespaces=tuple(str(umbrella.name) for umbrella, _ in mine),
        data=tuple(dict.fromkeys(left for umbrella, _ in mine for left in data_of(workspace, umbrella, name))),
        related=tuple(
            entry.key for umbrella, _ in mine for entry in umbrella.dependencies if entry.key.startswith(f"{name}-")
        ),
        sealed=tuple(file.path for each in environments for file in each.sealed if file.path.endswith(f"/{name}.yaml")),
    )


def require_service(name: str, chart: Chart | None, members: list[tuple[Chart, Dependency]]) -> None:
    """Refuse libraries, umbrellas, and charts that are members under another name.

    Raises:
        WorkspaceError: it is one of them.
    """
    if chart is not None and chart.kind is not ChartKind.SERVICE:
        fact = f"{name} is the {chart.kind.value} chart {chart.folder}, and only services are removed"
        raise WorkspaceError(Problem(where="SERVICE", fact=fact))
    if users := sorted({entry.key for _, entry in members if entry.name == name != entry.key}):
        fact = f"the chart {name} is used as {', '.join(users)}"
        raise WorkspaceError(Problem(where="SERVICE", fact=fact, hint=f"./inv remove {users[0]}"))


def without(workspace: Workspace, umbrella: Chart, key: str) -> dict[str, bytes]:
    """The files of an umbrella and of its environments without a member, if they have it."""
    values = f"{umbrella.folder}/values.yaml"
    read = {
        umbrella.where: removal.remove_dependency,
        values: removal.remove_key,
        **{
            environment.namespaces[umbrella.name].path: removal.remove_key
            for environment in workspace.environments.values()
            if umbrella.name in environment.namespaces
        },
    }
    made = {}
    for path, remove in read.items():
        if (workspace.root / path).is_file():
            before = (workspace.root / path).read_bytes()
            after = remove(before, key, path)
            if after != before:
                empty = path not in {umbrella.where, values} and not yaml.parse(after, path).mapping
                made[path] = b"" if empty else after
    return made


def data_of(workspace: Workspace, umbrella: Chart, key: str) -> Iterator[Left]:
    """The volumes and databases of a member, as the environments have them."""
    for environment in (*workspace.environments.values(), None):
        for member in members_in(workspace, umbrella, environment):
            kept = backups.kept(member.values)
            for item in backups.holdings(member.values) if member.key == key else ():
                how = kept.get((item.kind, item.identifier), backups.Kept(reason="no setting covers it"))
                what, size = ".".join(item.path), item.detail
                yield Left(namespace=str(umbrella.name), what=what, size=size, backup=how.description)


def remove(workspace: Workspace, found: Removal) -> None:
    """Write the files; the folder of the chart goes last, so that a killed run is finished by another one."""
    for path, text in found.texts.items():
        if text:
            write_atomic(workspace.root / path, text)
        else:
            (workspace.root / path).unlink()
    if found.folder:
        shutil.rmtree(workspace.root / found.folder)
