"""What of a chart is rendered, and helm's refusals as problems that name the chart, the values and the template's line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.build.builder import Builder
from slipway.build.render import Request
from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.workspace import environments, graph

DEFAULTS = "its own values"
ALL_OFF = "every member off"

PLACE = re.compile(r"([A-Za-z0-9._/-]+/(?:templates|charts)/[A-Za-z0-9._/-]+\.(?:yaml|yml|tpl|txt)):(\d+)")
YAML_PLACE = re.compile(r"YAML parse error on ([^:\s]+):")
FACTS = (
    (re.compile(r"execution error at \([^)]*\): (.+)"), "{}"),
    (re.compile(r"parse error at \([^)]*\): (.+)"), "is not a template: {}"),
    (
        re.compile(r"YAML parse error on \S+: (?:error converting YAML to JSON: yaml: )?(.+)"),
        "renders what is not YAML: {}",
    ),
    (re.compile(r"at (<.+>: .+)"), "fails at {}"),
)
"""Error of helm → fact; the first that matches."""
SCHEMA = "values don't meet the specifications of the schema"
NOISE = "Use --debug flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderCase:
    """One render of a chart."""

    chart: Chart
    label: str
    """Which values: `DEFAULTS`, a ci file, an environment, or `ALL_OFF`."""
    values_file: str
    """The file that a person would edit; empty for the chart's own values."""
    request: Request

    @property
    def where(self) -> str:
        """What an error about the whole render names."""
        return self.values_file or f"{self.chart.folder}/values.yaml"


def cases_of(builder: Builder, chart: Chart) -> tuple[RenderCase, ...]:
    """Every render of a chart; a library renders nothing by itself.

    A service renders as in its umbrella, so that names and namespace are those that the cluster will see.
    """
    if chart.kind is ChartKind.LIBRARY:
        return ()
    return tuple(_cases(builder, chart, release_of(builder.workspace, chart)))


def release_of(workspace: Workspace, chart: Chart) -> str:
    """Release and namespace that a chart is rendered with: its umbrella's name."""
    if chart.kind is ChartKind.UMBRELLA:
        return chart.name
    return next((umbrella.name for umbrella in graph.umbrellas_with(workspace, chart.name)), chart.name)


def _cases(builder: Builder, chart: Chart, release: str) -> Iterator[RenderCase]:
    folder, digest = builder.staged(chart.name), str(builder.digests[chart.name])
    root = builder.workspace.root

    def case(label: str, file: str = "", values: tuple[Path, ...] = (), settings: tuple[str, ...] = ()) -> RenderCase:
        request = Request(
            chart=folder, digest=digest, release=release, namespace=release, values=values, settings=settings
        )
        return RenderCase(chart=chart, label=label, values_file=file, request=request)

    yield case(DEFAULTS)
    for path in chart.variations:
        yield case(path, f"{chart.folder}/{path}", (root / chart.folder / path,))
    if chart.kind is ChartKind.UMBRELLA:
        for name, environment in builder.workspace.environments.items():
            file = environment.namespaces.get(chart.name, environment.platform).path
            yield case(name, file, (folder / environments.file_name(name),))
        yield case(ALL_OFF, settings=tuple(f"{member.key}.enabled=false" for member in chart.dependencies))


def problems_of(case: RenderCase, error: str, workspace: Workspace) -> Iterator[Problem]:
    """helm's refusal of a render."""
    lines = [line for line in error.replace(NOISE, "\0").partition("\0")[0].strip().splitlines() if line.strip()]
    if SCHEMA in error:
        yield Problem(
            where=case.where,
            fact=f"helm refuses the values with {case.label}",
            evidence=tuple(lines[1:]),
            rule="render.schema",
        )
        return
    yield Problem(
        where=place_of(error, workspace.charts) or case.chart.folder,
        fact=fact_of(lines),
        evidence=(f"rendered {case.chart.name} with {case.label}",),
        rule="render.template",
    )


def fact_of(lines: Sequence[str]) -> str:
    """The fact of helm's error, without the places."""
    text = " ".join(line.strip() for line in lines).removeprefix("Error: ")
    for pattern, form in FACTS:
        if match := pattern.search(text):
            return form.format(match.group(1).strip())
    return text or "helm template fails"


def merged(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The same fact at the same place is one problem, with every set of values that shows it."""
    together: dict[tuple[str, str, str], Problem] = {}
    for problem in problems:
        key = (problem.where, problem.fact, problem.rule)
        earlier = together.get(key)
        seen = earlier.evidence if earlier else ()
        evidence = (*seen, *(line for line in problem.evidence if line not in seen))
        together[key] = replace(problem, evidence=evidence)
    return tuple(together.values())


def place_of(error: str, charts: Mapping[ChartName, Chart]) -> str:
    """`folder/templates/file:line` of the innermost template that an error names, in the sources; empty if none."""
    places = PLACE.findall(error)
    if not places and (match := YAML_PLACE.search(error)):
        return source_of(match.group(1), charts)
    if not places:
        return ""
    path, line = places[-1]
    source = source_of(path, charts)
    return f"{source}:{line}" if source else ""


def source_of(path: str, charts: Mapping[ChartName, Chart]) -> str:
    """A template's path as helm names it → its path in the repository."""
    chart, _, rest = path.rpartition("/charts/")[2].partition("/")
    found = charts.get(ChartName(chart))
    return f"{found.folder}/{rest}" if found else path
