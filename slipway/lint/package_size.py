"""The size of a package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipway.build.archive import MAX_BYTES
from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, package_check

PACKAGE_SIZE = Rule("package.size", "A package fits into the Secret in which Helm stores a release.")


@package_check(PACKAGE_SIZE)
def package_size(context: LintContext, chart: Chart, archive: Path) -> Iterator[Problem]:
    """A package above the limit. Argo CD stores no release of an umbrella, whose size is that of all its members."""
    size = archive.stat().st_size
    if size > MAX_BYTES and chart.kind is not ChartKind.UMBRELLA:
        fact = f"the package has {size:,} bytes, more than {MAX_BYTES:,}"
        hint = "Helm stores a release in one Secret of 1 MiB: move data out of the chart"
        yield PACKAGE_SIZE.problem(where=chart.folder, fact=fact, hint=hint)
