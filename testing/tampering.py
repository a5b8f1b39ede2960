"""What somebody with access to a registry can do to a tag: point it at other content.

The embedded registry moves no tag, so this is done on its disk, as distribution lays it out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.core.model import ChartName
from slipway.registry import embedded
from testing.world import World

Change = Callable[[bytes], bytes]
"""A published archive → what is put in its place."""


def tag_folder(data: Path, repository: str, tag: str) -> Path:
    """Where distribution keeps a tag. Source: distribution v3.1.2 registry/storage/paths.go."""
    return data / "docker/registry/v2/repositories" / repository / "_manifests/tags" / tag


def move_tag(data: Path, repository: str, tag: str, manifest: str) -> None:
    """Let a tag name another manifest, which the registry has already."""
    link = tag_folder(data, repository, tag) / "current/link"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.write_text(manifest, encoding="utf-8")


def data_of(world: World) -> Path:
    """The storage of a world's registry."""
    return embedded.daemon_of(world.context().config).folder / "data"


def push(world: World, name: str, version: str, packed: bytes) -> None:
    """`helm push` an archive as it is, over a tag."""
    context = world.context()
    shutil.rmtree(tag_folder(data_of(world), f"charts/{name}", version), ignore_errors=True)
    file = world.repo.root / "build" / f"{name}-{version}.tgz"
    file.write_bytes(packed)
    context.helm("push", str(file), context.config.registry.base, "--plain-http")
    file.unlink()


@contextmanager
def overwritten(world: World, name: str, change: Change, version: str = "1.0.0") -> Iterator[None]:
    """A tag that somebody moved to other content, for the time of a block."""
    context = world.context()
    published = context.registry.find(ChartName(name), version)
    assert published is not None
    push(world, name, version, change(context.pull(published)))
    try:
        yield
    finally:
        move_tag(data_of(world), f"charts/{name}", version, published.manifest)
