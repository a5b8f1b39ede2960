"""Loading a bundle: its umbrellas, signatures and images into the configured registry, then new pins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.context import Context
from slipway.core.errors import AlreadyPublished, Problem, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.gitops.pins import check_environment
from slipway.registry.body import parsed
from slipway.registry.manifest import tag_of
from slipway.release.bundle.contents import IMAGES, INDEX, LAYOUT, PINS, Image, chart_tag, parse_images, registries
from slipway.release.bundle.transport import Copier, copier
from slipway.release.pinning import replace_pins
from slipway.release.release import LOCK, LOCK_WAIT_S
from slipway.release.survey import moved_pin
from slipway.util import filelock, yaml
from slipway.util.files import read_bytes
from slipway.util.mapping import dig, listing
from slipway.util.text import counted
from slipway.workspace.pinned import parse_pins

REF_NAME = "org.opencontainers.image.ref.name"
"""Annotation with the tag of a descriptor in `index.json`. Source: OCI image specification 1.1, annotations.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A bundle that was read."""

    folder: Path
    environment: str
    pins: Mapping[ChartName, Pin]
    images: tuple[Image, ...]
    """Those that it holds."""
    left: tuple[Image, ...]
    """Those that it only names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a registry has now."""

    environment: str
    umbrellas: Mapping[ChartName, str]
    """Name → version."""
    images: tuple[Image, ...]
    left: tuple[Image, ...]
    """Those that the bundle only names."""
    pinned: tuple[str, ...]
    """Why `deploy/` was written; empty when it was up to date."""
    registries: Mapping[str, object]
    """What each node of k3s needs to pull the images from there."""


def read(folder: Path) -> Found:
    """Read a bundle.

    Raises:
        WorkspaceError: it is none, or is not complete.
    """
    hint = "./inv bundle write makes one"
    if missing := [name for name in (LAYOUT, INDEX, IMAGES, PINS) if not (folder / name).is_file()]:
        fact = f"is not a complete bundle: {', '.join(missing)} is missing"
        raise WorkspaceError(Problem(where=str(folder), fact=fact, hint=hint))
    where = str(folder / PINS)
    content = read_bytes(folder / PINS, where)
    pins = parse_pins(content, where)[1]
    environment = str(yaml.parse(content, where).mapping.get("environment", ""))
    named = tags_of(folder / INDEX)
    if gone := [pin.name for pin in pins.values() if chart_tag(pin) not in named]:
        fact = f"does not hold {', '.join(gone)}, which it pins"
        raise WorkspaceError(Problem(where=str(folder / INDEX), fact=fact, hint=hint))
    images = parse_images(read_bytes(folder / IMAGES, str(folder / IMAGES)), str(folder / IMAGES))
    held = tuple(image for image in images if image.layout_tag in named)
    return Found(
        folder=folder,
        environment=environment,
        pins=pins,
        images=held,
        left=tuple(image for image in images if image not in held),
    )


def tags_of(index: Path) -> frozenset[str]:
    """The tags of a layout.

    Raises:
        WorkspaceError: the file is not an index.
    """
    try:
        data = parsed(read_bytes(index, str(index)))
    except ValueError as error:
        raise WorkspaceError(Problem(where=str(index), fact="is not JSON", evidence=(str(error),))) from error
    return frozenset(str(dig(entry, "annotations").get(REF_NAME)) for entry in listing(data, "manifests"))


def load(
    context: Context, folder: Path, mirror: str, *, environment: str = "", accepted: Collection[str] = ()
) -> Loaded:
    """Copy a bundle into the configured registry and pin its environment to it; what is there already stays.

    Args:
        context: the wiring.
        folder: the bundle.
        mirror: path of the images in the registry, ahead of their names.
        environment: the one that is expected; any when empty.
        accepted: names of dangers that a person accepts.

    Raises:
        WorkspaceError: the folder is no bundle, or its environment is another one, or not one of the settings.
        AlreadyPublished: a version is in the registry with other content.
        RegistryError: the registry does not answer.
        ToolFailed: something cannot be copied; what was copied stays, and no pin was written.
        ProblemsFound: an umbrella is not signed, or a danger is not accepted; no pin was written.
    """
    found = read(folder)
    if environment not in {"", found.environment}:
        fact = f"the bundle is of {found.environment}, not of {environment}"
        raise WorkspaceError(Problem(where="--env", fact=fact, hint=f"./inv bundle load {folder}"))
    check_environment(context.config, found.environment)
    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        refuse_other_content(context, found)
        with copier(context) as copying:
            push(context, copying, found, mirror)
        # Another publisher may have been faster.
        refuse_other_content(context, found)
        command = f"./inv bundle load {folder}"
        reasons = replace_pins(context, found.environment, found.pins, command=command, accepted=accepted)
    scheme = "http" if context.config.registry.plain_http else "https"
    return Loaded(
        environment=found.environment,
        umbrellas={name: pin.version for name, pin in found.pins.items()},
        images=found.images,
        left=found.left,
        pinned=reasons,
        registries=registries(found.images, f"{scheme}://{context.config.registry.host}", mirror),
    )


def push(context: Context, copying: Copier, found: Found, mirror: str) -> None:
    """Copy everything.

    Raises:
        ToolFailed: the registry refuses something.
    """
    with context.progress.step("umbrellas") as step:
        for pin in found.pins.values():
            target = f"{context.registry.where(pin.name)}:{tag_of(pin.version)}"
            layout = f"{found.folder}:{chart_tag(pin)}"
            copying.oras.push(layout, target, copying.registry, referrers=True)
        step(counted(len(found.pins), "umbrella"))
    if not found.images:
        return
    with context.progress.step("images") as step:
        for number, image in enumerate(found.images, 1):
            step.position(f"{number} of {len(found.images)}: {image.reference}")
            target = f"{context.config.registry.host}/{image.mirrored(mirror)}:{image.mirrored_tag}"
            copying.oras.push(f"{found.folder}:{image.layout_tag}", target, copying.registry)
        step(counted(len(found.images), "image"))


def refuse_other_content(context: Context, found: Found) -> None:
    """Refuse to move the tag of a published version.

    Raises:
        AlreadyPublished: a version is there with other content.
        RegistryError: the registry does not answer.
    """
    there = context.registry.published({name: pin.version for name, pin in found.pins.items()})
    moved = [
        moved_pin(context, found.environment, pin, published)
        for name, pin in sorted(found.pins.items())
        if (published := there[name]) is not None and published.manifest != pin.manifest
    ]
    if moved:
        raise AlreadyPublished(moved)
