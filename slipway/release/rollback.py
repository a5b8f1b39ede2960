"""`rollback`: pin an umbrella to what an environment ran before, as git and the registry remember it."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.build.differences import Change, diff
from slipway.cluster.dry_run import DryRun, dry_run
from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.delivery import pinned
from slipway.gitops import pins
from slipway.release import signing
from slipway.release.dangers.acceptance import refuse_unaccepted
from slipway.release.dangers.find import dangers
from slipway.release.dangers.kinds import Danger
from slipway.release.pinning import require_published
from slipway.release.release import LOCK, LOCK_WAIT_S
from slipway.tools.git import Git
from slipway.tools.kubectl import Kubectl
from slipway.workspace.pinned import PINS, parse_pins

KNOWN = 5
"""Earlier versions that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPin:
    """What an environment ran once."""

    pin: Pin
    commit: str
    """The newest commit whose pins have it; empty when only the registry does."""
    day: str = ""
    """Of that commit, as an ISO date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A way back: from which pin to which, and what it does to the objects."""

    environment: str
    umbrella: ChartName
    current: Pin
    target: EarlierPin
    changes: tuple[Change, ...]
    dangers: tuple[Danger, ...]
    server: DryRun | None = None
    """The result on a cluster's API server; None without one."""
    written: bool = False


def earlier_pins(context: Context, environment: str, name: ChartName) -> Iterator[EarlierPin]:
    """Every pin of an umbrella in the commits of this branch, the newest first, each digest once.

    Raises:
        WorkspaceError: this is no git repository.
    """
    path = f"deploy/{environment}/{PINS}"
    git = Git(run=context.run, root=context.config.root)
    seen = set()
    for commit, day in git.history(path):
        text = git.show(commit, path)
        if text is None:
            continue
        try:
            pin = parse_pins(text.encode(), f"{commit[:12]}:{path}")[1].get(name)
        except WorkspaceError:
            # Another form of the file, from before this one.
            continue
        if pin is not None and pin.manifest not in seen:
            seen.add(pin.manifest)
            yield EarlierPin(pin=pin, commit=commit, day=day)


def target_of(context: Context, environment: str, name: ChartName, current: Pin, to: str) -> EarlierPin:
    """The pin to go back to.

    Raises:
        WorkspaceError: there is no earlier pin, or no such version.
        RegistryError: the registry does not answer.
    """
    earlier = [one for one in earlier_pins(context, environment, name) if one.pin.manifest != current.manifest]
    where = f"{name} in {environment}"
    if not to:
        if earlier:
            return earlier[0]
        fact = f"no commit of this branch has another pin than {current.version}"
        raise WorkspaceError(Problem(where=where, fact=fact, hint=f"./inv rollback {name} --to VERSION"))
    if to == current.version:
        raise WorkspaceError(Problem(where=where, fact=f"{to} is what is pinned"))
    for one in earlier:
        if one.pin.version == to:
            return one
    published = context.registry.published({name: to})[name]
    if published is None or published.input_digest is None:
        versions = ", ".join(dict.fromkeys(one.pin.version for one in earlier[:KNOWN])) or "none"
        evidence = (f"pinned before: {versions}", f"registry: {context.config.registry.base}")
        missing = "is not in the registry" if published is None else "was not published from a repository like this one"
        fact = f"version {to} was never pinned here, and {missing}"
        raise WorkspaceError(Problem(where="--to", fact=fact, evidence=evidence))
    pin = Pin(name=name, version=to, manifest=published.manifest, input_digest=published.input_digest)
    return EarlierPin(pin=pin, commit="")


def rollback(
    context: Context,
    environment: str,
    name: ChartName,
    *,
    to: str = "",
    accepted: Collection[str] = (),
    kubectl: Kubectl | None = None,
    preview: bool = False,
) -> Rollback:
    """Pin an earlier version of an umbrella; all other pins stay.

    Args:
        context: the wiring.
        environment: whose deploy folder is written.
        name: the umbrella.
        to: the version; the pin before the present one when empty.
        accepted: names of dangers that a person accepts.
        kubectl: a cluster whose API server gets a dry run of it first.
        preview: write nothing, and refuse nothing.

    Raises:
        WorkspaceError: it is not pinned, or there is nothing to go back to.
        RegistryError: the earlier package is not in the registry any more.
        ProblemsFound: a danger is not accepted, or the earlier package is not signed; nothing was written.
        Busy: a release runs in this checkout.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        held = pins.current_pins(context.config, environment)
        if name not in held:
            fact = f"is not pinned in {environment}"
            raise WorkspaceError(Problem(where=name, fact=fact, hint=f"./inv status --only {name}"))
        target = target_of(context, environment, name, held[name], to)
        require_published(context, environment, {name: target.pin})
        context.config.build.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".rollback-", dir=context.config.build) as scratch:
            old, new = (pinned.objects(context, pin, environment, Path(scratch)) for pin in (held[name], target.pin))
        found = dangers(old, new)
        if not preview:
            refuse_unaccepted({name: found}, environment, accepted, f"./inv rollback {name} --env {environment}")
            signing.require_signed(context, (target.pin,))
            files = pins.wanted_files(context.config, context.workspace, environment, {**held, name: target.pin})
            pins.write_deploy_folder(context.config, environment, files)
        return Rollback(
            environment=environment,
            umbrella=name,
            current=held[name],
            target=target,
            changes=diff(old, new),
            dangers=found,
            server=dry_run(kubectl, old, new, name) if kubectl is not None else None,
            written=not preview,
        )
