"""Writing a bundle: the umbrellas that an environment is pinned to, what refers to them, and their images."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.delivery import pinned
from slipway.policy.images import images_in
from slipway.release.bundle.contents import IMAGES, INDEX, LAYOUT, PINS, Image, chart_tag, images_of, images_text
from slipway.release.bundle.transport import copier
from slipway.release.pinning import require_published
from slipway.release.signing import require_signed
from slipway.release.verify import pins_of
from slipway.util.files import read_bytes, write_atomic
from slipway.util.text import counted
from slipway.workspace.pinned import deploy_folder

OWN = frozenset({LAYOUT, INDEX, PINS, IMAGES, "blobs", "ingest"})
"""What a bundle consists of; oras has unfinished files in `ingest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that was written."""

    folder: Path
    environment: str
    umbrellas: Mapping[ChartName, str]
    """Name → version."""
    images: tuple[Image, ...]
    with_images: bool


def write(context: Context, environment: str, folder: Path, *, with_images: bool) -> Bundle:
    """Write or complete the bundle of an environment; what is there already is not copied again.

    Args:
        context: the wiring.
        environment: whose pins.
        folder: the layout; made when it is missing.
        with_images: copy the images too, which needs their registries.

    Raises:
        WorkspaceError: nothing is pinned, or the folder has something else.
        RegistryError: a pin is not in the registry.
        AlreadyPublished: a pinned version has another manifest there.
        ProblemsFound: a pin is not signed.
        ToolFailed: something cannot be copied; what was copied stays.
    """
    require_bundle_or_empty(folder)
    pins = pins_of(context, environment)
    require_published(context, environment, pins)
    require_signed(context, pins.values())
    images = images_of(references(context, environment, pins))
    folder.mkdir(parents=True, exist_ok=True)
    with copier(context) as copying:
        with context.progress.step("umbrellas") as step:
            for pin in pins.values():
                source = f"{context.registry.where(pin.name)}@{pin.manifest}"
                copying.oras.pull(source, copying.registry, f"{folder}:{chart_tag(pin)}", referrers=True)
            step(counted(len(pins), "umbrella"))
        if with_images:
            with context.progress.step("images") as step:
                for number, image in enumerate(images, 1):
                    step.position(f"{number} of {len(images)}: {image.reference}")
                    copying.oras.pull(image.reference, copying.remote(image.host), f"{folder}:{image.layout_tag}")
                step(counted(len(images), "image"))
    write_atomic(folder / IMAGES, images_text(images))
    where = f"deploy/{environment}/{PINS}"
    # The last file: a bundle that has it is complete.
    write_atomic(folder / PINS, read_bytes(deploy_folder(context.config, environment) / PINS, where))
    return Bundle(
        folder=folder,
        environment=environment,
        umbrellas={name: pin.version for name, pin in pins.items()},
        images=images,
        with_images=with_images,
    )


def references(context: Context, environment: str, pins: Mapping[ChartName, Pin]) -> frozenset[str]:
    """The images of what is pinned, as Argo CD renders it.

    Raises:
        RegistryError: a pinned chart cannot be pulled, or does not render.
    """
    context.config.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=context.config.build) as scratch:
        return frozenset(
            image.reference
            for pin in pins.values()
            for item in pinned.objects(context, pin, environment, Path(scratch))
            for image in images_in(item)
        )


def require_bundle_or_empty(folder: Path) -> None:
    """Refuse to write among files of something else.

    Raises:
        WorkspaceError: it is no folder, or has other files.
    """
    hint = "name a folder that does not exist yet"
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(Problem(where=str(folder), fact="is not a folder", hint=hint))
    others = sorted(path.name for path in folder.iterdir() if path.name not in OWN) if folder.is_dir() else []
    if others:
        fact = f"has other files than a bundle: {', '.join(others[:3])}"
        raise WorkspaceError(Problem(where=str(folder), fact=fact, hint=hint))
