"""Runs the checks that start no process: of the workspace, of a chart, of a package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartName, Workspace
from slipway.lint.checks import ChartCheck, LintContext, PackageCheck, WorkspaceCheck, declared, lint_context

C = TypeVar("C", WorkspaceCheck, ChartCheck, PackageCheck)


def static_problems(workspace: Workspace, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """The problems of a workspace and of some of its charts, without building them."""
    context = lint_context(workspace)
    found = list(workspace_problems(context, names))
    for name in names:
        found += chart_problems(context, workspace.charts[name])
    return tuple(sorted(set(found)))


def workspace_problems(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Problems that belong to no chart alone."""
    for check in asked(context, WorkspaceCheck):
        yield from collected(context, check.find(context, names))


def chart_problems(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """Problems of the sources of a chart."""
    for check in asked(context, ChartCheck):
        if chart.kind in check.kinds:
            yield from collected(context, check.find(context, chart))


def package_problems(context: LintContext, chart: Chart, archive: Path) -> Iterator[Problem]:
    """Problems of a package."""
    for check in asked(context, PackageCheck):
        yield from collected(context, check.find(context, chart, archive))


def asked(context: LintContext, kind: type[C]) -> Iterator[C]:
    """The checks of a kind with a rule that the profile asks for; one without rules of its own calls those of others."""
    profile = context.workspace.profile
    for check in declared(kind):
        if not check.rules or any(profile.asks(rule.identifier) for rule in check.rules):
            yield check


def collected(context: LintContext, found: Iterator[Problem]) -> Iterator[Problem]:
    """The problems of a check whose rules the profile asks for; a file that cannot be parsed ends it with its own."""
    profile = context.workspace.profile
    try:
        yield from (problem for problem in found if profile.asks(problem.rule))
    except WorkspaceError as error:
        yield from profile.kept(error.problems)
