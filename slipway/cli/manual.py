"""What `./inv`, `./inv TASK --help` and `./inv --version` print."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from slipway.cli import naming
from slipway.docs.source.tasks import Flag, Task

WIDTH = 80
"""Of what is no terminal."""
OTHER = "Other tasks"
SCRIPT = "./inv --print-completion-script SHELL"
COMMON = (
    ("./inv TASK --help", "what a task does, and its flags"),
    ("./inv --version", "the version and the commit of this checkout"),
    (SCRIPT, "completion for bash, zsh or fish"),
)


def overview(tasks: Sequence[Task], width: int = WIDTH) -> str:
    """Every task, by its purpose."""
    indent = max((len(task.name) for task in tasks), default=0) + 4
    blocks = ["./inv TASK [flags]"]
    for purpose, members in groupby(tasks, key=lambda task: task.purpose or OTHER):
        blocks.append(f"{purpose}:\n" + columns(((task.name, summary(task.doc)) for task in members), indent, width))
    common = [
        (naming.spoken(words), text) for words, text in COMMON if naming.command() == naming.INV or words != SCRIPT
    ]
    blocks.append(columns(common, max(len(words) for words, _ in common) + 2, width, start=0))
    return "\n\n".join(blocks)


def of_task(task: Task, width: int = WIDTH) -> str:
    """Usage, description and flags of a task."""
    rows = [
        (written(flag), flag.help + (" (required)" if flag.required and not flag.positional else ""))
        for flag in task.flags
    ]
    indent = min(max((len(name) for name, _ in rows), default=0) + 4, width // 2)
    return "\n\n".join(filter(None, (task.usage, textwrap.fill(task.doc.strip(), width), columns(rows, indent, width))))


def written(flag: Flag) -> str:
    """How a flag is typed: `--env ENV, -e`, `--[no-]secrets`, or the name of an argument."""
    first, *others = flag.names
    name = first.lstrip("-")
    if flag.positional:
        return name.upper()
    if flag.on:
        return f"--[no-]{name}"
    value = f" {name.upper().replace('-', '_')}" if flag.takes_value else ""
    return ", ".join([f"{first}{value}", *others])


def columns(rows: Iterable[tuple[str, str]], indent: int, width: int, start: int = 2) -> str:
    """Names, and beside each its description as a paragraph."""
    lines: list[str] = []
    for name, text in rows:
        head = f"{' ' * start}{name}"
        paragraph = textwrap.wrap(text, max(width - indent, 20), break_on_hyphens=False) or [""]
        if len(head) > indent - 2:
            lines.append(head)
            head = ""
        lines.append(f"{head.ljust(indent)}{paragraph[0]}".rstrip())
        lines += [" " * indent + line for line in paragraph[1:]]
    return "\n".join(lines)


def summary(doc: str) -> str:
    """The first line."""
    return doc.strip().partition("\n")[0]


def installed_version() -> str:
    """The command `slipway` and its Python."""
    from importlib.metadata import version as version_of

    return f"slipway {version_of('homelab')}, Python {platform.python_version()}"


def version(root: Path) -> str:
    """The project, its version, and the commit of the checkout."""
    import tomllib

    from slipway.cli.crash import commit_of

    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        project = {}
    named = f"{project.get('name', 'slipway')} {project.get('version', '0')}"
    commit = commit_of(root)
    return f"{named} ({f'commit {commit[:12]}' if commit else 'no commit'}), Python {platform.python_version()}"
