"""`helm lint --strict` and `ct lint` over staged copies: their output as problems."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from slipway import parallel
from slipway.errors import Problem
from slipway.model import Chart
from slipway.tools.ct import ChartTesting
from slipway.tools.helm import Helm, lint_args
from slipway.tools.run import Completed, tail

HEADING = re.compile(r"^==> Linting (.+)$")
FINDING = re.compile(r"^\[(ERROR|WARNING)\] (.*)$")
RENDERED = re.compile(r"parse error at|unable to parse YAML|execution error at|error calling|nil pointer")
PROCESSES = 2
"""ct works on one chart after the other, so the charts are split."""

Folders = Mapping[Path, Chart]
"""Staged folder → chart."""


def helm_lint(helm: Helm, folders: Folders, kube_version: str) -> Iterator[Problem]:
    """One process for all charts; helm names the chart before its findings."""
    if folders:
        done = helm(*lint_args(list(folders), kube_version), ok_codes=None)
        if done.code:
            yield from findings(done, folders, "helm.lint", "helm lint")


def ct_lint(ct: ChartTesting, folders: Folders, told: Iterable[Problem] = ()) -> Iterator[Problem]:
    """`ct lint`, two processes at a time; what `helm lint` told already is not told again."""
    known = {(problem.where, problem.fact.partition(": ")[2]) for problem in told}
    paths = list(folders)
    shares = [share for start in range(PROCESSES) if (share := paths[start::PROCESSES])]

    def lint(share: Sequence[Path]) -> Completed:
        return ct.lint(share)

    for done in parallel.each(lint, shares, PROCESSES):
        if done.code:
            for problem in findings(done, folders, "ct.lint", "ct lint"):
                if (problem.where, problem.fact.partition(": ")[2]) not in known:
                    yield problem


def findings(done: Completed, folders: Folders, rule: str, program: str) -> Iterator[Problem]:
    """Errors and warnings below the heading of each chart; the last lines when nothing is recognised."""
    charts = {str(folder): chart for folder, chart in folders.items()}
    chart: Chart | None = None
    found: list[Problem] = []
    hidden = False
    for line in f"{done.stdout}\n{done.stderr}".splitlines():
        if heading := HEADING.match(line.strip()):
            chart = charts.get(heading.group(1).strip())
        elif (match := FINDING.match(line)) and chart is not None:
            if RENDERED.search(line):
                hidden = True  # the renders say it too, with the line
                continue
            found.append(Problem(where=chart.folder, fact=f"{program}: {clean(match.group(2), chart)}", rule=rule))
    said = tail(done.stdout + "\n" + done.stderr, 12)
    yield from dict.fromkeys(
        found or [] if hidden else found or [Problem(where=program, fact="fails", evidence=said, rule=rule)]
    )


def clean(text: str, chart: Chart) -> str:
    """A finding that names files as the repository does."""
    return re.sub(rf"\({re.escape(chart.name)}/", f"({chart.folder}/", text.strip())


def with_ci(folder: Path, chart: Chart, root: Path, scratch: Path) -> Path:
    """A staged copy that ct can lint: with the chart's ci/ values, which packages do not carry."""
    files = sorted((root / chart.folder).glob("ci/*-values.yaml"))
    if not files:
        return folder
    copy = scratch / chart.name
    shutil.copytree(folder, copy)
    (copy / "ci").mkdir()
    for path in files:
        shutil.copyfile(path, copy / "ci" / path.name)
    return copy
