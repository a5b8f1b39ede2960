"""What a newer release of the platform brings: the changes of each chart, and the steps that a person must take. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.core.model import Chart, ChartKind, ChartName
from slipway.lint.notes import sections
from slipway.versioning import changelog
from slipway.workspace.chart_folder import CHANGELOG, NOTES


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new in one chart."""

    chart: str
    before: str
    """Its version before; empty for a new chart."""
    after: str
    """Its version now; empty for one that is gone."""
    items: tuple[str, ...]
    steps: tuple[str, ...]
    """What notes.md says of upgrades that it did not say before."""

    @property
    def title(self) -> str:
        """The heading of its part."""
        if not self.before:
            return f"{self.chart} {self.after}, new"
        return f"{self.chart} {self.before} → {self.after}" if self.after else f"{self.chart} {self.before}, removed"


def news(before: Mapping[ChartName, Chart], after: Mapping[ChartName, Chart]) -> tuple[News, ...]:
    """The charts that differ between two revisions, services first, then umbrellas and the library."""
    order = {ChartKind.SERVICE: 0, ChartKind.UMBRELLA: 1, ChartKind.LIBRARY: 2}
    names = sorted({*before, *after}, key=lambda name: (order[(after.get(name) or before[name]).kind], name))
    found = (between(before.get(name), after.get(name)) for name in names)
    return tuple(one for one in found if one is not None)


def between(before: Chart | None, after: Chart | None) -> News | None:
    """What is new in a chart; None when nothing is."""
    old, new = (lines_of(chart) for chart in (before, after))
    versions = tuple(chart.version if chart else "" for chart in (before, after))
    known = {line for lines in old.values() for line in lines}
    items = tuple(line for version, lines in new.items() if version not in old for line in lines if line not in known)
    steps = tuple(step for step in steps_of(after) if step not in steps_of(before)) if before and after else ()
    if versions[0] == versions[1] and not steps:
        return None
    some = after or before
    assert some is not None
    return News(chart=str(some.name), before=versions[0], after=versions[1], items=items, steps=steps)


def lines_of(chart: Chart | None) -> dict[str, tuple[str, ...]]:
    """Version → its items in the changelog."""
    text = chart.beside.get(CHANGELOG, b"").decode("utf-8") if chart else ""
    return {
        section.version: tuple(line for lines in section.groups().values() for line in lines)
        for section in changelog.parse(text).sections
    }


def steps_of(chart: Chart | None) -> tuple[str, ...]:
    """The points below Upgrades in notes.md."""
    text = chart.beside.get(NOTES, b"").decode("utf-8") if chart else ""
    steps: list[str] = []
    for line in sections(text).get("Upgrades", "").splitlines():
        if line.startswith("- "):
            steps.append(line)
        elif steps and line.strip():
            steps[-1] += f" {line.strip()}"
    return tuple(steps)


def text(found: Sequence[News]) -> str:
    """By service, as a list that people read."""
    lines: list[str] = []
    for one in found:
        lines += [one.title, *(f"    {line}" for line in one.items)]
    steps = [f"    {one.chart}: {step.removeprefix('- ')}" for one in found for step in one.steps]
    return "\n".join([*lines, *(["Steps for you:", *steps] if steps else [])])
