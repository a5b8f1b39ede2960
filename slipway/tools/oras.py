"""oras: copies artifacts between registries and OCI layouts. Argument vectors are pure functions, methods run them.

Source: oras v1.3.6, `oras cp --help`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """How a registry is reached."""

    plain_http: bool = False
    ca_file: Path | None = None
    login: Path | None = None
    """Docker's `config.json`; None leaves it to the files of the user."""

    def flags(self, side: str) -> tuple[str, ...]:
        """As arguments.

        Args:
            side: `from` or `to`.
        """
        return (
            *((f"--{side}-plain-http",) if self.plain_http else ()),
            *((f"--{side}-ca-file", str(self.ca_file)) if self.ca_file is not None else ()),
            *((f"--{side}-registry-config", str(self.login)) if self.login is not None else ()),
        )


def pull_args(source: str, remote: Remote, layout: str, *, referrers: bool) -> tuple[str, ...]:
    """Copy from a registry into `FOLDER:TAG` of an OCI layout; an index comes with all of its manifests."""
    return ("cp", "--no-tty", *deep(referrers), *remote.flags("from"), "--to-oci-layout", source, layout)


def push_args(layout: str, target: str, remote: Remote, *, referrers: bool) -> tuple[str, ...]:
    """The way back."""
    return ("cp", "--no-tty", *deep(referrers), *remote.flags("to"), "--from-oci-layout", layout, target)


def deep(referrers: bool) -> tuple[str, ...]:
    """Whether what refers to it, such as a signature, is copied as well."""
    return ("--recursive",) if referrers else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Oras:
    """The pinned oras."""

    run: Runner
    program: Callable[[], Path]

    def pull(self, source: str, remote: Remote, layout: str, *, referrers: bool = False) -> None:
        """Copy from a registry into an OCI layout.

        Raises:
            ToolMissing: oras is missing.
            ToolFailed: the registry does not have it, or does not answer.
        """
        self._copy(pull_args(source, remote, layout, referrers=referrers))

    def push(self, layout: str, target: str, remote: Remote, *, referrers: bool = False) -> None:
        """Copy from an OCI layout into a registry.

        Raises:
            ToolMissing: oras is missing.
            ToolFailed: the registry refuses it, or the layout does not have it.
        """
        self._copy(push_args(layout, target, remote, referrers=referrers))

    def _copy(self, arguments: tuple[str, ...]) -> None:
        self.run(Command(argv=(str(self.program()), *arguments)))
