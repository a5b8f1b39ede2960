"""Checks of other packages: Chart.yaml files, packaged values, SealedSecrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName
from slipway.lint.checks import LintContext, chart_check, workspace_check
from slipway.secrets import store
from slipway.secrets.sealed_secret import SEALED_FILE
from slipway.workspace import environments, graph
from slipway.workspace.annotations import check as annotation_problems
from slipway.workspace.conflict_marks import CONFLICT, conflict_problems


@workspace_check()
def chart_graph(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Chart.yaml files against each other."""
    yield from graph.check(context.workspace)


@workspace_check(CONFLICT)
def conflict_marks(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    yield from conflict_problems(context.workspace.root)


@workspace_check()
def packaged_values(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Values of the environments that cannot be added to the umbrellas' packages."""
    for umbrella in context.workspace.umbrellas:
        try:
            environments.environment_files(context.workspace, umbrella)
        except WorkspaceError as error:
            yield from error.problems


@chart_check(kinds=[ChartKind.UMBRELLA])
def namespace_annotations(context: LintContext, umbrella: Chart) -> Iterator[Problem]:
    """Annotations of an umbrella's Chart.yaml."""
    yield from annotation_problems(umbrella)


@workspace_check(SEALED_FILE)
def sealed_files(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    yield from store.sealed_file_problems(context.workspace)
