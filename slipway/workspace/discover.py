"""Files → Workspace. `load` is the only reader of the monorepo; everything after it works on values.

A file that cannot be understood ends the run, but only after every other file was looked at, so one run names them all.
What can be understood and is still wrong (versions, dependencies, cycles) is `graph.check`'s to find.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.util.files import odd_name
from slipway.workspace import unread
from slipway.workspace.chart_folder import read_chart
from slipway.workspace.conflict_marks import conflict_problems
from slipway.workspace.environment_folder import read_environments


def load(config: Config) -> Workspace:
    """Read charts/, umbrella/ and values/.

    Raises:
        WorkspaceError: every file that cannot be understood, with its line.
    """
    problems: list[Problem] = []
    charts: dict[ChartName, Chart] = {}
    unread_umbrellas: set[str] = set()
    for folder in chart_folders(config.root):
        if (unnamed := odd_name(folder)) is not None:
            problems.append(unnamed)
            continue
        try:
            chart = read_chart(config.root, folder)
        except WorkspaceError as error:
            problems.extend(error.problems)
            unread_umbrellas |= {folder.removeprefix("umbrella/")} if folder.startswith("umbrella/") else set()
            continue
        if (twin := charts.get(chart.name)) is not None:
            problems.append(
                Problem(
                    where=chart.line_of("name"),
                    fact=f"chart name {chart.name!r} is taken",
                    evidence=(f"{twin.where} has it too; both would publish to the same repository",),
                    hint="rename one of the two folders and its name",
                    rule="chart.duplicate-name",
                )
            )
            continue
        charts[chart.name] = chart
    umbrellas = {str(chart.name) for chart in charts.values() if chart.kind is ChartKind.UMBRELLA}
    environments, more = read_environments(config, umbrellas | unread_umbrellas)
    problems.extend(more)
    problems.extend(unread.check(config.root, config.environments))
    if not charts and not problems:
        problems.append(Problem(where="charts", fact="there is no chart", hint="./inv new SERVICE", rule="chart.none"))
    if problems:
        raise WorkspaceError(explained(config.root, problems))
    return Workspace(root=config.root, charts=charts, environments=environments)


def explained(root: Path, problems: Sequence[Problem]) -> list[Problem]:
    """The problems, with the unfinished merge in place of what is wrong with its files."""
    marks = [found for top in ("charts", "umbrella", "values") for found in conflict_problems(root, top)]
    unfinished = {mark.where.partition(":")[0] for mark in marks}
    return [*marks, *(problem for problem in problems if problem.where.partition(":")[0] not in unfinished)]


def chart_folders(root: Path) -> Iterator[str]:
    """Every folder under charts/ and umbrella/, by name, relative to the root."""
    for parent in ("charts", "umbrella"):
        if (root / parent).is_dir():
            with os.scandir(root / parent) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
            yield from (f"{parent}/{name}" for name in names)
