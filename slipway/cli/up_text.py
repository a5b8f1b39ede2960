"""What `up` prints: the steps with their states, then addresses and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slipway.docs.source.logins import Login
from slipway.up import steps
from slipway.up.left import Left
from slipway.up.steps import State
from slipway.util.terminal import Part, Step, table

SIGN = {State.DONE: "✔", State.TO_DO: "·", State.BLOCKED: "✘", State.UNKNOWN: "·"}
"""A sign beside the word, never instead of it."""


def plain(step: steps.Step) -> dict[str, object]:
    """A step as JSON has it."""
    fields: dict[str, object] = {"name": step.name, "state": step.state, "fact": step.fact, "action": step.action}
    return {**fields, "commands": step.commands, "problems": step.error.problems if step.error else ()}


def preview_text(found: Sequence[steps.Step]) -> Iterator[Part]:
    """The steps with their states, what a person must do, and the command of each."""
    rows = ((SIGN[step.state], step.name, str(step.state), step.fact, step.action or "-") for step in found)
    yield table(("", "STEP", "STATE", "FOUND", "WOULD"), rows)
    for step in found:
        if step.error is not None:
            yield from map(str, step.error.problems)
    yield "Each step alone:"
    for step in found:
        yield from (Step(command=command, purpose=step.name) for command in step.commands)


def outcome_text(addresses: Sequence[Login], rest: Sequence[Left]) -> Iterator[Part]:
    """Where the services are, and what is left to do."""
    rows = ((one.member.title, one.address, one.first.replace("`", "")) for one in addresses)
    yield table(("SERVICE", "ADDRESS", "FIRST LOGIN"), rows)
    yield "Left to do:"
    for one in rest:
        note = " (optional)" if one.optional else ""
        yield Step(command=one.command, purpose=f"{one.what}{note}") if one.command else f"    {one.what}{note}"
