"""`secrets`: what an environment's rendered platform refers to, with who makes it and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway.cli.run import show
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import SEALING_CERTIFICATE, ChartName
from slipway.gitops import pins
from slipway.release import diff
from slipway.secrets import inventory, store
from slipway.util.text import being, counted, table
from slipway.workspace import environments

RULE = "secret.missing"
SHOWN = 4
"""Keys of a secret that the table names; all of them stand in its command, and in the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The secrets of an environment."""

    environment: str
    certificate: bool
    """Whether there is something to seal with."""
    secrets: tuple[inventory.Entry, ...]

    @property
    def missing(self) -> tuple[inventory.Entry, ...]:
        """What something needs and nobody provides."""
        return tuple(entry for entry in self.secrets if entry.missing and not entry.optional)


def listing(context: Context, environment: str, only: Sequence[ChartName]) -> Listing:
    """Render the umbrellas of an environment and list their secrets.

    Raises:
        ProblemsFound: a chart cannot be built, or a SealedSecret cannot be understood.
        ToolFailed: an umbrella cannot be rendered.
    """
    pins.check_environment(context.config, environment)
    here = context.workspace.environments[environment]
    sealed, wrong = store.read(here)
    built, found = context.builder().build(context.umbrellas_of(only))
    if problems := (*found, *wrong):
        raise ProblemsFound(problems)
    spaces = []
    for name in context.umbrellas_of(only):
        umbrella = context.workspace.charts[name]
        values = environments.environment_values(here, name)
        spaces.append(
            inventory.Namespace(
                name=name,
                objects=diff.render_umbrella(context, built[name], environment),
                declared=tuple(inventory.declared_by(context.workspace, umbrella, [values])),
            )
        )
    entries = inventory.entries(environment, spaces, sealed)
    if only:
        entries = tuple(entry for entry in entries if {entry.namespace, *entry.charts} & set(only))
    return Listing(environment=environment, certificate=here.certificate is not None, secrets=entries)


def tell(context: Context, environment: str, only: Sequence[ChartName], *, check: bool, as_json: bool) -> None:
    """`secrets`: print the listing.

    Raises:
        ProblemsFound: with `check`, when something that is needed is missing.
    """
    made = listing(context, environment, only)
    show(made, text, as_json)
    if check and (found := problems(made)):
        raise ProblemsFound(found)


def text(made: Listing) -> str:
    """The table, and the commands that provide what is missing."""
    lines = [
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
    steps = tuple(to_do(made))
    if not steps:
        return "\n".join([*lines, f"Nothing is missing in {made.environment}."])
    missing = len(made.missing)
    lines.append(f"{missing} of {counted(len(made.secrets), 'secret')} {being(missing)} missing in {made.environment}:")
    return "\n".join([*lines, *steps])


def sign(entry: inventory.Entry) -> str:
    """A mark, and whether it can be done without."""
    if not entry.missing:
        return "✔"
    return "- optional" if entry.optional else "✘ missing"


def brief(keys: Sequence[str]) -> str:
    """Keys in a column: the first ones, and how many more."""
    shown = keys if len(keys) <= SHOWN else keys[: SHOWN - 1]
    more = (f"{len(keys) - len(shown)} more",) if len(keys) > len(shown) else ()
    return ", ".join((*shown, *more)) or "-"


def short(reader: str) -> str:
    """Workload and container, or the object."""
    item, _, place = reader.partition(", ")
    container, sign, _ = place.partition(": ")
    return f"{item}/{container}" if sign else item


def to_do(made: Listing) -> Iterator[str]:
    """A line for each command, what must be there first."""
    wanted = [entry for entry in made.secrets if entry.missing]
    if wanted and not made.certificate:
        yield f"    ./inv seal --fetch-cert --env {made.environment}    # there is no values/{made.environment}/{SEALING_CERTIFICATE} yet"
    for entry in sorted(wanted, key=lambda entry: entry.optional):
        optional = "optional: " if entry.optional else ""
        yield f"    {entry.command}    # {optional}{entry.purpose}"


def problems(made: Listing) -> tuple[Problem, ...]:
    """A problem for each secret that something needs and nobody provides."""
    return tuple(
        Problem(
            where=f"{made.environment}: {entry.namespace}/{entry.name}",
            fact=f"nobody provides {', '.join(entry.missing)}",
            evidence=entry.readers,
            hint=entry.command,
            rule=RULE,
        )
        for entry in made.missing
    )
