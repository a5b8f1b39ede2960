"""`diff`: how the rendered objects change, and what an API server makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipway.build.render import Change
from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.release import diff as renders
from slipway.release.diff import Difference
from slipway.tools.kubectl import Kubectl


def diff(context: Context, env: str, only: str, base: str, server: str) -> Result:
    """Compare what is pinned, or a git revision, with the working tree; an object that the server rejects is a problem.

    Raises:
        BuildError: see `release.diff.differences`.
    """
    # A cluster runs one environment.
    environments = (arguments.environment(context, env),) if env or server else context.config.environments
    names = arguments.charts(context, only)
    kubectl = cluster_of(context, server) if server else None
    found = tuple(renders.differences(context, environments, names, base, kubectl))
    rejected = problems(found)
    return Result(value=found, text=text(found), error=ProblemsFound(rejected) if rejected else None)


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
    return tuple(
        Problem(
            where=f"{item.umbrella} in {item.environment}, {name}",
            fact="the API server rejects it",
            evidence=(message,),
        )
        for item in found
        for name, message in (item.server.rejected.items() if item.server else ())
    )


def text(found: Sequence[Difference]) -> str:
    """Changed objects, umbrella by umbrella; removed data comes first."""
    lines: list[str] = []
    for item in found:
        lines.append(f"{item.umbrella} in {item.environment}: {item.old or 'nothing'} → {item.new}")
        lines += [f"    DANGER: {name} is removed, and it holds data" for name in item.dangers]
        lines += changes(item.changes) or ["    no object changes"]
        if item.server is not None:
            lines.append(f"{item.umbrella} in {item.environment}, on the server: live → dry run")
            if item.server.missing_namespace:
                lines.append(f"    there is no namespace {item.umbrella}: every object is new")
            else:
                lines += [f"    rejected: {name}: {message}" for name, message in item.server.rejected.items()]
                lines += changes(item.server.changes) or ["    no object changes"]
    return "\n".join(lines)


def changes(found: Sequence[Change]) -> list[str]:
    """A line for each object, and what changed in it."""
    lines = []
    for change in found:
        lines.append(f"    {change.kind}: {change.object}")
        if change.kind == "changed":
            lines += [f"        {line}" for line in change.text.splitlines()[2:]]
    return lines
