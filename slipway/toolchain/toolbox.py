"""The pinned programs: those that are there, and those that are built now because somebody needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.toolchain.toolshelf import Toolshelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbox(Toolshelf):
    """The programs of a checkout, by name; what is missing is built."""

    def path(self, name: str) -> Path:
        """A program that is ready to run; built if need be, which takes minutes the first time.

        Raises:
            WorkspaceError: nobody knows this program, or its version differs between pyproject.toml and go.mod.
            ToolFailed: it could not be built.
            Busy: another task has been building for an hour.
        """
        return self.ensure((name,))[name]

    def ensure(self, names: Iterable[str]) -> dict[str, Path]:
        """Several programs at once; the missing ones are built by one command, which is faster than one by one.

        Raises:
            BuildError: as `path`.
        """
        found = {name: self.find(name) for name in dict.fromkeys(names)}
        if missing := [name for name, have in found.items() if have is None]:
            from slipway.toolchain import compiling

            compiling.build(self, missing)
        return {name: have.path if have else self.built_path(name) for name, have in found.items()}
