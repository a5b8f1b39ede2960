"""`docs build|serve|generate|examples`: the site, the READMEs of the charts, and the schemas for editors."""

from __future__ import annotations

from slipway import docs as pages
from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context

ACTIONS = ("build", "serve", "generate", "examples")


def docs(context: Context, action: str) -> Result:
    """Run an action.

    Raises:
        WorkspaceError: the action is unknown.
        BuildError: the site cannot be built.
    """
    arguments.one_of("ACTION", action, ACTIONS)
    if action == "generate":
        changed = pages.generate(context)
        return Result(value=changed, text="\n".join(changed) or "every README is up to date")
    if action == "examples":
        found = pages.list_examples(context)
        return Result(value=found, text=found)
    if action == "serve":
        pages.serve(context)
    else:
        pages.build(context)
    return Result(value=None, text="")
