"""`ct lint` over staged copies, which runs `helm lint --strict` on each with each of its values files: output as problems.

A `helm lint` of our own would only say everything twice: ct starts the same program with the same arguments.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slipway.core.errors import Problem
from slipway.core.model import Chart
from slipway.tools.ct import ChartTesting
from slipway.tools.run import Completed, tail
from slipway.util import parallel

HEADING = re.compile(r"^==> Linting (.+)$")
FINDING = re.compile(r"^\[(ERROR|WARNING)\] (.*)$")
RENDERED = re.compile(r"parse error at|unable to parse YAML|execution error at|error calling|nil pointer")
"""What the renders find too, and say with the line in the sources."""

PROCESSES = 2
"""ct works on one chart after the other, so the charts are split."""

Folders = Mapping[Path, Chart]
"""Staged folder → chart."""


def ct_lint(ct: ChartTesting, folders: Folders) -> tuple[bool, tuple[Problem, ...]]:
    """`ct lint`, two processes at a time.

    Returns:
        Whether it accepts every chart, and its findings; it may refuse one for what only the renders can tell well.
    """
    paths = list(folders)
    shares = [share for start in range(PROCESSES) if (share := paths[start::PROCESSES])]

    def lint(share: Sequence[Path]) -> Completed:
        return ct.lint(share)

    refused = [done for done in parallel.each(lint, shares, PROCESSES) if done.code]
    return not refused, tuple(problem for done in refused for problem in findings(done, folders))


def findings(done: Completed, folders: Folders) -> Iterator[Problem]:
    """Errors and warnings of helm below the heading of each chart; the last lines when nothing is recognised."""
    charts = {str(folder): chart for folder, chart in folders.items()}
    chart: Chart | None = None
    found: list[Problem] = []
    rendered = False
    for line in f"{done.stdout}\n{done.stderr}".splitlines():
        if heading := HEADING.match(line.strip()):
            chart = charts.get(heading.group(1).strip())
        elif (match := FINDING.match(line)) and chart is not None:
            if RENDERED.search(line):
                rendered = True
            else:
                fact = f"helm lint: {clean(match.group(2), chart)}"
                found.append(Problem(where=chart.folder, fact=fact, rule="helm.lint"))
    if found or rendered:
        yield from dict.fromkeys(found)
        return
    said = tail(done.stdout + "\n" + done.stderr, 12)
    yield Problem(where="ct lint", fact="fails", evidence=said, rule="ct.lint")


def clean(text: str, chart: Chart) -> str:
    """A finding that names files as the repository does."""
    return re.sub(rf"\({re.escape(chart.name)}/", f"({chart.folder}/", text.strip())


def with_ci(folder: Path, chart: Chart, scratch: Path) -> Path:
    """A staged copy that ct can lint: with the chart's ci/ values, which packages do not carry."""
    if not chart.variations:
        return folder
    copy = scratch / chart.name
    shutil.copytree(folder, copy)
    (copy / "ci").mkdir()
    for path, text in chart.variations.items():
        (copy / path).write_bytes(text)
    return copy
