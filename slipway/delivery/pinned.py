"""What an environment is pinned to: the published chart, unpacked, and what it renders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slipway.build import archive, render
from slipway.context import Context
from slipway.core.errors import Problem, RegistryError
from slipway.core.model import Pin, Published
from slipway.workspace import environments


def unpacked(context: Context, pin: Pin, scratch: Path) -> Path:
    """The published chart of a pin as a folder below `scratch`; pulled once.

    Raises:
        RegistryError: it cannot be had.
    """
    folder = scratch / f"{pin.name}-{pin.manifest[7:19]}"
    if not folder.is_dir():
        published = Published(name=pin.name, version=pin.version, manifest=pin.manifest, input_digest=pin.input_digest)
        for path, content in archive.read_archive(context.pull(published)).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return folder / pin.name


def label(pin: Pin) -> str:
    """What a pin is called beside another state."""
    return f"pinned {pin.version}"


def objects(
    context: Context, pin: Pin, environment: str, scratch: Path, *, kube_version: str = ""
) -> tuple[render.Object, ...]:
    """The objects of a pin, as Argo CD renders them with the values that travel in the chart.

    Args:
        context: the wiring.
        pin: the pin.
        environment: whose values.
        scratch: where the chart is unpacked.
        kube_version: of the cluster; the configured one when empty.

    Raises:
        RegistryError: the published chart cannot be had, or does not render.
    """
    folder = unpacked(context, pin, scratch)
    values = folder / environments.file_name(environment)
    request = render.Request(
        chart=folder,
        digest=str(pin.manifest),
        release=pin.name,
        namespace=pin.name,
        values=(values,) if values.is_file() else (),
    )
    done = replace(context.renderer, kube_version=kube_version or context.renderer.kube_version).render(request)
    if done.error:
        evidence = tuple(done.error.splitlines()[-5:])
        fact = "the published chart does not render"
        raise RegistryError(Problem(where=f"{pin.name} {pin.version}", fact=fact, evidence=evidence))
    return done.objects
