"""`ct lint` over staged charts, with its output as problems.

ct runs `helm lint --strict` on each chart with each of its ci values files, so there is no separate `helm lint`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slipway.core.errors import Problem
from slipway.core.model import Chart
from slipway.core.rules import Rule
from slipway.tools.ct import ChartTesting
from slipway.tools.helm import Call, lint_args
from slipway.tools.run import Completed, tail

HELM_LINT = Rule("helm.lint", "helm lint --strict finds nothing.")
CT_LINT = Rule("ct.lint", "ct lint finds nothing.")

HEADING = re.compile(r"^==> Linting (.+)$")
FINDING = re.compile(r"^\[(ERROR|WARNING)\] (.*)$")
RENDER_ERROR = re.compile(r"parse error at|unable to parse YAML|execution error at|error calling|nil pointer")
"""Errors that the renders report too, with the line in the sources."""

Folders = Mapping[Path, Chart]
"""Staged folder → chart."""


def calls_of(ct: ChartTesting, folders: Folders) -> list[Call]:
    """The calls of `helm lint` that ct makes for some charts."""
    return [
        lint_args(folder, kube_version=ct.kube_version, values=values)
        for folder in folders
        for values in (*sorted(folder.glob("ci/*-values.yaml")),) or (None,)
    ]


def run_ct_lint(ct: ChartTesting, folders: Folders, linted: Sequence[Completed], scratch: Path) -> tuple[Problem, ...]:
    """The findings of `ct lint`; there are none when the renders report its errors.

    Args:
        ct: which asks for `helm lint` one chart after the other.
        folders: what is linted.
        linted: how the calls of `calls_of` ended.
        scratch: a folder that is not there yet.
    """
    done = ct.lint(list(folders), linted, scratch)
    return tuple(findings(done, folders)) if done.code else ()


def findings(done: Completed, folders: Folders) -> Iterator[Problem]:
    """Errors and warnings of helm lint for each chart; the last lines of the output when none is recognised."""
    charts = {str(folder): chart for folder, chart in folders.items()}
    chart: Chart | None = None
    found: list[Problem] = []
    has_render_error = False
    for line in f"{done.stdout}\n{done.stderr}".splitlines():
        if heading := HEADING.match(line.strip()):
            chart = charts.get(heading.group(1).strip())
        elif (match := FINDING.match(line)) and chart is not None:
            if RENDER_ERROR.search(line):
                has_render_error = True
            else:
                fact = f"helm lint: {with_source_paths(match.group(2), chart)}"
                found.append(HELM_LINT.problem(where=chart.folder, fact=fact))
    if found or has_render_error:
        yield from dict.fromkeys(found)
        return
    yield CT_LINT.problem(where="ct lint", fact="fails", evidence=tail(done.stdout + "\n" + done.stderr, 12))


def with_source_paths(text: str, chart: Chart) -> str:
    """A finding with paths in the repository."""
    return re.sub(rf"\({re.escape(chart.name)}/", f"({chart.folder}/", text.strip())


def with_ci_values(folder: Path, chart: Chart, scratch: Path) -> Path:
    """The staged chart with its ci/ values, which packages do not contain but ct needs."""
    if not chart.variations:
        return folder
    copy = scratch / chart.name
    shutil.copytree(folder, copy)
    (copy / "ci").mkdir()
    for path, text in chart.variations.items():
        (copy / path).write_bytes(text)
    return copy
