"""`new`: a chart, registered in its umbrella, with its README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from slipway import docs
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.scaffold import chart


def new(context: Context, facts: Mapping[str, str]) -> Result:
    """Scaffold a chart.

    Raises:
        WorkspaceError: a fact is missing or wrong; nothing was written.
    """
    made = chart.create(context.workspace, chart.facts_of(context.workspace, **facts), datetime.now(tz=UTC).date())
    changed = context.reload()
    paths = (*made.paths, *docs.generate(changed))
    return Result(value=made, text=text(paths, made.warnings, made.next_steps))


def text(paths: Sequence[str], warnings: Sequence[str], steps: Sequence[str]) -> str:
    """The written files, and what to do next."""
    lines = [f"wrote {path}" for path in paths]
    lines += [f"note: {warning}" for warning in warnings]
    return "\n".join([*lines, "Next:", *(f"    {step}" for step in steps)])
