"""Dependencies on charts of other repositories: archives that `helm dependency build` has put into a chart's charts/. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.model import Chart, Dependency, Workspace
from slipway.workspace.helm_folder import ARCHIVE


def foreign(workspace: Workspace, chart: Chart) -> Iterator[Dependency]:
    """The dependencies of a chart that are no charts of the workspace."""
    return (dependency for dependency in chart.dependencies if dependency.name not in workspace.charts)


def candidates(chart: Chart, name: str) -> dict[str, str]:
    """File name → version, of the archives below a chart's charts/ that have the name of a dependency."""
    found = ((file, ARCHIVE.fullmatch(file)) for file in chart.vendored)
    return {file: match["version"] for file, match in found if match is not None and match["name"] == name}


def archives(workspace: Workspace, chart: Chart) -> dict[str, bytes]:
    """File name → archive, of every dependency of other repositories that is there."""
    names = [dependency.name for dependency in foreign(workspace, chart)]
    return {file: chart.vendored[file] for name in names for file in candidates(chart, name)}


def version_of(workspace: Workspace, chart: Chart, dependency: Dependency) -> str:
    """The version that staging writes into Chart.lock: of the archive that is there, else the one that is wanted."""
    if dependency.name in workspace.charts:
        return dependency.version
    return next(iter(candidates(chart, dependency.name).values()), dependency.version)
