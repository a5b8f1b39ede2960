"""Which Kubernetes versions a chart supports, by its `kubeVersion`. Pure.

helm reads `kubeVersion` as a constraint of Masterminds' semver; what is read here is the part of it that says where a range
begins and ends: comparisons, separated by spaces or commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from slipway.core.errors import Problem
from slipway.core.model import Chart
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.lint.kube_schemas import known_versions
from slipway.versioning.levels import numbers

KUBE_VERSION = Rule(
    "chart.kube-version", "kubeVersion is a range of comparisons that includes a Kubernetes version with known schemas."
)

COMPARISON = re.compile(r"(>=|<=|>|<|=)\s*v?(\d+)\.(\d+)(?:\.(\d+))?(?:-[0-9A-Za-z.-]+)?")
RANGE = re.compile(rf"\s*{COMPARISON.pattern}(?:[\s,]+{COMPARISON.pattern})*\s*")

Release = tuple[int, ...]
"""Major, minor and patch."""


def minor(version: str) -> str:
    """`1.37.0` → `1.37`."""
    return version.rpartition(".")[0]


def supports(constraint: str, version: str) -> bool:
    """Whether a range has a version.

    Pre-releases count as their release: `>=1.33.0-0` begins with 1.33.0, as the suffix is there to accept k3s' `v1.33.1+k3s1`.
    """
    wanted = numbers(version)
    return all(
        compares(operator, wanted, (int(major), int(minor), int(patch or 0)))
        for operator, major, minor, patch in COMPARISON.findall(constraint)
    )


def range_of(chart: Chart) -> str:
    """`kubeVersion` of a chart as far as it can be read here; empty for any other constraint, such as `^1.30`."""
    constraint = str(chart.metadata.get("kubeVersion", ""))
    return constraint if RANGE.fullmatch(constraint) else ""


def compares(operator: str, version: Release, bound: Release) -> bool:
    """One comparison."""
    match operator:
        case ">=":
            return version >= bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case "<":
            return version < bound
        case _:
            return version == bound


def versions_to_check(configured: str, known: Iterable[str]) -> tuple[str, ...]:
    """The configured version first, then one of each other minor version that has schemas, the oldest first."""
    return (configured, *(version for version in known if minor(version) != minor(configured)))


def spelled_out(minors: Sequence[str]) -> str:
    """`1.33`, `1.33 and 1.34`, `1.33 to 1.36`, for minor versions in order."""
    if len(minors) < 3:
        return " and ".join(minors)
    first, last = (int(text.rpartition(".")[2]) for text in (minors[0], minors[-1]))
    if last - first == len(minors) - 1:
        return f"{minors[0]} to {minors[-1]}"
    return f"{', '.join(minors[:-1])} and {minors[-1]}"


@chart_check(KUBE_VERSION)
def kube_version_problems(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """A range that cannot be read, or that has no version whose schemas could be asked."""
    constraint = str(chart.metadata.get("kubeVersion", ""))
    where, hint = f"{chart.folder}/Chart.yaml: kubeVersion", 'kubeVersion: ">=1.33.0-0"'
    known = context.once(lambda _: known_versions())
    if constraint and not RANGE.fullmatch(constraint):
        yield KUBE_VERSION.problem(where=where, fact=f"is not a range of comparisons: {constraint!r}", hint=hint)
    elif constraint and known and not any(supports(constraint, version) for version in known):
        yield KUBE_VERSION.problem(
            where=where,
            fact=f"{constraint!r} includes no Kubernetes version whose schemas are known",
            evidence=(f"known are {spelled_out([minor(version) for version in known])}",),
            hint=hint,
        )
