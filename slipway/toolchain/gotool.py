"""A program that is built from source: its package, its version variable and its build flags; `catalogue` has the list.

`go.mod` and `go.sum` in the tool's module folder pin every source by hash; `[tool.slipway.tools]` names the versions
that a program on PATH must have to be used instead. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAJOR = re.compile(r"v[0-9]+")
VERSION = re.compile(r"(?<![\d.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTool:
    """A program that is built in one of the Go modules below `tools/`."""

    name: str
    purpose: str
    module: str
    """Go module that carries the version."""
    package: str
    """Its `main` package."""
    stamp: str = ""
    """Variable that the linker sets to the version; without it a program reports `devel` or a shorter version."""
    bare: bool = False
    """Whether the stamp is `1.2.3`, not `v1.2.3`."""
    tags: str = ""
    """Build tags, separated by commas."""
    cgo: bool = False
    """Whether it calls a C library, and so needs a C compiler."""
    version_args: tuple[str, ...] = ()
    """Arguments that make it print its version; without them the version on PATH is unknown, so it is always built."""
    folder: str = "tools/release"
    """Module folder in this repository that requires it."""
    command: str = "./inv lint"
    """A task that requires it, and so builds it."""
    cold_s: int = 60
    """Seconds that a first build takes on two cores."""

    @property
    def file(self) -> str:
        """The name that `go build` gives the program: the last element of the package that is not a major version."""
        parts = [part for part in self.package.split("/") if not MAJOR.fullmatch(part)]
        return parts[-1]


GO_ENVIRONMENT: Mapping[str, str] = {
    "CGO_ENABLED": "0",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-buildvcs=false -modcacherw",
    "GOWORK": "off",
    "GOROOT": "",
    "GOOS": "",
    "GOARCH": "",
}
"""No C compiler, no other Go than the pinned one, for this machine, no surprise from an outer repository, and a cache that
can be deleted."""


def build_argv(go: Path, tools: Sequence[tuple[GoTool, str]], output: Path) -> tuple[str, ...]:
    """One `go build` for all tools of a module folder, each stamped with its version; the files land in `output`.

    One command shares the compiled packages and links one program while the next still compiles.
    """
    flags = (
        f"-ldflags={tool.package}=-s -w"
        + (f" -X {tool.stamp}={version.removeprefix('v') if tool.bare else version}" if tool.stamp else "")
        for tool, version in tools
    )
    packages = (tool.package for tool, _ in tools)
    tags = ",".join(sorted({tool.tags for tool, _ in tools if tool.tags}))
    tagged = (f"-tags={tags}",) if tags else ()
    return (str(go), "build", "-v", "-trimpath", *tagged, *flags, "-o", f"{output}/", *packages)


def required(go_mod: str) -> Mapping[str, str]:
    """Module → version, from the `require` lines of a go.mod."""
    lines = (line.split("//")[0].removeprefix("require").split() for line in go_mod.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and words[1].startswith("v")}


def version_in(output: str) -> str:
    """The first version in the output of a program, as `v1.2.3`; empty if there is none.

    Build metadata after a `+` is left out.
    """
    found = VERSION.search(output)
    return f"v{found[1]}" if found else ""
