"""An umbrella as people wrote it, for helm itself: folders below `charts/`, and values files as they are in the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from slipway.core.model import Chart, Environment, Workspace
from slipway.util import yaml
from slipway.workspace import removal

LEFT_OUT = shutil.ignore_patterns("charts", "Chart.lock", "ci", "tests", "README.md", ".*")
"""What no template sees."""


def sources_of(workspace: Workspace, umbrella: Chart, folder: Path) -> Path:
    """The folder of an umbrella, with each `file://` dependency as a folder below `charts/`; nothing in it was staged."""
    top = copied(workspace, umbrella, folder)
    text = (top / "Chart.yaml").read_bytes()
    mine = {entry.key for entry in umbrella.dependencies}
    for entry in yaml.parse(text, umbrella.where).mapping.get("dependencies") or ():  # type: ignore[attr-defined]
        if (key := entry.get("alias") or entry["name"]) not in mine:  # An operator's: see `testing.product`.
            text = removal.remove_dependency(text, key, umbrella.where)
    (top / "Chart.yaml").write_bytes(text)
    (top / "values.yaml").write_bytes(umbrella.files["values.yaml"])
    for dependency in umbrella.dependencies:
        member = workspace.charts[dependency.name]
        below = copied(workspace, member, top / "charts")
        for library in member.dependencies:
            copied(workspace, workspace.charts[library.name], below / "charts")
    return top


def copied(workspace: Workspace, chart: Chart, parent: Path) -> Path:
    """A chart's folder as it is in the checkout; once, whatever its aliases."""
    place = parent / chart.name
    if not place.exists():
        shutil.copytree(workspace.root / chart.folder, place, ignore=LEFT_OUT)
    return place


def values_of(environment: Environment, umbrella: Chart, folder: Path) -> tuple[Path, ...]:
    """The values files of an environment: the platform's lines indented below `global`, and those of the umbrella as they are."""
    lines = environment.platform.text.decode("utf-8").splitlines(keepends=True)
    files = {"global.yaml": "global:\n" + "".join(f"  {line}" for line in lines)}
    if (own := environment.namespaces.get(str(umbrella.name))) is not None:
        files["own.yaml"] = own.text.decode("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in files)
