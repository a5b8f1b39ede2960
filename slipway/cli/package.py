"""`package`: archives below build/packages."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.registry.publish import manifest_of
from slipway.util.terminal import table
from slipway.util.text import counted
from slipway.workspace import graph

HEAD = ("CHART", "VERSION", "MANIFEST", "ARCHIVE")


def package(context: Context, only: str) -> Result:
    """Stage and pack charts.

    Raises:
        ProblemsFound: a chart cannot be packed.
    """
    names = arguments.charts(context, only) or graph.order(context.workspace)
    context.require_sound()
    with context.progress.step("package") as done:
        built, problems = context.builder().build(names)
        done(counted(len(built), "chart"))
    if problems:
        raise ProblemsFound(problems)
    packed = [
        {
            "chart": str(name),
            "version": built[name].archive.version,
            "manifest": str(manifest_of(built[name].archive)[1]),
            "archive": built[name].archive.path.relative_to(context.config.root).as_posix(),
        }
        for name in names
    ]
    return Result(value=packed, text=table(HEAD, (tuple(item.values()) for item in packed)))
