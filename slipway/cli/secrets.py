"""`secrets`: every secret of an environment, who provides it, and the commands for what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.core.model import SEALING_CERTIFICATE
from slipway.release.secrets import Listing, listing, problems
from slipway.secrets import inventory
from slipway.util.terminal import Part, Step, Text, table
from slipway.util.text import being, counted

SHOWN = 4
"""Keys of a secret that the table names; its command and the JSON have all of them."""


def secrets(context: Context, env: str, only: str, *, check: bool) -> Result:
    """List the secrets; with `check`, those that are missing are problems.

    Raises:
        ProblemsFound: a chart cannot be built, or a SealedSecret cannot be parsed.
        ToolFailed: an umbrella cannot be rendered.
    """
    found = listing(context, arguments.environment(context, env), arguments.charts(context, only))
    missing = problems(found) if check else ()
    return Result(value=found, text=text(found), error=ProblemsFound(missing) if missing else None)


def text(made: Listing) -> Text:
    """The table, and the commands that provide what is missing: what is required first, what is optional apart from it."""
    lines: list[Part] = [
        table(
            ("", "SECRET", "KEYS", "MADE BY", "READ BY"),
            (
                (
                    sign(entry),
                    f"{entry.namespace}/{entry.name}",
                    brief(entry.keys),
                    entry.producer or "nobody",
                    ", ".join(dict.fromkeys(map(short, entry.readers))) or "-",
                )
                for entry in made.secrets
            ),
        )
    ]
    optional = tuple(entry for entry in made.secrets if entry.missing and entry.optional)
    missing = len(made.missing)
    if missing:
        lines.append(
            f"{missing} of {counted(len(made.secrets), 'secret')} {being(missing)} missing in {made.environment}:"
        )
        lines += to_do(made, made.missing)
    else:
        lines.append(f"{'No required secret' if optional else 'Nothing'} is missing in {made.environment}.")
    if optional:
        lines.append(f"{counted(len(optional), 'optional secret')} {being(len(optional))} not sealed:")
        lines += to_do(made, optional) if not missing else steps(optional)
    return lines


def sign(entry: inventory.SecretEntry) -> str:
    """Whether it exists, is optional or is missing."""
    if not entry.missing:
        return "✔"
    return "- optional" if entry.optional else "✘ missing"


def brief(keys: Sequence[str]) -> str:
    """Keys in a column: the first ones, and the number of the others."""
    shown = keys if len(keys) <= SHOWN else keys[: SHOWN - 1]
    more = (f"{len(keys) - len(shown)} more",) if len(keys) > len(shown) else ()
    return ", ".join((*shown, *more)) or "-"


def short(reader: str) -> str:
    """Workload and container, or the object."""
    item, _, place = reader.partition(", ")
    container, sign, _ = place.partition(": ")
    return f"{item}/{container}" if sign else item


def to_do(made: Listing, wanted: Sequence[inventory.SecretEntry]) -> Iterator[Step]:
    """The commands that seal these secrets, behind the one that they need first."""
    if not made.certificate:
        where = f"values/{made.environment}/{SEALING_CERTIFICATE}"
        yield Step(command=f"./inv seal --fetch-cert --env {made.environment}", purpose=f"{where} is missing")
    yield from steps(wanted)


def steps(wanted: Sequence[inventory.SecretEntry]) -> Iterator[Step]:
    """A command for each secret."""
    return (Step(command=entry.command, purpose=entry.purpose) for entry in wanted)
