"""`crds`: the custom resource definitions that are generated from Go types."""

from __future__ import annotations

from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.toolchain import crds as definitions
from slipway.util.text import counted


def crds(context: Context, *, check: bool) -> Result:
    """Generate the definitions, or only compare them.

    Raises:
        ProblemsFound: `check` found files that differ from the generated ones.
        ToolFailed: controller-gen cannot be built, or failed.
    """
    root = context.config.root
    context.toolbox.ensure(("controller-gen",))
    with context.progress.step("crds") as done:
        problems = definitions.check(root, context.run, context.toolbox) if check else ()
        changed = () if check else definitions.generate(root, context.run, context.toolbox)
        differ = f"{counted(len(problems), 'file')} differ" if problems else "nothing changed"
        done(f"wrote {', '.join(changed)}" if changed else differ)
    if problems:
        raise ProblemsFound(problems)
    return Result(value=changed, text="\n".join(changed) or "every definition is up to date")
