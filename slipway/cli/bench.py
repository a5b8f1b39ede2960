"""`bench`: the release, measured against the loop that a user would write instead."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

from slipway.cli.ending import Result
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import Problem, ToolFailed
from slipway.tools.run import Command
from slipway.util.terminal import Text, table

REPORT = "bench.json"
"""Below build/: what the benchmark measured."""

TARGETS = (
    ("no change, this repository", "≤ 0.3 s"),
    ("no change against the loop, 100 charts", "≥ 50 times"),
    ("one change", "≤ 3 s"),
    ("one change, 300 charts against 10", "≤ 1.3 times"),
    ("cold release against the loop", "≥ 3 times"),
)

HEAD = ("MONOREPO", "CHARTS", "NO CHANGE s", "ONE CHANGE s", "COLD s", "LOOP s", "LOOP / NO CHANGE", "LOOP / COLD")


def bench(context: Context, *, quick: bool) -> Result:
    """Run the benchmark, a program of its own.

    Raises:
        ToolFailed: it failed.
    """
    tools = context.toolbox.ensure(RELEASE_TOOLS)
    folders = dict.fromkeys(str(path.parent) for path in tools.values())
    report = context.config.build / REPORT
    argv = (sys.executable, "-m", "testing.bench", str(report), *(("--quick",) if quick else ()))
    path = os.pathsep.join([*folders, context.environ.get("PATH", os.defpath)])
    # Beside the package, whichever checkout is measured.
    command = Command(
        argv=argv, cwd=context.toolbox.home, env={"PATH": path}, ok_codes=None, on_line=context.progress.say
    )
    if code := context.run(command).code:
        raise ToolFailed(Problem(where="testing.bench", fact=f"exit code {code}", hint="./inv doctor"))
    measured = json.loads(report.read_text(encoding="utf-8"))
    return Result(value=measured, text=text(measured))


def text(measured: Sequence[Mapping[str, float | str]]) -> Text:
    """The measurements as a table, and the targets."""

    def ratio(item: Mapping[str, float | str], key: str) -> str:
        value = float(item["loop"]) / float(item[key])
        return "-" if not value else f"{value:.0f} x" if value >= 10 else f"{value:.1f} x"

    rows = [
        (
            str(item["name"]),
            str(item["charts"]),
            *(f"{float(item[key]):.2f}" for key in ("no_change", "one_change", "cold")),
            f"{float(item['loop']):.2f}" if item["loop"] else "-",
            ratio(item, "no_change"),
            ratio(item, "cold"),
        )
        for item in measured
    ]
    return (table(HEAD, rows), "targets:", *(f"    {what}: {target}" for what, target in TARGETS))
