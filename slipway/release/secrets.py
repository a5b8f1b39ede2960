"""The secrets that an environment's rendered umbrellas refer to: who provides each, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import ChartName
from slipway.release import diff
from slipway.secrets import inventory, store
from slipway.workspace import environments
from slipway.workspace.values.effective import members_with

RULE = "secret.missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The secrets of an environment."""

    environment: str
    certificate: bool
    """Whether the environment has a sealing certificate."""
    secrets: tuple[inventory.SecretEntry, ...]

    @property
    def missing(self) -> tuple[inventory.SecretEntry, ...]:
        """The required secrets that nobody provides."""
        return tuple(entry for entry in self.secrets if entry.missing and not entry.optional)


def listing(context: Context, environment: str, only: Sequence[ChartName]) -> Listing:
    """Render the umbrellas of an environment and list their secrets.

    Raises:
        ProblemsFound: a chart cannot be built, or a SealedSecret cannot be understood.
        ToolFailed: an umbrella cannot be rendered.
    """
    here = context.workspace.environments[environment]
    sealed, unreadable = store.sealed_secrets(here)
    built, found = context.builder().build(context.umbrellas_of(only))
    if problems := (*found, *unreadable):
        raise ProblemsFound(problems)
    namespaces = []
    for name in context.umbrellas_of(only):
        umbrella = context.workspace.charts[name]
        values = environments.environment_values(here, name)
        namespaces.append(
            inventory.RenderedNamespace(
                name=name,
                objects=diff.render_umbrella(context, built[name], environment),
                declared=tuple(inventory.declared_secrets(members_with(context.workspace, umbrella, [values]))),
            )
        )
    entries = inventory.secret_entries(environment, namespaces, sealed)
    if only:
        entries = tuple(entry for entry in entries if {entry.namespace, *entry.charts} & set(only))
    return Listing(environment=environment, certificate=here.certificate is not None, secrets=entries)


def problems(made: Listing) -> tuple[Problem, ...]:
    """A problem for each required secret that nobody provides."""
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
