"""How a bundle's charts and images are copied: oras, with a login file that lives as long as it runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.context import Context
from slipway.registry.credentials import find
from slipway.registry.proxies import is_loopback
from slipway.tools.login import login_file
from slipway.tools.oras import Oras, Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Copier:
    """oras, and how the configured registry is reached."""

    oras: Oras
    registry: Remote
    host: str
    """Of the configured registry."""

    def remote(self, host: str) -> Remote:
        """How a registry is reached: the configured one as the settings say, another one as Docker would."""
        return self.registry if host == self.host else Remote(plain_http=is_loopback(host))


@contextmanager
def copier(context: Context) -> Iterator[Copier]:
    """oras with the credentials of the configured registry; those of other registries are in the user's login files.

    Raises:
        RegistryError: a login file is broken.
    """
    settings = context.config.registry
    known = find(settings.host, context.environ, context.run)
    context.config.build.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix=".oras-", dir=context.config.build))
    try:
        login = login_file(home, settings.host, known.username, known.password) if known else None
        yield Copier(
            oras=Oras(run=context.run, program=lambda: context.toolbox.path("oras")),
            registry=Remote(plain_http=settings.plain_http, ca_file=settings.ca_file, login=login),
            host=settings.host,
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)
