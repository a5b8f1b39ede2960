"""`./inv doctor`: what is installed and what is missing. One function gathers rows, a pure one formats them.

Nothing is installed, built or started. What a later task would make by itself is not an error: it is `later`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import BuildError
from slipway.toolchain import node_machine, venv
from slipway.toolchain.catalogue import TOOLS
from slipway.toolchain.gotool import version_in
from slipway.toolchain.groups import PROGRAMS
from slipway.toolchain.locks import GROUPS, LOCKS, lock_file
from slipway.toolchain.node import node_rows
from slipway.toolchain.report import State, ToolReport
from slipway.toolchain.toolbox import Toolbox
from slipway.tools.run import Command, Runner, which
from slipway.util.files import decode, read_text
from slipway.util.terminal import Part, Text, table

GIB = 1024**3
ENOUGH_GIB = 6
"""What the first set-up fills: environment 0.5, Go 0.3, sources and compiled packages of the tools 3.5, the rest room."""
DISK = "disk space"
GROUP_COMMANDS = {
    "lab": "./inv lab up",
    "release": "./inv --list",
    "seal": "./inv seal",
    "test": "./inv test",
    "docs": "./inv docs build",
    "browser": "./inv test --tier docs",
    "lock": "./inv lock",
    "node": "./inv test --tier docs",
    "traefik": "./inv lab up --real traefik",
    "go": "./inv lint",
}
"""Group → a command that installs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryFacts:
    """The registry, as far as the doctor examines it."""

    base: str
    folder: Path | None
    """Data of the embedded one; None for another registry."""
    reachable: Callable[[], str]
    """Empty when it can be reached, else the reason, in a few words."""


def gather(
    *, toolbox: Toolbox, run: Runner, registry: RegistryFacts, machine: Path = Path("/")
) -> tuple[ToolReport, ...]:
    """Every row, in the order of a set-up.

    Args:
        toolbox: the tools of a checkout.
        run: starts a program.
        registry: the registry, as far as it is examined.
        machine: root of the file system of the machine.
    """
    root = toolbox.root
    return (
        python_row(),
        git_row(run),
        *(group_row(root, group) for group in GROUPS if group not in PROGRAMS),
        *(program_row(toolbox, group) for group in PROGRAMS),
        *(tool_row(toolbox, name) for name in TOOLS),
        node_row(toolbox.environ.get("PATH")),
        *registry_rows(registry),
        disk_row(root),
        *node_rows(machine),
    )


def python_row() -> ToolReport:
    """The interpreter of the tasks; an older one could not run them."""
    found = ".".join(map(str, sys.version_info[:3]))
    return ToolReport(name="python", state=State.OK, wanted="3.11 or newer", found=found, path=sys.executable)


def git_row(run: Runner) -> ToolReport:
    """git, in any recent version."""
    program = which("git")
    if program is None:
        return ToolReport(name="git", state=State.WRONG, source="missing", fix="install git with the system's packages")
    found = version_in(run(Command(argv=(str(program), "--version"), ok_codes=None)).stdout).removeprefix("v")
    return ToolReport(name="git", state=State.OK, found=found, source="PATH", path=str(program))


def node_row(path: str | None) -> ToolReport:
    """Whether a lab may have a real node."""
    lacking = node_machine.lacking_packages(path)
    if lacking:
        return ToolReport(
            name="node of a lab",
            state=State.LATER,
            found=f"without {', '.join(lacking)}",
            source="missing",
            fix=f"apt-get install {' '.join(lacking)}, for ./inv lab up --node",
        )
    if not node_machine.is_root_on_linux():
        return ToolReport(name="node of a lab", state=State.LATER, source="missing", fix="sudo ./inv lab up --node")
    return ToolReport(name="node of a lab", state=State.OK, found="root and packages", source="installed")


def group_row(root: Path, group: str) -> ToolReport:
    """A group of Python packages: installed as locked, out of date, or not yet."""
    name = f"python {group}"
    lock = lock_file(root, group)
    marker = root / ".venv" / venv.MARKS / lock.name
    if not lock.exists():
        return ToolReport(
            name=name, state=State.WRONG, source="missing", path=f"{LOCKS}/{lock.name}", fix="git checkout locks"
        )
    count = sum(line[:1].isalnum() for line in read_text(lock, f"{LOCKS}/{lock.name}").splitlines())
    wanted = f"{count} package{'s' * (count != 1)}"
    if venv.has(marker, lock.read_bytes()):
        return ToolReport(name=name, state=State.OK, wanted=wanted, found="as locked", source="installed", path=".venv")
    source = "out of date" if marker.exists() else "missing"
    return ToolReport(name=name, state=State.LATER, wanted=wanted, source=source, fix=GROUP_COMMANDS[group])


def program_row(toolbox: Toolbox, group: str) -> ToolReport:
    """A program that comes as a Python package: Go, which only builds require, and uv, which only `lock` requires."""
    name = PROGRAMS[group].name
    lock = f"{LOCKS}/{group}.txt"
    try:
        wanted = version_in(decode((toolbox.home / lock).read_bytes(), lock))
        folder = venv.group_folder(toolbox.home, group)
    except OSError:
        return ToolReport(name=name, state=State.WRONG, source="missing", path=lock, fix="git checkout locks")
    if folder.is_dir():
        path = shown(folder / PROGRAMS[group], toolbox.root)
        return ToolReport(name=name, state=State.OK, wanted=wanted, found=wanted, source="installed", path=path)
    other = which(name) if group == "go" else None
    found = toolbox.version_of(other, ("version",)) if other else ""
    if found == wanted:
        return ToolReport(name=name, state=State.OK, wanted=wanted, found=found, source="PATH", path=str(other))
    found = f"{found} on PATH, not used" if found else ""
    return ToolReport(
        name=name, state=State.LATER, wanted=wanted, found=found, source="missing", fix=GROUP_COMMANDS[group]
    )


def tool_row(toolbox: Toolbox, name: str) -> ToolReport:
    """A pinned program: built, on PATH, or to be built."""
    try:
        wanted, have, other = toolbox.version(name), toolbox.find(name), toolbox.on_path(name)
    except BuildError as error:
        return ToolReport(
            name=name, state=State.WRONG, source="missing", found=error.problems[0].fact, fix="git checkout tools"
        )
    if have is not None:
        path = shown(have.path, toolbox.root)
        return ToolReport(name=name, state=State.OK, wanted=wanted, found=have.version, source=have.source, path=path)
    found = f"{other.version or 'unknown version'} on PATH, not used" if other else ""
    return ToolReport(
        name=name, state=State.LATER, wanted=wanted, found=found, source="missing", fix=TOOLS[name].command
    )


def registry_rows(registry: RegistryFacts) -> Iterable[ToolReport]:
    """The registry, and whether it can be reached."""
    embedded = registry.folder is not None
    if embedded:
        there = registry.folder is not None and registry.folder.is_dir()
        found = "there" if there else "empty"
        yield ToolReport(
            name="registry data", state=State.OK, found=found, source="embedded", path=str(registry.folder)
        )
    error = registry.reachable()
    if not error:
        yield ToolReport(name="registry answers", state=State.OK, found="yes", path=registry.base)
        return
    # The task that requires the embedded one starts it; another one must be running.
    yield ToolReport(
        name="registry answers",
        state=State.LATER if embedded else State.WRONG,
        found=error,
        path=registry.base,
        fix="./inv registry start" if embedded else "./inv registry status",
    )


def disk_row(root: Path) -> ToolReport:
    """Free space below the checkout; a full disk ends builds with unclear messages."""
    free = shutil.disk_usage(root).free / GIB
    enough = free >= ENOUGH_GIB
    return ToolReport(
        name=DISK,
        state=State.OK if enough else State.WRONG,
        wanted=f"{ENOUGH_GIB} GiB",
        found=f"{free:.0f} GiB free",
        path=str(root),
        fix="" if enough else "free space, or delete the Go caches: go clean -cache -modcache",
    )


def shown(path: Path, root: Path) -> str:
    """A path for the table: relative when it is in the checkout."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def text(rows: Iterable[ToolReport]) -> Text:
    """The rows as aligned lines, then what to do about those that are wrong or come later."""
    marks = {State.OK: "✔", State.LATER: "·", State.WRONG: "✘"}
    kept = tuple(rows)
    head = ("", "WHAT", "STATE", "WANTED", "FOUND", "SOURCE", "WHERE")
    lines: list[Part] = [
        table(
            head,
            ((marks[row.state], row.name, str(row.state), row.wanted, row.found, row.source, row.path) for row in kept),
        )
    ]
    for state, what in ((State.WRONG, "to fix"), (State.LATER, "made by the task that requires it, or now")):
        todo = [row for row in kept if row.state is state and row.fix]
        if todo:
            lines += ["", f"{what}:", table(("  WHAT", "COMMAND"), ((f"  {row.name}", row.fix) for row in todo))]
    if all(row.state is not State.WRONG for row in kept):
        lines += ["", "nothing is wrong"]
    return lines
