"""`diff`: how the rendered objects change, and what an API server makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from slipway.build.differences import Change, ChangeKind
from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.cli.sarif import DANGER
from slipway.cluster.dry_run import DryRun
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.core.model import Workspace
from slipway.release import diff as renders
from slipway.release.dangers.kinds import KINDS
from slipway.release.diff import Difference
from slipway.tools.kubectl import Kubectl
from slipway.util.text import counted

SHOWN = 3
"""Kinds of new objects that are counted by name."""


def diff(context: Context, env: str, only: str, base: str, server: str, *, full: bool = False) -> Result:
    """Compare what is pinned, or a git revision, with the working tree; an object that the server rejects is a problem.

    Raises:
        BuildError: see `release.diff.differences`.
    """
    # A cluster runs one environment.
    one = env or server or not context.config.environments
    environments = (arguments.environment(context, env),) if one else context.config.environments
    names = arguments.charts(context, only)
    kubectl = cluster_of(context, server) if server else None
    found = tuple(renders.differences(context, environments, names, base, kubectl))
    rejected = problems(found)
    lines = ([] if env else [compared(environments, server)]) + text(found, full=full)
    error = ProblemsFound(rejected) if rejected else None
    return Result(value=found, text=lines, error=error, warnings=warnings(context.workspace, found))


def warnings(workspace: Workspace, found: Sequence[Difference]) -> tuple[Problem, ...]:
    """The dangers, each at the umbrella whose release has it."""
    return tuple(
        Problem(
            where=f"{workspace.charts[item.umbrella].folder}/Chart.yaml",
            fact=f"{item.umbrella} in {item.environment}: {danger.object} {danger.fact}",
            hint=f"{KINDS[danger.name].remedy} Accept it: --accept {danger.name}",
            rule=f"{DANGER}{danger.name}",
        )
        for item in found
        for danger in item.dangers
    )


def compared(environments: Sequence[str], server: str) -> str:
    """The environments that were chosen when `--env` names none, and why."""
    if server:
        return f"In {environments[0]}, the first environment: a cluster runs one; --env names another."
    if len(environments) == 1:
        return f"In {environments[0]}, the only environment."
    return f"In {', '.join(environments[:-1])} and {environments[-1]}, every environment; --env names one."


def cluster_of(context: Context, server: str) -> Kubectl:
    """The cluster of `--server`: the lab, or that of a kubeconfig file.

    Raises:
        WorkspaceError: the lab does not run, or the file does not exist.
    """
    from slipway.lab.place import place_of

    lab = server == "lab"
    place = place_of(context.config.root)
    kubeconfig = place.kubeconfig if lab else Path(server).expanduser()
    if (lab and place.running() is None) or not kubeconfig.is_file():
        fact = "the lab does not run" if lab else f"there is no file {server}"
        raise WorkspaceError(Problem(where="--server", fact=fact, hint="./inv lab up" if lab else "--server lab"))
    return context.kubectl(kubeconfig)


def problems(found: Sequence[Difference]) -> tuple[Problem, ...]:
    """One for each object that the API server rejects."""
    return tuple(problem for item in found for problem in rejections(item.umbrella, item.environment, item.server))


def rejections(umbrella: str, environment: str, server: DryRun | None) -> tuple[Problem, ...]:
    """What the API server rejects of an umbrella; nothing without one."""
    return tuple(
        Problem(where=f"{umbrella} in {environment}, {name}", fact="the API server rejects it", evidence=(message,))
        for name, message in (server.rejected.items() if server else ())
    )


def text(found: Sequence[Difference], *, full: bool = False) -> list[str]:
    """Changed objects, umbrella by umbrella; dangers come first. What is all new is counted, unless `full`."""
    lines: list[str] = []
    for item in found:
        lines.append(f"{item.umbrella} in {item.environment}: {item.old or 'nothing'} → {item.new}")
        lines += [f"    DANGER {danger}" for danger in item.dangers]
        new = item.changes and all(change.kind is ChangeKind.ADDED for change in item.changes)
        lines += (
            [f"    {tally(item.changes)}; --full lists them"]
            if new and not (item.old or full)
            else changes(item.changes)
        )
        if item.server is not None:
            lines.append(f"{item.umbrella} in {item.environment}, on the server: live → dry run")
            if item.server.missing_namespace:
                lines.append(f"    there is no namespace {item.umbrella}: every object is new")
            else:
                lines += [f"    rejected: {name}: {message}" for name, message in item.server.rejected.items()]
                lines += changes(item.server.changes)
    return lines


def tally(found: Sequence[Change]) -> str:
    """How many objects of each kind are new: `3 objects, all new: 2 Service, 1 Deployment`."""
    kinds = Counter(change.object.partition(" ")[0] for change in found)
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[SHOWN:])
    listed = [f"{count} {kind}" for kind, count in ordered[:SHOWN]] + ([f"{rest} others"] if rest else [])
    return f"{counted(len(found), 'object')}, all new: {', '.join(listed)}"


def changes(found: Sequence[Change]) -> list[str]:
    """A line for each object, and what changed in it."""
    lines = [] if found else ["    no object changes"]
    for change in found:
        lines.append(f"    {change.kind}: {change.object}")
        if change.kind == "changed":
            lines += [f"        {line}" for line in change.text.splitlines()[2:]]
    return lines
