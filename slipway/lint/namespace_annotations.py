"""The annotations of an umbrella's Chart.yaml that describe its namespace."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.workspace.annotations import RULE, check

ANNOTATION = Rule(RULE, "The annotations of an umbrella that describe its namespace match their schema.")


@chart_check(ANNOTATION, kinds=[ChartKind.UMBRELLA])
def namespace_annotations(context: LintContext, chart: Chart) -> Iterator[Problem]:
    yield from check(chart)
