"""Files and processes: stages docs/ and the generated pages in build/docs, runs MkDocs, reads the written pages."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from slipway.build import editor_schemas
from slipway.core.errors import Problem, ToolFailed
from slipway.core.model import ChartKind, Workspace
from slipway.docs.checks import console_blocks, references
from slipway.docs.pages import (
    backups,
    changelogs,
    chart_index,
    chart_parts,
    environment_values,
    library,
    readme,
    reference,
    registries,
    services,
    tested_commands,
    umbrellas,
)
from slipway.docs.snippets import architecture
from slipway.docs.source import monitoring, parsing, pinned_versions
from slipway.docs.source.registries import REGISTRIES
from slipway.docs.source.tasks import Task
from slipway.tools.run import Command, Runner
from slipway.util.exchange import replacing
from slipway.util.files import content_of, read_text, write_atomic
from slipway.workspace.chart_folder import NOTES

BUILD_TIMEOUT_S = 300.0


def generated_pages(
    parsed: parsing.ParsedWorkspace, found: tuple[Task, ...], icons: Collection[str] = ()
) -> dict[str, str]:
    """Path below docs/ → text of every generated page and snippet."""
    generated = {
        "charts/index.md": chart_index.text(parsed, icons),
        "reference/backups.md": backups.text(parsed),
        "reference/tasks.md": reference.tasks(found),
        "reference/exit-codes.md": reference.exit_codes(),
        "reference/dangers.md": reference.danger_kinds(),
        "reference/rules.md": reference.rules(rule_tables()),
        "reference/settings.md": reference.configuration(),
        "reference/answers.md": reference.answers(),
        "reference/registries.md": registries.page(REGISTRIES),
    }
    monitored, pinned = monitoring.load(parsed), pinned_versions.state(parsed)
    generated |= {
        f"charts/{entry.chart.name}.md": services.service(parsed, entry, monitored, pinned)
        for entry in parsed.of_kind(ChartKind.SERVICE)
    }
    generated |= {
        f"charts/{entry.chart.name}.md": umbrellas.page(parsed, entry, pinned)
        for entry in parsed.of_kind(ChartKind.UMBRELLA)
    }
    for entry in parsed.of_kind(ChartKind.SERVICE):
        generated |= chart_parts.pages(entry)
    generated |= library.pages(parsed) | environment_values.pages(parsed) | changelogs.pages(parsed)
    return generated | architecture.snippets(parsed, icons)


def tested_commands_page(root: Path) -> dict[str, str]:
    """Path below docs/ → text of the page of tested commands."""
    return {"reference/examples.md": tested_commands.text(console_blocks_of(root))}


def schemas(workspace: Workspace) -> dict[str, str]:
    """Path below docs/ → text of the schemas for editors.

    Raises:
        WorkspaceError: a schema of a chart cannot be parsed.
    """
    made = {**editor_schemas.of_environments(workspace), "chart.json": editor_schemas.of_charts(workspace)}
    return {f"schemas/{name}": text.decode("utf-8") for name, text in made.items()}


def vendored() -> dict[str, str]:
    """Path below docs/ → text of scripts from packages of the group `docs`.

    Raises:
        ToolFailed: the package is not installed.
    """
    from slipway.docs.hook import MERMAID

    source = package_folder("diagram_renderer") / "renderers" / "static" / "js" / "mermaid.min.js"
    return {MERMAID: source.read_text(encoding="utf-8")}


def icons() -> frozenset[str]:
    """All icons of the theme, such as `simple/jellyfin`.

    Raises:
        ToolFailed: the theme is not installed.
    """
    folder = package_folder("material") / "templates" / ".icons"
    return frozenset(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.svg"))


def package_folder(name: str) -> Path:
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
    """Title → rules with their requirements."""
    from slipway import policy
    from slipway.lint.rules import RULES

    return {"Files, values and packages": RULES, "The contract of a service": policy.RULES}


EXAMPLES = frozenset({"staging", "production"})
"""The environments that pages name."""
WRITTEN = ("README.md", "CONTRIBUTING.md", "AGENTS.md")
"""Written pages outside of docs/."""


def reference_problems(root: Path, found: tuple[Task, ...]) -> tuple[Problem, ...]:
    """Invalid references, examples and console blocks of the written pages."""
    repository = references.Repository(tasks={task.name: task for task in found}, exists=partial(exists, root))
    pages = written_pages(root)
    invalid = (problem for path, text in pages.items() for problem in references.check(path, text, repository))
    return (*invalid, *console_blocks.problems(console_blocks_of(root)))


def exists(root: Path, path: str) -> bool:
    """Whether a path is there, or is one of an environment that the platform comes with and its operator has no use for."""
    top, _, below = path.partition("/")
    environment = below.partition("/")[0]
    supplied = top == "values" and environment in EXAMPLES and not (root / top / environment).is_dir()
    return supplied or (root / path).exists()


def console_blocks_of(root: Path) -> tuple[console_blocks.Block, ...]:
    """The console blocks of all written pages."""
    return tuple(block for path, text in written_pages(root).items() for block in console_blocks.blocks(path, text))


def written_pages(root: Path) -> dict[str, str]:
    """Path → text of all written pages: README.md and others of the root first, notes of charts last."""
    notes = sorted((root / "charts").glob(f"*/{NOTES}"))
    paths = [*(root / name for name in WRITTEN), *sorted((root / "docs").rglob("*.md")), *notes]
    found = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return {name: read_text(path, name) for name, path in found.items()}


def stage(root: Path, generated: Mapping[str, str]) -> Path:
    """Make build/docs equal to docs/ and the generated pages.

    Unchanged files are not written, because `mkdocs serve` watches the folder.
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
    """The command line of MkDocs in this virtual environment."""
    return (sys.executable, "-m", "mkdocs", *arguments)


def command(root: Path, *arguments: str) -> Command:
    """MkDocs as a command in the checkout."""
    # Suppresses an advertisement of the theme.
    env = {"NO_MKDOCS_2_WARNING": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return Command(argv=mkdocs(*arguments), cwd=root, env=env, timeout_s=BUILD_TIMEOUT_S)


def render(root: Path, run: Runner, *, strict: bool) -> None:
    """Build site/ from build/docs; the old site stays until the new one is complete.

    Raises:
        ToolFailed: a page is invalid or a link is broken; with the last lines of MkDocs' output.
    """
    # Not `--quiet`: strict mode counts only the warnings that MkDocs prints.
    with replacing(root / "site", root / "build" / "site", "site") as folder:
        run(command(root, "build", "--site-dir", str(folder), *(("--strict",) if strict else ())))


def serve(root: Path, run: Runner) -> int:
    """Serve the staged site until interrupted; returns the exit code of MkDocs."""
    # `--dirty` rebuilds changed pages only.
    served = command(root, "serve", "--quiet", "--dirty")
    return run(replace(served, ok_codes=None, timeout_s=None, on_line=lambda line: print(line, flush=True))).code


def readmes(workspace: Workspace) -> dict[str, bytes]:
    """Path → expected content of the README of each chart."""
    parsed = parsing.parse_workspace(workspace)
    kinds = (ChartKind.LIBRARY, ChartKind.SERVICE)
    return {
        f"{entry.chart.folder}/README.md": readme.text(entry).encode("utf-8")
        for kind in kinds
        for entry in parsed.of_kind(kind)
    }


def outdated(root: Path, wanted: Mapping[str, bytes]) -> tuple[str, ...]:
    """The files that are missing or differ."""
    return tuple(path for path in sorted(wanted) if content_of(root / path) != wanted[path])


def readme_problem(root: Path, path: str) -> Problem:
    """The problem of an outdated README."""
    fact = "differs from what `./inv docs generate` writes" if (root / path).is_file() else "is missing"
    return Problem(where=path, fact=fact, hint="./inv docs generate", rule="docs.readme")
