"""`rollback`: pin what an environment ran before."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.diff import changes, cluster_of, rejections
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.release import rollback as back
from slipway.release.dangers.kinds import accepted_names
from slipway.release.rollback import Rollback


def rollback(context: Context, umbrella: str, env: str, to: str, *, server: str, accept: str, dry_run: bool) -> Result:
    """Write the earlier pin, or show what it would do.

    Raises:
        BuildError: see `release.rollback.rollback`.
    """
    names = arguments.umbrellas(context, umbrella)
    if len(names) != 1:
        known = ", ".join(one.name for one in context.workspace.umbrellas)
        raise WorkspaceError(Problem(where="UMBRELLA", fact="name one umbrella", hint=f"umbrellas: {known}"))
    done = back.rollback(
        context,
        arguments.environment(context, env),
        names[0],
        to=to,
        accepted=accepted_names(accept),
        kubectl=cluster_of(context, server) if server else None,
        preview=dry_run,
    )
    rejected = rejections(names[0], done.environment, done.server)
    return Result(value=done, text=text(done), error=ProblemsFound(rejected) if rejected else None)


def text(done: Rollback) -> list[str]:
    """From what to what, its dangers, its changes, and what follows."""
    since = (
        f"pinned until {done.target.day}, commit {done.target.commit[:12]}"
        if done.target.commit
        else "never pinned here"
    )
    lines = [
        f"{done.umbrella} in {done.environment}: {done.current.version} → {done.target.pin.version} ({since})",
        *(f"    DANGER {danger}" for danger in done.dangers),
        *changes(done.changes),
    ]
    if done.server is not None:
        lines += [f"on the server: {line.strip()}" for line in changes(done.server.changes)]
    if not done.written:
        return [*lines, f"would write deploy/{done.environment}"]
    message = f"Roll {done.umbrella} back to {done.target.pin.version} in {done.environment}"
    return [
        *lines,
        f"wrote deploy/{done.environment}",
        "Next:",
        f'    git commit -m "{message}" deploy/{done.environment}',
        f"    revert the change in charts/ or values/ too: the next release pins {done.current.version} again",
    ]
