"""Which dangers a person has accepted, and the record of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import ChartName
from slipway.release.dangers.kinds import KINDS, Danger


def refuse_unaccepted(
    found: Mapping[ChartName, Sequence[Danger]], environment: str, accepted: Collection[str], command: str
) -> None:
    """Stop while a danger is not accepted by its name.

    Args:
        found: umbrella → its dangers.
        environment: whose pins would be written.
        accepted: names of dangers.
        command: to repeat with `--accept`.

    Raises:
        ProblemsFound: one problem for each umbrella and name, with the command that accepts all of them.
    """
    names = {danger.name for dangers in found.values() for danger in dangers} - set(accepted)
    wanted = ",".join(name for name in KINDS if name in names or name in accepted)
    problems = [
        Problem(
            where=f"{umbrella} in {environment}",
            fact=f"{name}: {KINDS[name].meaning}",
            evidence=tuple(f"{danger.object} {danger.fact}" for danger in dangers if danger.name == name),
            hint=f"{KINDS[name].remedy} Then: {command} --accept {wanted}",
            rule=f"danger.{name}",
        )
        for umbrella, dangers in sorted(found.items())
        for name in KINDS
        if name in names and any(danger.name == name for danger in dangers)
    ]
    if problems:
        raise ProblemsFound(problems)
