"""Workspaces that exist only in memory, for the pure core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.core.model import Chart, ChartKind, ChartName, Dependency, Environment, ValuesFile, Workspace

FOLDERS = {ChartKind.LIBRARY: "charts", ChartKind.SERVICE: "charts", ChartKind.UMBRELLA: "umbrella"}


def chart(
    name: str,
    kind: ChartKind = ChartKind.SERVICE,
    *,
    version: str = "1.0.0",
    needs: Sequence[tuple[str, str]] = (),
    files: Mapping[str, bytes] | None = None,
    **metadata: object,
) -> Chart:
    """A chart; `needs` are (name, version) of what it vendors."""
    entries = [{"name": other, "version": wanted, "repository": "file://../x"} for other, wanted in needs]
    fields: dict[str, object] = {"apiVersion": "v2", "name": name, "version": version, **metadata}
    return Chart(
        name=ChartName(name),
        version=version,
        kind=kind,
        folder=f"{FOLDERS[kind]}/{name}",
        metadata={**fields, **({"dependencies": entries} if entries else {})},
        lines={"name": 2, "version": 3},
        dependencies=tuple(
            Dependency(name=ChartName(other), version=wanted, repository="file://../x", line=5 + index)
            for index, (other, wanted) in enumerate(needs)
        ),
        files=files if files is not None else {"values.yaml": b"{}\n", "values.schema.json": b"{}\n"},
    )


def workspace(*charts: Chart, environments: Mapping[str, Mapping[str, bytes]] | None = None) -> Workspace:
    """A workspace; an environment is file stem → text."""
    made = {}
    for name, texts in (environments or {}).items():
        files = {stem: ValuesFile(path=f"values/{name}/{stem}.yaml", text=text) for stem, text in texts.items()}
        made[name] = Environment(name=name, platform=files.pop("platform"), namespaces=files)
    return Workspace(root=Path("/nowhere"), charts={one.name: one for one in charts}, environments=made)


def layered(services: int, umbrellas: int, members: Mapping[int, Sequence[int]] | None = None) -> Workspace:
    """A library, services that vendor it, umbrellas that vendor services: umbrella i has the services `members[i]`."""
    names = [f"service-{index}" for index in range(services)]
    chosen = members or {index: range(services) for index in range(umbrellas)}
    return workspace(
        chart("common", ChartKind.LIBRARY),
        *(chart(name, needs=[("common", "1.0.0")]) for name in names),
        *(
            chart(f"umbrella-{index}", ChartKind.UMBRELLA, needs=[(names[member], "1.0.0") for member in chosen[index]])
            for index in range(umbrellas)
        ),
    )
