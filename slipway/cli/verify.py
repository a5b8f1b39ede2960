"""`verify`: every pin against its signature, the registry and its source."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.config import SigningMode
from slipway.context import Context
from slipway.core.errors import AlreadyPublished, BuildError, Problem, ProblemsFound
from slipway.release import verify as verifying
from slipway.release.verify import Verified
from slipway.util.terminal import Part, Text, table
from slipway.util.text import counted
from slipway.workspace.pinned import read_pins

MOVED = "verify.moved"


def verify(context: Context, env: str) -> Result:
    """Verify the pins of one environment, or of every one that has pins.

    Raises:
        WorkspaceError: there are no pins, or they are of another registry than the settings.
        RegistryError: the registry does not answer.
    """
    found = verifying.verify(context, environments(context, env))
    problems = tuple(dict.fromkeys(problem for one in found for problem in one.problems))
    return Result(value=found, text=text(found, context.config.signing.mode), error=error(problems))


def environments(context: Context, env: str) -> tuple[str, ...]:
    """The named environment; without a name all that have pins, or the first."""
    every = context.config.environments
    if env or not every:
        return (arguments.environment(context, env),)
    return tuple(name for name in every if read_pins(context.config, name)[1]) or every[:1]


def error(problems: Sequence[Problem]) -> BuildError | None:
    """What the task ends with: a version that was moved is a conflict, anything else a problem."""
    if not problems:
        return None
    return AlreadyPublished(problems) if any(one.rule == MOVED for one in problems) else ProblemsFound(problems)


def text(found: Sequence[Verified], mode: SigningMode) -> Text:
    """A line for each pin, then what it means."""
    rows = (("✘" if one.problems else "✔", one.environment, one.umbrella, one.version, *checks(one)) for one in found)
    lines: list[Part] = [
        table(("", "ENVIRONMENT", "UMBRELLA", "VERSION", "SIGNATURE", "REGISTRY", "REBUILT", "FROM"), rows)
    ]
    bad = sum(bool(one.problems) for one in found)
    lines.append(f"{len(found) - bad} of {counted(len(found), 'pin')} verified.")
    if mode is SigningMode.OFF:
        lines.append("Signatures are off: signing in pyproject.toml.")
    return lines


def checks(one: Verified) -> tuple[str, ...]:
    """The columns of what was found out."""
    return one.signature, one.registry, str(one.rebuilt), one.source
