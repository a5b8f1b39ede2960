"""Pins: reading what an environment runs, and replacing its deploy folder in one atomic step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName, Pin, Workspace
from slipway.gitops import applications
from slipway.util.exchange import replacing
from slipway.util.files import remove, remove_unfinished
from slipway.util.text import suggest
from slipway.workspace.pinned import PINS, deploy_folder, read_pins


def current_pins(config: Config, environment: str) -> dict[ChartName, Pin]:
    """The pins of an environment; none when nothing was ever pinned.

    Raises:
        WorkspaceError: pins.yaml is not one of ours, or the environment does not exist.
    """
    check_environment(config, environment)
    return read_pins(config, environment)[1]


def check_environment(config: Config, environment: str) -> None:
    """Refuse an environment that is not configured.

    Raises:
        WorkspaceError: it is not.
    """
    if environment not in config.environments:
        if not config.environments:
            raise WorkspaceError(without_environments(config))
        hint = suggest(environment, config.environments, otherwise="environments:")
        raise WorkspaceError(Problem(where="--env", fact=f"there is no environment {environment!r}", hint=hint))


def without_environments(config: Config) -> Problem:
    """Something is asked of an environment where there is none."""
    return Problem(
        where=config.file,
        fact="lists no environments, so a release only publishes",
        hint="environments = ['production'] adds one, with its facts in values/production/platform.yaml",
    )


def wanted_files(
    config: Config, workspace: Workspace, environment: str, pins: Mapping[ChartName, Pin]
) -> dict[str, bytes]:
    """The deploy folder for these pins; a pin whose umbrella is gone is left out.

    Raises:
        WorkspaceError: an umbrella's annotations are not understood.
    """
    umbrellas = [
        applications.pinned_umbrella(workspace.charts[name], pin)
        for name, pin in sorted(pins.items())
        if name in workspace.charts
    ]
    # A secret for a namespace that the project does not list would hold up all others.
    return applications.files(config, environment, umbrellas, [umbrella.name for umbrella in workspace.umbrellas])


def deploy_differences(config: Config, environment: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Why the folder on disk is not what the release would write; empty when it is."""
    folder = deploy_folder(config, environment)
    if not folder.is_dir():
        return ("first pins",)
    there = {path.name for path in folder.iterdir()}
    changed = [name for name in sorted(files) if name in there and (folder / name).read_bytes() != files[name]]
    reasons = [f"{name} is missing" for name in sorted(set(files) - there)]
    reasons += [f"{name} is not one of its files" for name in sorted(there - set(files))]
    if changed:
        reasons.append(f"{', '.join(changed)}: other content")
    return tuple(reasons)


def write_deploy_folder(config: Config, environment: str, files: Mapping[str, bytes]) -> None:
    """Replace the deploy folder of an environment: a reader sees the old pins or the new ones, never a mixture.

    Raises:
        FilesFailed: it cannot be written; the old pins are kept.
    """
    target = deploy_folder(config, environment)
    with replacing(target, unfinished(target)[0], f"deploy/{environment}") as folder:
        for name, content in files.items():
            with (folder / name).open("wb") as sink:
                sink.write(content)
                sink.flush()
                os.fsync(sink.fileno())
        fsync_folder(folder)
    fsync_folder(target.parent)


def fsync_folder(folder: Path) -> None:
    """Have a folder's entries on the disk: the names of new files, or a rename."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(config: Config) -> None:
    """Remove what killed tasks left: halves of a deploy folder, and files that were never renamed into their place."""
    for environment in config.environments:
        for leftover in unfinished(deploy_folder(config, environment)):
            remove(leftover)
    for name in (*config.chart_folders, "values"):
        remove_unfinished(config.root / name)


def unfinished(target: Path) -> tuple[Path, ...]:
    """Where a deploy folder is written, and where an old one waits to be removed."""
    return tuple(target.with_name(f".{target.name}.{kind}") for kind in ("new", "old"))


def previous_environment(config: Config, environment: str) -> str:
    """The environment that pins are promoted from.

    Raises:
        WorkspaceError: this is the first one; its pins come from a release.
    """
    check_environment(config, environment)
    index = config.environments.index(environment)
    if index == 0:
        raise WorkspaceError(
            Problem(where="--env", fact=f"{environment} takes its pins from the release", hint="./inv release")
        )
    return config.environments[index - 1]


def promoted_pins(config: Config, environment: str, only: Sequence[ChartName] = ()) -> dict[ChartName, Pin]:
    """The pins of an environment after promotion: those of the environment before it.

    Args:
        config: names the order of environments.
        environment: the one to pin.
        only: promote these and keep the rest; all of them when empty.

    Raises:
        WorkspaceError: there is nothing to promote.
    """
    source = previous_environment(config, environment)
    offered = current_pins(config, source)
    missing = [name for name in only if name not in offered]
    if not offered or missing:
        what = f"no pin for {', '.join(missing)}" if missing else "no pins"
        raise WorkspaceError(Problem(where=f"deploy/{source}/{PINS}", fact=f"has {what}", hint="./inv release"))
    if not only:
        return offered
    return {**current_pins(config, environment), **{name: offered[name] for name in only}}
