"""Files → Workspace. `load` is the only reader of the monorepo; everything after it works on values.

A file that cannot be understood ends the run, but only after every other file was looked at, so one run names them all.
What can be understood and is still wrong (versions, dependencies, cycles) is `graph.check`'s to find.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import CHART_FOLDERS, Chart, ChartKind, ChartName, Workspace
from slipway.util.files import odd_name
from slipway.workspace import unread
from slipway.workspace.chart_folder import read_chart
from slipway.workspace.conflict_marks import conflict_problems
from slipway.workspace.environment_folder import read_environments

LIBRARY = "charts/common"


def load(config: Config) -> Workspace:
    """Read the folders of charts, and values/.

    Raises:
        WorkspaceError: every file that cannot be understood, with its line.
    """
    problems: list[Problem] = []
    charts: dict[ChartName, Chart] = {}
    unread_umbrellas: set[str] = set()
    for folder in chart_folders(config.root, config.chart_folders):
        if (unnamed := odd_name(folder)) is not None:
            problems.append(unnamed)
            continue
        try:
            chart = read_chart(config.root, folder, config.profile, config.annotation_prefix)
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
    if config.profile.asks(unread.RULE):
        problems.extend(unread.check(config.root, config.environments, config.chart_folders, config.file))
    if not charts and not problems:
        first = config.chart_folders[0]
        hint = "./inv new SERVICE" if config.profile.vocabulary else f"helm create {first}/NAME"
        problems.append(Problem(where=first, fact="there is no chart", hint=hint, rule="chart.none"))
    if config.profile.vocabulary and not any(chart.kind is ChartKind.LIBRARY for chart in charts.values()):
        problems.extend(without_library(config, charts.values()))
    if problems:
        raise WorkspaceError(explained(config, problems))
    return Workspace(
        root=config.root,
        charts=charts,
        environments=environments,
        profile=config.profile,
        chart_folders=config.chart_folders,
        registry=config.registry.base,
    )


def without_library(config: Config, charts: Iterable[Chart]) -> Iterator[Problem]:
    """The library chart is missing, and charts need it: each umbrella, and a schema that names its fragments."""
    needing = [
        chart.folder
        for chart in charts
        if chart.kind is ChartKind.UMBRELLA or b".json" in chart.files.get("values.schema.json", b"")
    ]
    if needing and not (config.root / LIBRARY).exists():
        yield Problem(
            where=LIBRARY,
            fact="is missing: the schemas of values are composed from its schemas/",
            evidence=(f"needed by {', '.join(needing)}",),
            hint=f"git checkout {LIBRARY}; for charts without this library: profile = 'plain' in {config.file}",
            rule="chart.missing",
        )


def explained(config: Config, problems: Sequence[Problem]) -> list[Problem]:
    """The problems, with the unfinished merge in place of what is wrong with its files."""
    tops = (*config.chart_folders, "values")
    marks = [found for top in tops for found in conflict_problems(config.root, top)]
    unfinished = {mark.where.partition(":")[0] for mark in marks}
    return [*marks, *(problem for problem in problems if problem.where.partition(":")[0] not in unfinished)]


def chart_folders(root: Path, parents: Sequence[str] = CHART_FOLDERS) -> Iterator[str]:
    """Every folder under charts/ and umbrella/, or under other parents, by name, relative to the root."""
    for parent in parents:
        if (root / parent).is_dir():
            with os.scandir(root / parent) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
            yield from (f"{parent}/{name}" for name in names)
