"""The site on disk: `docs/` and the generated pages are staged into build/docs, MkDocs makes `site/` of them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from slipway.core.errors import Problem, ToolFailed
from slipway.core.model import ChartKind, Workspace
from slipway.docs.checks import console_blocks, references
from slipway.docs.pages import (
    backups,
    changelogs,
    chart_index,
    environment_values,
    library,
    readme,
    reference,
    services,
    tested_commands,
    umbrellas,
)
from slipway.docs.pages.reference import Flag, Task
from slipway.docs.snippets import architecture
from slipway.docs.source import monitoring, parsing, pinned_versions
from slipway.tools.run import Command, Runner
from slipway.util.files import read_text, write_atomic
from slipway.workspace.discover import NOTES

BUILD_TIMEOUT_S = 300.0


def pages(opened: parsing.Book, found: tuple[Task, ...], icons: Collection[str] = ()) -> dict[str, str]:
    """Path below docs/ → text of every generated page, with the theme's icons where it has them."""
    made = {
        "charts/index.md": chart_index.text(opened, icons),
        "reference/library.md": library.text(opened),
        "reference/backups.md": backups.text(opened),
        "reference/tasks.md": reference.tasks(found),
        "reference/exit-codes.md": reference.exit_codes(),
        "reference/rules.md": reference.rules(rule_tables()),
        "reference/settings.md": reference.configuration(),
    }
    watch, known = monitoring.watch(opened), pinned_versions.state(opened)
    made |= {
        f"charts/{entry.chart.name}.md": services.service(opened, entry, watch, known)
        for entry in opened.of_kind(ChartKind.SERVICE)
    }
    made |= {
        f"charts/{entry.chart.name}.md": umbrellas.page(opened, entry, known)
        for entry in opened.of_kind(ChartKind.UMBRELLA)
    }
    return made | environment_values.pages(opened) | changelogs.pages(opened) | architecture.pieces(opened, icons)


def tried_pages(root: Path) -> dict[str, str]:
    """The page about the console blocks of all others."""
    return {"reference/examples.md": tested_commands.text(console(root))}


def vendored() -> dict[str, str]:
    """Path below docs/ → text of what the site takes from packages of the group `docs`.

    Raises:
        ToolFailed: the package is not installed.
    """
    from slipway.docs.hook import MERMAID

    source = package("diagram_renderer") / "renderers" / "static" / "js" / "mermaid.min.js"
    return {MERMAID: source.read_text(encoding="utf-8")}


def icons() -> frozenset[str]:
    """Every icon of the theme, as `simple/jellyfin`.

    Raises:
        ToolFailed: the theme is not installed.
    """
    folder = package("material") / "templates" / ".icons"
    return frozenset(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.svg"))


def package(name: str) -> Path:
    """The folder of an installed package.

    Raises:
        ToolFailed: it is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ToolFailed(Problem(where="group docs", fact=f"{name} is not installed", hint="./inv docs build"))
    return Path(spec.origin).parent


def rule_tables() -> dict[str, Mapping[str, str]]:
    """Every table of rules, by title."""
    from slipway import policy
    from slipway.lint.rules import RULES

    return {"Files, values and packages": RULES, "The contract of a service": policy.RULES}


def tasks_of(root: Path) -> tuple[Task, ...]:
    """The tasks of tasks.py, in the order in which they are written."""
    import importlib.util

    from invoke.tasks import Task as Invokable

    spec = importlib.util.spec_from_file_location("slipway_documented_tasks", root / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(task_of(item) for item in vars(module).values() if isinstance(item, Invokable))


def task_of(task: object) -> Task:
    """One of invoke's tasks as a value."""
    from invoke.tasks import Task as Invokable

    assert isinstance(task, Invokable)
    flags = []
    for argument in task.get_arguments():
        names = tuple(f"{'--' if len(name) > 1 else '-'}{name.replace('_', '-')}" for name in argument.names)
        positional = bool(argument.positional)
        flags.append(
            Flag(
                names=names[:1] if positional else names,
                takes_value=argument.kind is not bool,
                positional=positional,
                required=argument.default is None,
                help=str(argument.help or ""),
            )
        )
    return Task(name=task.name.replace("_", "-"), doc=str(task.__doc__ or ""), flags=tuple(flags))


WRITTEN = ("README.md", "CONTRIBUTING.md", "AGENTS.md")
"""Pages that people write, besides those below docs/."""


def untrue(root: Path, found: tuple[Task, ...]) -> tuple[Problem, ...]:
    """What written pages promise and the repository does not have."""
    facts = references.Facts(tasks={task.name: task for task in found}, exists=lambda path: (root / path).exists())
    texts = written(root)
    promised = (problem for path, text in texts.items() for problem in references.check(path, text, facts))
    return (*promised, *console_blocks.problems(console(root)))


def console(root: Path) -> tuple[console_blocks.Block, ...]:
    """Every console block of the written pages."""
    return tuple(block for path, text in written(root).items() for block in console_blocks.blocks(path, text))


def written(root: Path) -> dict[str, str]:
    """Path → text of every page that people write: those of the front first."""
    notes = sorted((root / "charts").glob(f"*/{NOTES}"))
    paths = [*(root / name for name in WRITTEN), *sorted((root / "docs").rglob("*.md")), *notes]
    found = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return {name: read_text(path, name) for name, path in found.items()}


def stage(root: Path, generated: Mapping[str, str]) -> Path:
    """Make build/docs equal to docs/ plus the generated pages; files that are right already are left alone.

    `mkdocs serve` watches the folder, so a file that does not change must not be written.
    """
    target = root / "build" / "docs"
    wanted = {path: text.encode("utf-8") for path, text in generated.items()}
    source = root / "docs"
    for path in sorted(source.rglob("*")):
        if path.is_file():
            wanted.setdefault(path.relative_to(source).as_posix(), path.read_bytes())
    for name, content in wanted.items():
        place = target / name
        if not place.is_file() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(place, content)
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.relative_to(target).as_posix() not in wanted:
            path.unlink()
    return target


def mkdocs(*arguments: str) -> tuple[str, ...]:
    """The argument vector of MkDocs, in this environment."""
    return (sys.executable, "-m", "mkdocs", *arguments)


def command(root: Path, *arguments: str) -> Command:
    """MkDocs at work on this checkout."""
    # The theme prints an advertisement for its successor otherwise.
    env = {"NO_MKDOCS_2_WARNING": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return Command(argv=mkdocs(*arguments), cwd=root, env=env, timeout_s=BUILD_TIMEOUT_S)


def render(root: Path, run: Runner, *, strict: bool) -> None:
    """build/docs → site/.

    Raises:
        ToolFailed: a page is wrong, or a link leads nowhere; with MkDocs' last lines.
    """
    # Not `--quiet`: MkDocs counts only the warnings that it would print, so nothing would be strict.
    run(command(root, "build", *(("--strict",) if strict else ())))


def serve(root: Path, run: Runner) -> int:
    """Serve the staged site until it is interrupted; returns MkDocs' exit code."""
    # Dirty: only the page that changed is made again, a second instead of all of them.
    served = command(root, "serve", "--quiet", "--dirty")
    return run(replace(served, ok_codes=None, timeout_s=None, on_line=lambda line: print(line, flush=True))).code


def readmes(workspace: Workspace) -> dict[str, bytes]:
    """Path → wanted text of every chart's README."""
    opened = parsing.open_book(workspace)
    kinds = (ChartKind.LIBRARY, ChartKind.SERVICE)
    return {
        f"{entry.chart.folder}/README.md": readme.text(entry).encode("utf-8")
        for kind in kinds
        for entry in opened.of_kind(kind)
    }


def drifted(root: Path, wanted: Mapping[str, bytes]) -> tuple[str, ...]:
    """The files that are missing or have another text."""
    return tuple(path for path in sorted(wanted) if content_of(root / path) != wanted[path])


def content_of(path: Path) -> bytes | None:
    """A file's bytes, or None when there is no file."""
    return path.read_bytes() if path.is_file() else None


def problem_of(root: Path, path: str) -> Problem:
    """A README that is not what the generator writes."""
    fact = "is not what the chart's files say" if (root / path).is_file() else "is missing"
    return Problem(where=path, fact=fact, hint="./inv docs generate", rule="docs.readme")
