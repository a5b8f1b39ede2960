"""`diff`: how the rendered objects of an umbrella change, from what is pinned or from a git revision to the working tree."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.build import render
from slipway.build.builder import Built
from slipway.build.differences import Change, diff
from slipway.cluster.dry_run import DryRun, dry_run
from slipway.context import Context, open_context
from slipway.core.errors import ProblemsFound
from slipway.core.model import ChartName
from slipway.delivery import pinned
from slipway.gitops import pins
from slipway.release.dangers.find import dangers
from slipway.release.dangers.kinds import Danger
from slipway.secrets import sealed_secret, store
from slipway.tools.kubectl import Kubectl
from slipway.workspace import graph
from slipway.workspace.environments import file_name

SEALED = ChartName("sealed secrets")
"""The name of their difference: they are part of no umbrella."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One umbrella in one environment."""

    umbrella: ChartName
    environment: str
    old: str
    """What is compared with, such as `pinned 1.0.0` or `main`; empty when nothing is pinned."""
    new: str
    changes: tuple[Change, ...]
    server: DryRun | None = None
    """The result on a cluster's API server; None without one."""
    dangers: tuple[Danger, ...] = ()
    """What is hard to undo about it."""


def differences(
    context: Context,
    environments: Sequence[str],
    only: Sequence[ChartName],
    base: str,
    kubectl: Kubectl | None = None,
) -> Iterator[Difference]:
    """Every umbrella in every environment.

    Args:
        context: the wiring.
        environments: names of environments.
        only: umbrellas, or charts whose umbrellas are meant; all when empty.
        base: a git revision; empty compares with what is pinned.
        kubectl: a cluster whose API server gets a dry run of it as well.

    Raises:
        ProblemsFound: a chart cannot be built.
        ToolFailed: a chart cannot be rendered, or the cluster does not answer.
        RegistryError: what is pinned cannot be pulled.
        WorkspaceError: the revision does not exist.
    """
    context.config.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".diff-", dir=context.config.build) as scratch:
        earlier = at_revision(context, base, Path(scratch) / "base") if base else None
        for name in context.umbrellas_of(only):
            for environment in environments:
                new = objects_of(context, name, environment)
                if earlier is not None:
                    existed = name in earlier.workspace.charts and environment in earlier.workspace.environments
                    old, label = (objects_of(earlier, name, environment) if existed else ()), base
                else:
                    old, label = pinned_objects(context, name, environment, Path(scratch))
                yield Difference(
                    umbrella=name,
                    environment=environment,
                    old=label,
                    new=f"working tree {context.workspace.charts[name].version}",
                    changes=diff(old, new),
                    dangers=dangers(old, new),
                    server=dry_run(kubectl, old, new, name) if kubectl is not None else None,
                )
        if earlier is not None and not only:
            yield from sealed_differences(context, earlier, environments, base)


def sealed_differences(
    context: Context, earlier: Context, environments: Sequence[str], base: str
) -> Iterator[Difference]:
    """The SealedSecrets of every environment in which one changed; nothing pins them, so only revisions are compared."""
    for environment in environments:
        old, new = (sealed_objects(one, environment) for one in (earlier, context))
        if changes := diff(old, new):
            yield Difference(umbrella=SEALED, environment=environment, old=base, new="working tree", changes=changes)


def sealed_objects(context: Context, environment: str) -> tuple[render.Object, ...]:
    """The SealedSecrets of an environment, with a short digest in place of each value."""
    found = context.workspace.environments.get(environment)
    every = store.sealed_secrets(found)[0].values() if found is not None else ()
    short = (replace(one, values={key: short_digest(value) for key, value in one.values.items()}) for one in every)
    return tuple(item for one in short for item in render.parse(sealed_secret.dump(one).decode()))


def short_digest(value: str) -> str:
    """An identifier of a sealed value."""
    return f"sealed {hashlib.sha256(value.encode()).hexdigest()[:12]}"


def at_revision(context: Context, revision: str, folder: Path) -> Context:
    """The same wiring and programs over the files of a git revision.

    Raises:
        WorkspaceError: the revision does not exist, or its files cannot be parsed.
    """
    from slipway.tools.git import Git

    Git(run=context.run, root=context.config.root).export(revision, folder)
    opened = open_context(folder, context.environ, run=context.run, progress=context.progress)
    return replace(opened, programs=context.toolbox)


def objects_of(context: Context, name: ChartName, environment: str) -> tuple[render.Object, ...]:
    """The objects of an umbrella in an environment.

    Raises:
        ProblemsFound: a chart cannot be built.
        ToolFailed: it cannot be rendered.
    """
    if problems := graph.check(context.workspace):
        raise ProblemsFound(problems)
    built, found = context.builder().build([name])
    if found:
        raise ProblemsFound(found)
    return render_umbrella(context, built[name], environment)


def render_umbrella(context: Context, built: Built, environment: str) -> tuple[render.Object, ...]:
    """An umbrella's objects as Argo CD renders them for an environment.

    Raises:
        ToolFailed: helm fails.
    """
    values = built.folder / file_name(environment)
    name, files = built.chart.name, (values,) if values.is_file() else ()
    return render.render(context.renderer, built, release=name, namespace=name, values=files)


def pinned_objects(
    context: Context, name: ChartName, environment: str, scratch: Path
) -> tuple[tuple[render.Object, ...], str]:
    """The objects of the pinned version, and its label; none when the umbrella is not pinned.

    Raises:
        RegistryError: the pinned archive cannot be pulled.
    """
    pin = pins.current_pins(context.config, environment).get(name)
    return (pinned.objects(context, pin, environment, scratch), pinned.label(pin)) if pin else ((), "")
