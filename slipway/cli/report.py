"""Texts that several tasks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slipway.core.errors import AlreadyPublished
from slipway.core.model import Published, Workspace
from slipway.release import plan as plans
from slipway.release.plan import Action, ChartPlan, Plan
from slipway.util.terminal import Part, Text, table
from slipway.util.text import being, counted

if TYPE_CHECKING:
    from slipway.versioning.version import Bump

MARK = {Action.PUBLISH: "+", Action.KEEP: "✔", Action.CONFLICT: "✘"}
"""A sign beside the word, never instead of it."""


def plan(made: Plan) -> Text:
    """A line for each chart that is not kept, then the pins."""
    moving = [item for item in made.charts if item.action is not Action.KEEP]
    lines: list[Part] = []
    if moving:
        lines.append(
            table(
                ("", "CHART", "VERSION", "ACTION", "REASON"),
                ((MARK[item.action], item.chart, item.version, str(item.action), reason(item)) for item in moving),
            )
        )
    kept = len(made.charts) - len(moving)
    lines.append(f"{kept} of {counted(len(made.charts), 'chart')} {being(kept)} published with this content.")
    lines += [f"deploy/{pins.environment}: {'; '.join(pins.reasons) or 'up to date'}" for pins in made.pins]
    return lines


def broken(workspace: Workspace, made: Plan) -> AlreadyPublished | None:
    """The error of a plan that finds a moved tag, a pin that the registry left, or a version that would go down."""
    found = plans.broken(workspace, made)
    return AlreadyPublished(found) if found else None


def reason(item: ChartPlan) -> str:
    """The reason for an action, with the dependencies behind it."""
    return f"{item.reason}; with {', '.join(item.because)}" if item.because else item.reason


def published(items: Sequence[Published], base: str) -> tuple[Part, ...]:
    """Charts that were published."""
    rows = ((f"  {item.name}", item.version, item.manifest) for item in items)
    return (f"Published to {base}:", table(("  CHART", "VERSION", "MANIFEST"), rows))


def bumps(made: Sequence[Bump]) -> str:
    """Raised versions, each with the evidence for it."""
    if not made:
        return "No version needs raising: everything is published with its content, or was never published."
    lines = []
    for bump in made:
        change = f"{bump.before} → {bump.after}" if bump.raised else f"{bump.after}, brought up to date"
        lines.append(f"{bump.chart} {change} ({bump.level})")
        lines += [f"    {item.level}: {item.description}" for item in bump.evidence]
        lines += [f"    wants {name} {version}" for name, version in sorted(bump.dependencies.items())]
    return "\n".join(lines)
