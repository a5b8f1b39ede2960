"""The real registry and the real helm; nothing of the user's machine reaches a test, and no process outlives it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from slipway.core.model import Archive
from slipway.registry.client import Registry
from slipway.registry.embedded import Daemon, temporary
from testing.archives import make_archive
from testing.world import World, world_in

Isolate = Callable[[pytest.MonkeyPatch, Path], None]


def tool(name: str) -> Path:
    """A program on PATH; a test without it fails."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not on PATH: run the tests by ./inv test, which sets it up")
    return Path(found)


@pytest.fixture(scope="session")
def registry_binary() -> Path:
    """The embedded registry's program."""
    return tool("registry")


@pytest.fixture(scope="session")
def helm_binary() -> Path:
    """The real helm."""
    return tool("helm")


@pytest.fixture(scope="session")
def cosign_binary() -> Path:
    """The real cosign."""
    return tool("cosign")


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolate: Isolate) -> Iterator[None]:
    """Homes and login files of the test's own; every registry that was started below its folder ends with it."""
    isolate(monkeypatch, tmp_path / "home")
    yield
    for state in tmp_path.rglob("registry.json"):
        Daemon(folder=state.parent, port=0).stop()


@pytest.fixture
def daemon(tmp_path: Path, registry_binary: Path) -> Iterator[Daemon]:
    """A fresh registry process on a free port."""
    with temporary(tmp_path / "registry", registry_binary) as running:
        yield running


@pytest.fixture
def registry(daemon: Daemon) -> Iterator[Registry]:
    """A client of the fresh registry."""
    opened = Registry.open(daemon.config, {})
    yield opened
    opened.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small monorepo with a registry of its own; nothing is published."""
    with world_in(tmp_path / "repo") as made:
        yield made


MakeArchive = Callable[..., Archive]


@pytest.fixture
def make(tmp_path: Path, helm_binary: Path) -> MakeArchive:
    """Pack a small chart; see `make_archive`."""

    def build(name: str = "sonarr", version: str = "1.0.0", content: str = "one", **metadata: object) -> Archive:
        more: Mapping[str, object] = metadata
        return make_archive(tmp_path / "charts", helm_binary, name, version, content=content, metadata=more)

    return build
