"""The pinned programs: built before, found on PATH in exactly the pinned version, or built now.

`.tools/<name>-<version>-<key>/<name>` is a built program; the key is a hash of everything that goes into the build. It
appears in one step when it is complete, so an interrupted build leaves nothing that looks like one. The versions of the
programs on PATH are cached in `.tools/path.json`, so that finding one does not start a process each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway.core.errors import BuildError, Problem, WorkspaceError
from slipway.toolchain import shipped
from slipway.toolchain.catalogue import tool_of
from slipway.toolchain.gotool import GoTool, required, version_in
from slipway.tools.run import Command, Runner, which
from slipway.util.files import read_text
from slipway.util.progress import Progress

ASK_TIMEOUT_S = 20.0
CHECKOUT = shipped.PACKAGE.parent
"""The repository of this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that is ready to run."""

    path: Path
    version: str
    source: str
    """`built` or `PATH`."""


@dataclass(frozen=True, kw_only=True)
class Toolbox:
    """The programs of a checkout, by name."""

    root: Path
    tools: Mapping[str, str]
    """Name → pinned version, such as `v4.3.1`; what is not named here has the version of its go.mod."""
    run: Runner
    progress: Progress
    environ: Mapping[str, str]
    """The process environment: PATH is searched for programs, and a build uses the caches of its user."""

    @cached_property
    def home(self) -> Path:
        """The folder with the sources of the programs: a workspace without `tools/release` uses those of this package."""
        return self.root if (self.root / "tools" / "release").is_dir() else shipped.programs(self.environ)

    @property
    def folder(self) -> Path:
        """The folder of built programs; an installed slipway has one for every checkout of the user."""
        if shipped.installed() and self.home != self.root:
            return shipped.cache(self.environ) / shipped.BUILT
        return self.home / ".tools"

    def path(self, name: str) -> Path:
        """A program that is ready to run; a missing one is built, which takes minutes the first time.

        Raises:
            WorkspaceError: the program is unknown, or its version differs between pyproject.toml and go.mod.
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
        if missing := [name for name, program in found.items() if program is None]:
            from slipway.toolchain import compiling

            compiling.build(self, missing)
        return {name: program.path if program else self.built_path(name) for name, program in found.items()}

    def find(self, name: str) -> Program | None:
        """A program that was built before or is on PATH in the pinned version; None if there is none.

        Raises:
            WorkspaceError: the program is unknown.
        """
        version = self.version(name)
        built = self.built_path(name)
        if built.is_file():
            return Program(path=built, version=version, source="built")
        other = self.on_path(name)
        return other if other is not None and other.version == version else None

    def on_path(self, name: str) -> Program | None:
        """The program that PATH offers under this name, in whatever version; None if there is none.

        Raises:
            WorkspaceError: the program is unknown.
        """
        tool = tool_of(name)
        other = which(name, self.environ.get("PATH")) if tool.version_args else None
        return Program(path=other, version=self.version_of(other, tool.version_args), source="PATH") if other else None

    def version(self, name: str) -> str:
        """The pinned version of a program.

        Raises:
            WorkspaceError: the program is unknown, or its module does not require it.
        """
        tool = tool_of(name)
        return self.tools.get(name) or self.required_version(tool)

    def required_version(self, tool: GoTool) -> str:
        """The version that the tool's go.mod requires.

        Raises:
            WorkspaceError: there is none.
        """
        where = f"{tool.folder}/go.mod"
        path = self.home / where
        versions = required(read_text(path, where)) if path.is_file() else {}
        if tool.module not in versions:
            raise WorkspaceError(Problem(where=where, fact=f"does not require {tool.module}"))
        return versions[tool.module]

    def built_path(self, name: str) -> Path:
        """Where a built program is, or will be.

        Raises:
            WorkspaceError: its sources are missing.
        """
        import hashlib

        tool = tool_of(name)
        folder = self.home / tool.folder
        # A folder below with another go.mod is another module.
        others = {path.parent for path in folder.rglob("go.mod")} - {folder}
        code = (path for path in sorted(folder.rglob("*.go")) if others.isdisjoint(path.parents))
        sources = (folder / "go.mod", self.home / "locks" / "go.txt", *code)
        try:
            content = b"".join(path.read_bytes() for path in sources)
        except OSError as error:
            where = f"{tool.folder}/go.mod"
            raise WorkspaceError(self.without_sources(name, where, error)) from error
        version = self.version(name)
        flags = (tool.package, tool.stamp, tool.bare, tool.tags, version)
        key = hashlib.sha256(content + repr(flags).encode()).hexdigest()[:8]
        return self.folder / f"{name}-{version}-{key}" / name

    def without_sources(self, name: str, where: str, error: OSError) -> Problem:
        """The problem of a program whose sources are not there."""
        hint = "run it in a checkout of the platform" if shipped.installed() else "git checkout ."
        return Problem(where=where, fact=f"is needed for {name}", evidence=(str(error),), hint=hint)

    def version_of(self, program: Path, arguments: Sequence[str]) -> str:
        """The version that a program reports; empty if it reports none. Cached by the file's size and time."""
        # Not resolved: a link to a program of many names is another program.
        program = program.absolute()
        state = program.stat()
        key = [state.st_mtime_ns, state.st_size, *arguments]
        cache = self.folder / "path.json"
        known = read_cache(cache)
        entry = known.get(str(program))
        if isinstance(entry, dict) and entry.get("key") == key:
            return str(entry.get("version", ""))
        version = self.reported_version(program, arguments)
        known[str(program)] = {"key": key, "version": version}
        from slipway.util.files import write_atomic

        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(cache, json.dumps(known, indent=2, sort_keys=True) + "\n")
        return version

    def reported_version(self, program: Path, arguments: Sequence[str]) -> str:
        """Run a program with the arguments that print its version; empty if it prints none."""
        try:
            # Another program of the same name may do anything with these arguments, so it gets a time limit.
            # A go that reads a go.mod around us would report the version of another toolchain.
            env = {"GOTOOLCHAIN": "local"}
            command = Command(argv=(str(program), *arguments), ok_codes=None, timeout_s=ASK_TIMEOUT_S, env=env)
            done = self.run(command)
        except BuildError:
            return ""
        # The registry prints its own path first, and the name of its folder has a version too.
        return version_in((done.stdout + done.stderr).replace(str(program), "")) if done.code == 0 else ""


def read_cache(path: Path) -> dict[str, object]:
    """The cached versions of programs on PATH; none when the file is missing or broken."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
