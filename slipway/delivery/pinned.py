"""What an environment is pinned to: the published chart, and what it renders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slipway.build import archive, render
from slipway.context import Context
from slipway.core.errors import Problem, RegistryError
from slipway.core.model import Pin, Published
from slipway.workspace import environments


def pulled(context: Context, pin: Pin, scratch: Path) -> Path:
    """The archive of the published chart of a pin, below `scratch`; pulled once.

    Raises:
        RegistryError: it cannot be had.
    """
    file = scratch / f"{pin.name}-{pin.manifest[7:19]}.tgz"
    if not file.is_file():
        published = Published(name=pin.name, version=pin.version, manifest=pin.manifest, input_digest=pin.input_digest)
        scratch.mkdir(parents=True, exist_ok=True)
        file.write_bytes(context.pull(published))
    return file


def content_of(context: Context, pin: Pin, scratch: Path, path: str) -> bytes | None:
    """A file of the published chart of a pin; None when it has none of this name.

    Raises:
        RegistryError: the chart cannot be had.
    """
    return archive.read_member(pulled(context, pin, scratch).read_bytes(), f"{pin.name}/{path}")


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
        scratch: a folder for the chart.
        kube_version: of the cluster; the configured one when empty.

    Raises:
        RegistryError: the published chart cannot be had, or does not render.
    """
    name = environments.file_name(environment)
    content = content_of(context, pin, scratch, name)
    values = scratch / f"{pin.name}-{pin.manifest[7:19]}" / pin.name / name
    if content is not None:
        values.parent.mkdir(parents=True, exist_ok=True)
        values.write_bytes(content)
    request = render.Request(
        chart=pulled(context, pin, scratch),
        digest=str(pin.manifest),
        release=pin.name,
        namespace=pin.name,
        values=() if content is None else (values,),
    )
    done = replace(context.renderer, kube_version=kube_version or context.renderer.kube_version).render(request)
    if done.error:
        evidence = tuple(done.error.splitlines()[-5:])
        fact = "the published chart does not render"
        raise RegistryError(Problem(where=f"{pin.name} {pin.version}", fact=fact, evidence=evidence))
    return done.objects
