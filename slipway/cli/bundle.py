"""`bundle write|load`: an environment in a folder, for a network without the internet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.model import ChartName
from slipway.release.bundle import load as loading
from slipway.release.bundle import write as writing
from slipway.release.bundle.contents import MIRROR
from slipway.release.bundle.load import Loaded
from slipway.release.bundle.write import Bundle
from slipway.release.dangers.kinds import accepted_names
from slipway.util import yaml
from slipway.util.text import counted

ACTIONS = ("write", "load")


def bundle(
    context: Context, action: str, folder: str, *, env: str, images: bool, mirror: str = "", accept: str = ""
) -> Result:
    """Write the bundle of an environment, or load one.

    Raises:
        BuildError: see `release.bundle.write.write` and `release.bundle.load.load`.
    """
    arguments.one_of("ACTION", action, ACTIONS)
    place = Path(folder).expanduser().absolute()
    if action == "write":
        environment = arguments.environment(context, env)
        written = writing.write(context, environment, place, with_images=images)
        return Result(value=written, text=of_bundle(written))
    wanted = arguments.environment(context, env) if env else ""
    loaded = loading.load(context, place, mirror or MIRROR, environment=wanted, accepted=accepted_names(accept))
    return Result(value=loaded, text=of_load(loaded, context.config.registry.base))


def listed(umbrellas: Mapping[ChartName, str]) -> str:
    """Each umbrella with its version."""
    return ", ".join(f"{name} {version}" for name, version in umbrellas.items())


def of_bundle(made: Bundle) -> list[str]:
    """What it has, and what to do with it."""
    umbrellas = listed(made.umbrellas)
    images = (
        f"{counted(len(made.images), 'image')}"
        if made.with_images
        else f"no images; images.txt names {len(made.images)}"
    )
    return [
        f"{made.environment} in {made.folder}: {umbrellas}; {images}",
        "Next:",
        *([] if made.with_images else [f"    ./inv bundle write {made.folder} --env {made.environment} --images"]),
        "    copy the folder to a machine with a clone of this repository, whose `registry` is the one at home",
        f"    ./inv bundle load {made.folder.name}",
    ]


def of_load(made: Loaded, base: str) -> list[str]:
    """What the registry has now, and what is left to do."""
    umbrellas = listed(made.umbrellas)
    lines = [
        f"{base} has {umbrellas}; {counted(len(made.images), 'image')}",
        f"wrote deploy/{made.environment}: {'; '.join(made.pinned)}"
        if made.pinned
        else f"deploy/{made.environment} is up to date",
    ]
    if made.left:
        lines.append(
            f"Missing: {counted(len(made.left), 'image')}, such as {made.left[0].reference}: write with --images"
        )
    lines.append("Next:")
    if made.pinned:
        lines.append(f"    git add deploy/{made.environment}    commit and push it: Argo CD follows the commit")
    if made.images:
        lines.append("    write this into /etc/rancher/k3s/registries.yaml on each node, and restart k3s:")
        lines += [f"        {line}" for line in yaml.text_of(made.registries).splitlines()]
    return lines
