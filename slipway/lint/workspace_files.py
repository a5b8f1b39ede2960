"""Checks of other packages, as checks of the workspace: Chart.yaml files, packaged values, SealedSecrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName
from slipway.lint.checks import LintContext, workspace_check
from slipway.secrets import store
from slipway.secrets.sealed_secret import SEALED_FILE
from slipway.workspace import environments, graph


@workspace_check()
def chart_graph(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Chart.yaml files against each other."""
    yield from graph.check(context.workspace)


@workspace_check()
def packaged_values(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Values of the environments that cannot be added to the umbrellas' packages."""
    for umbrella in context.workspace.umbrellas:
        try:
            environments.environment_files(context.workspace, umbrella)
        except WorkspaceError as error:
            yield from error.problems


@workspace_check(SEALED_FILE)
def sealed_files(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    yield from store.sealed_file_problems(context.workspace)
