"""The embedded registry of a workspace, and registries for the time of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, RegistryError
from slipway.registry.daemon import AlreadyRunning, Daemon, Started, Status
from slipway.tools.process import free_port

__all__ = ["AlreadyRunning", "Daemon", "Started", "Status", "daemon_of", "ensure_running", "temporary"]

PORTS_TRIED = 3


def daemon_of(config: Config) -> Daemon:
    """The embedded registry of a workspace.

    Raises:
        RegistryError: another registry is configured.
    """
    if not config.registry.embedded:
        raise RegistryError(
            Problem(
                where=config.registry.host,
                fact="is not the embedded registry, so it is neither started nor stopped here",
                hint="unset SLIPWAY_REGISTRY, or set registry = 'embedded' in pyproject.toml",
            )
        )
    return Daemon(folder=config.registry_folder.absolute(), port=int(config.registry.host.rpartition(":")[2]))


def ensure_running(config: Config, binary: Callable[[], Path]) -> Started | AlreadyRunning:
    """Start the embedded registry unless it runs; see `Daemon.ensure_running`."""
    return daemon_of(config).ensure_running(binary)


@contextmanager
def temporary(
    folder: Path,
    binary: Path,
    *,
    htpasswd: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Iterator[Daemon]:
    """A registry on a free port for the time of a block, for tests and measurements; its data stays in its folder."""
    for attempt in range(PORTS_TRIED):
        daemon = Daemon(folder=folder.absolute(), port=free_port(), htpasswd=htpasswd, certificate=certificate, key=key)
        try:
            daemon.ensure_running(lambda: binary)
            break
        except RegistryError:
            # Between finding a free port and listening on it another process may have taken it.
            if attempt == PORTS_TRIED - 1:
                raise
    try:
        yield daemon
    finally:
        daemon.stop()
