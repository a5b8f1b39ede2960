"""Which dangers a person has accepted, and the record of it in the changelog of the umbrella."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import ChartName
from slipway.release.dangers.kinds import KINDS, Danger
from slipway.util.files import read_text, write_atomic
from slipway.versioning import changelog
from slipway.workspace.chart_folder import CHANGELOG


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


def record(
    context: Context, environment: str, found: Mapping[ChartName, Sequence[Danger]], versions: Mapping[ChartName, str]
) -> tuple[str, ...]:
    """Write the accepted dangers into the changelog of each umbrella, below its version; the file is in no package.

    Args:
        context: the wiring.
        environment: whose pins are written.
        found: umbrella → the dangers, all of them accepted.
        versions: of the umbrellas that are pinned.

    Returns:
        The files, relative to the root.
    """
    written = []
    for name, dangers in sorted(found.items()):
        path = f"{context.workspace.charts[name].folder}/{CHANGELOG}"
        entries = [f"{danger} ({environment})" for danger in dangers]
        file = context.config.root / path
        before = read_text(file, path) if file.is_file() else ""
        after = changelog.with_accepted(before, chart=name, version=versions[name], entries=entries)
        if after != before:
            write_atomic(file, after)
            written.append(path)
    return tuple(written)
