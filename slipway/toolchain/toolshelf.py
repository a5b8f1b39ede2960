"""The pinned programs that are there: built before, or found on PATH in exactly the pinned version.

`.tools/<name>-<version>-<key>/<name>` is a built program; the key stands for every source that went into it. It appears
in one step when it is complete, so a cut-off build leaves nothing that looks like one. What PATH offers is remembered in
`.tools/path.json`, so that finding out does not start a process each time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import BuildError, Problem, WorkspaceError
from slipway.toolchain.catalogue import TOOLS
from slipway.toolchain.gotool import GoTool, required, version_in
from slipway.tools.run import Command, Runner, which
from slipway.util.progress import Progress

ASK_TIMEOUT_S = 20.0
CHECKOUT = Path(__file__).resolve().parents[2]
"""The repository that this package lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A program, and how it came to us."""

    path: Path
    version: str
    source: str
    """`built` or `PATH`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolshelf:
    """The programs of a checkout, by name, as far as they are there."""

    root: Path
    tools: Mapping[str, str]
    """Name → pinned version, such as `v4.3.1`; what is not named here has the version of its go.mod."""
    run: Runner
    progress: Progress

    @property
    def home(self) -> Path:
        """Where the sources of the programs are: a workspace without its own `tools/release` shares those of this package."""
        return self.root if (self.root / "tools" / "release").is_dir() else CHECKOUT

    @property
    def folder(self) -> Path:
        """Where built programs lie."""
        return self.home / ".tools"

    def find(self, name: str) -> Found | None:
        """A program that is there already, without building anything; None if there is none.

        Raises:
            WorkspaceError: nobody knows this program.
        """
        version = self.version(name)
        built = self.built_path(name)
        if built.is_file():
            return Found(path=built, version=version, source="built")
        other = self.on_path(name)
        return other if other is not None and other.version == version else None

    def on_path(self, name: str) -> Found | None:
        """The program that PATH offers under this name, in whatever version; None if there is none.

        Raises:
            WorkspaceError: nobody knows this program.
        """
        tool = tool_of(name)
        other = which(name) if tool.ask else None
        return Found(path=other, version=self.version_of(other, tool.ask), source="PATH") if other else None

    def version(self, name: str) -> str:
        """The pinned version of a program.

        Raises:
            WorkspaceError: nobody knows this program, or its module does not require it.
        """
        tool = tool_of(name)
        return self.tools.get(name) or self.required_version(tool)

    def required_version(self, tool: GoTool) -> str:
        """The version that the tool's go.mod requires.

        Raises:
            WorkspaceError: there is none.
        """
        where = f"{tool.folder}/go.mod"
        try:
            return required((self.home / where).read_text(encoding="utf-8"))[tool.module]
        except (OSError, KeyError) as error:
            raise WorkspaceError(Problem(where=where, fact=f"does not require {tool.module}")) from error

    def built_path(self, name: str) -> Path:
        """Where a built program is, or will be.

        Raises:
            WorkspaceError: its sources are not there.
        """
        import hashlib

        tool = tool_of(name)
        folder = self.home / tool.folder
        # A folder below with a go.mod of its own is another module.
        others = {path.parent for path in folder.rglob("go.mod")} - {folder}
        own = (path for path in sorted(folder.rglob("*.go")) if others.isdisjoint(path.parents))
        sources = (folder / "go.mod", self.home / "locks" / "go.txt", *own)
        try:
            content = b"".join(path.read_bytes() for path in sources)
        except OSError as error:
            where = f"{tool.folder}/go.mod"
            raise WorkspaceError(
                Problem(where=where, fact=f"is needed for {name}", evidence=(str(error),), hint="git checkout .")
            ) from error
        key = hashlib.sha256(content + repr(tool).encode()).hexdigest()[:8]
        return self.folder / f"{name}-{self.version(name)}-{key}" / name

    def version_of(self, program: Path, ask: Sequence[str]) -> str:
        """The version that a program says it has; empty if it says none. Asked once for each state of the file."""
        # Not resolved: a link to a program of many names is another program.
        program = program.absolute()
        state = program.stat()
        key = [state.st_mtime_ns, state.st_size, *ask]
        cache = self.folder / "path.json"
        known = read_cache(cache)
        entry = known.get(str(program))
        if isinstance(entry, dict) and entry.get("key") == key:
            return str(entry.get("version", ""))
        version = self.ask(program, ask)
        known[str(program)] = {"key": key, "version": version}
        from slipway.util.files import write_atomic

        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(cache, json.dumps(known, indent=2, sort_keys=True) + "\n")
        return version

    def ask(self, program: Path, ask: Sequence[str]) -> str:
        """Start a program with its version question; empty if it has no answer."""
        try:
            # A program that only shares the name may do anything with the question but wait for an answer.
            # A go that looks at a go.mod around us would answer for another one.
            env = {"GOTOOLCHAIN": "local"}
            command = Command(argv=(str(program), *ask), ok_codes=None, timeout_s=ASK_TIMEOUT_S, env=env)
            told = self.run(command)
        except BuildError:
            return ""
        return version_in(told.stdout + told.stderr) if told.code == 0 else ""


def tool_of(name: str) -> GoTool:
    """What we know about a program.

    Raises:
        WorkspaceError: nothing.
    """
    if name not in TOOLS:
        fact = f"there is no tool {name!r}"
        raise WorkspaceError(Problem(where="[tool.slipway.tools]", fact=fact, hint=f"use {', '.join(TOOLS)}"))
    return TOOLS[name]


def read_cache(path: Path) -> dict[str, object]:
    """What is remembered about programs on PATH; nothing when the file is missing or broken."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
