"""`lint`: every check over every chart, or over the named ones and what they vendor."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.docs import check_readmes
from slipway.release import checks
from slipway.util.text import counted
from slipway.workspace import graph
from slipway.workspace.conflict_marks import conflict_problems


def lint(context: Context, only: str) -> Result:
    """Check the charts, and that their READMEs are up to date.

    Raises:
        ProblemsFound: all that was found.
    """
    # A file with both sides of a merge is often none that can be read.
    if marks := tuple(conflict_problems(context.config.root)):
        raise ProblemsFound(marks)
    named = arguments.charts(context, only)
    names = graph.closure(context.workspace, list(named)) if named else graph.order(context.workspace)
    # Documentation never stops a release, so its state is checked here only.
    readmes = check_readmes(context.workspace) if context.config.profile.asks("docs.readme") else ()
    if problems := tuple(sorted({*checks.everything(context, names), *readmes})):
        raise ProblemsFound(problems)
    return Result(value={"charts": names, "problems": []}, text=f"{counted(len(names), 'chart')}, no problems")
