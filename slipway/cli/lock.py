"""`lock`: resolve the Python dependencies again, and write locks/."""

from __future__ import annotations

from slipway.cli.ending import Result
from slipway.context import Context
from slipway.toolchain import groups, locks


def lock(context: Context, *, upgrade: bool) -> Result:
    """Resolve every group.

    Raises:
        ToolFailed: uv cannot be installed, or the requirements conflict.
    """
    uv = groups.program(context.config.root, "lock", context.progress)
    with context.progress.step("lock") as done:
        changed = locks.relock(context.config.root, context.run, uv, upgrade=upgrade)
        done(f"changed: {', '.join(changed)}" if changed else "nothing changed")
    return Result(value=changed, text="\n".join(changed) or "every lock is up to date")
