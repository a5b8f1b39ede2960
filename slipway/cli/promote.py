"""`promote`: ask the environment before, then pin the next one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from slipway.cli import arguments
from slipway.cli.diff import cluster_of
from slipway.cli.ending import Result
from slipway.cluster.applications import Application, application_of, read
from slipway.context import Context
from slipway.core.errors import BuildError, Problem, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.gitops.pins import current_pins, previous_environment, promoted_pins
from slipway.release import pinning
from slipway.release.dangers.kinds import accepted_names
from slipway.release.promotion import Answer, State, answers, duration_of, spelled
from slipway.release.rehearsed import was_rehearsed
from slipway.release.release import repeat
from slipway.util.files import read_text
from slipway.util.mapping import listing
from slipway.util.terminal import Part, Text, table

PROVEN_FOR = "1d"
STATUS_COMMAND = "kubectl get applications.argoproj.io -n argocd -o json > status.json"


def promote(
    context: Context,
    env: str,
    only: str,
    *,
    kubeconfig: str,
    status: str,
    proven_for: str,
    accept: str,
    dry_run: bool,
) -> Result:
    """Show each answer; pin when nothing speaks against it, or when it is accepted.

    Raises:
        WorkspaceError: there is nothing to promote, or the answers cannot be read.
        ToolFailed: the cluster does not answer.
        BuildError: see `release.pinning.pin_environment`.
    """
    environment, names = target_of(context, env), arguments.umbrellas(context, only)
    accepted, wanted_for = accepted_names(accept), duration_of(proven_for or PROVEN_FOR, "--proven-for")
    source, wanted = (
        previous_environment(context.config, environment),
        promoted_pins(context.config, environment, names),
    )

    def rehearsed(name: ChartName, before: Pin | None, after: Pin) -> bool:
        manifest = before.manifest if before is not None else None
        return was_rehearsed(context, environment, name, manifest, after.input_digest)

    found = answers(
        current_pins(context.config, environment),
        wanted,
        states_of(context, kubeconfig, status),
        rehearsed,
        source=source,
        now=datetime.now(UTC),
        healthy_for=wanted_for,
    )
    doubts = {one.umbrella: one.doubts for one in found if one.doubts}
    # What was asked of the environment before is asked again.
    given = {"--kubeconfig": kubeconfig, "--status": status, "--proven-for": proven_for}
    flags = (f" {flag} {shlex.quote(value)}" for flag, value in given.items() if value)
    command = repeat("promote", environment, names) + "".join(flags)
    reasons: tuple[str, ...] = ()
    error: BuildError | None = None
    try:
        reasons = pinning.pin_environment(
            context, environment, names, dry_run=dry_run, accepted=accepted, doubts=doubts, command=command
        )
    except BuildError as refused:
        error = refused
    written = bool(reasons) and not dry_run and error is None
    value = {"environment": environment, "source": source, "answers": found, "reasons": reasons, "written": written}
    return Result(
        value=value, text=text(found, source, environment, reasons, written=written, error=error), error=error
    )


def target_of(context: Context, env: str) -> str:
    """The named environment, or the only one that can be promoted to.

    Raises:
        WorkspaceError: there are several, or none.
    """
    later = context.config.environments[1:]
    if env:
        return arguments.environment(context, env)
    if len(later) == 1:
        return later[0]
    fact = "name the environment that is promoted to" if later else "there is no second environment to promote to"
    raise WorkspaceError(
        Problem(where="--env", fact=fact, hint=f"environments: {', '.join(context.config.environments)}")
    )


def states_of(context: Context, kubeconfig: str, status: str) -> Mapping[ChartName, State] | None:
    """What Argo CD says, by umbrella: asked now, or when the file was written; None without either.

    Raises:
        WorkspaceError: both are given, or the file is not what kubectl writes.
        ToolFailed: the cluster does not answer.
    """
    if kubeconfig and status:
        raise WorkspaceError(Problem(where="--status", fact="is given besides --kubeconfig", hint="name one of them"))
    if kubeconfig:
        found = read(cluster_of(context, kubeconfig), context.config.argocd_namespace)
    elif status:
        found = from_file(Path(status).expanduser())
    else:
        return None
    return {ChartName(one.name): state_of(one) for one in found}


def from_file(file: Path) -> tuple[Application, ...]:
    """The Applications that `kubectl get -o json` has written.

    Raises:
        WorkspaceError: it has written something else.
    """
    where = f"--status {file}"
    try:
        data = json.loads(read_text(file, where))
    except (ValueError, RecursionError) as error:
        raise WorkspaceError(Problem(where=where, fact="is not JSON", hint=STATUS_COMMAND)) from error
    items = [item for item in listing(data, "items") if item.get("kind") == "Application"]
    if not items:
        raise WorkspaceError(Problem(where=where, fact="has no Application", hint=STATUS_COMMAND))
    return tuple(map(application_of, items))


def state_of(found: Application) -> State:
    """What matters for a promotion."""
    try:
        since = datetime.fromisoformat(found.since) if found.since else None
    except ValueError:
        since = None
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return State(revision=found.revision, sync=found.sync or "-", health=found.health or "-", since=since)


def text(
    found: Sequence[Answer],
    source: str,
    environment: str,
    reasons: Sequence[str],
    *,
    written: bool,
    error: BuildError | None,
) -> Text:
    """A line for each answer, and what was done."""
    lines: list[Part] = []
    if found:
        head = ("", "UMBRELLA", environment.upper(), source.upper(), "STATE", "HEALTHY FOR", "REHEARSED")
        lines.append(table(head, (row(one) for one in found)))
        lines += [f"    DANGER {danger}" for one in found for danger in one.doubts]
    if error is None:
        changed = "; ".join(reasons)
        verb = "wrote" if written else "would write"
        lines.append(f"{verb} deploy/{environment}: {changed}" if reasons else f"deploy/{environment} is up to date")
    return lines


def row(one: Answer) -> tuple[str, ...]:
    """The line of one umbrella."""
    state = f"{one.state.sync}, {one.state.health}" if one.state is not None else "unknown"
    return (
        "✘" if one.doubts else "✔",
        one.umbrella,
        one.before.version if one.before is not None else "-",
        one.after.version,
        state,
        spelled(one.healthy_for) if one.healthy_for is not None else "-",
        "yes" if one.rehearsed else "no",
    )
