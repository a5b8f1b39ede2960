"""Runs the checks that start no process: of the workspace, of a chart, of a package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartName, Workspace
from slipway.lint.checks import ChartCheck, LintContext, PackageCheck, WorkspaceCheck, declared, lint_context


def static_problems(workspace: Workspace, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """The problems of a workspace and of some of its charts, without building them."""
    context = lint_context(workspace)
    found = list(workspace_problems(context, names))
    for name in names:
        found += chart_problems(context, workspace.charts[name])
    return tuple(sorted(set(found)))


def workspace_problems(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Problems that belong to no chart alone."""
    for check in declared(WorkspaceCheck):
        yield from collected(check.find(context, names))


def chart_problems(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """Problems of the sources of a chart."""
    for check in declared(ChartCheck):
        if chart.kind in check.kinds:
            yield from collected(check.find(context, chart))


def package_problems(context: LintContext, chart: Chart, archive: Path) -> Iterator[Problem]:
    """Problems of a package."""
    for check in declared(PackageCheck):
        yield from collected(check.find(context, chart, archive))


def collected(found: Iterator[Problem]) -> Iterator[Problem]:
    """The problems of a check; a file that cannot be parsed ends the check with problems of its own."""
    try:
        yield from found
    except WorkspaceError as error:
        yield from error.problems
