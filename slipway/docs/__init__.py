"""The documentation site and the READMEs of the charts.

In: the workspace, the written pages below docs/, the tasks, the pins of `deploy/`.
Out: build/docs (sources of the site), site/ (the site), charts/*/README.md.
Fails: WorkspaceError for input that cannot be parsed, ProblemsFound for a written page that references what does not exist,
ToolFailed for MkDocs. Pages are pure text (`source` → `pages` and `snippets`); `site` writes files and starts MkDocs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.errors import Problem
from slipway.core.model import Workspace

if TYPE_CHECKING:
    from slipway.context import Context
    from slipway.docs.pages.reference import Task


def stage(context: Context, tasks: tuple[Task, ...]) -> int:
    """Put every page into build/docs; returns how many were generated.

    Args:
        context: the wiring.
        tasks: of tasks.py.

    Raises:
        WorkspaceError: a chart, a values file, a schema or `deploy/` cannot be understood.
    """
    from slipway.docs import site
    from slipway.docs.source import parsing
    from slipway.gitops import pins as pin

    pins = {name: pin.current(context.config, name) for name in context.config.environments}
    made = site.pages(parsing.open_book(context.workspace, pins), tasks, site.icons())
    made |= site.tried_pages(context.config.root)
    site.stage(context.config.root, made | site.vendored())
    return len(made)


def build(context: Context, strict: bool = True) -> None:
    """Make `site/`.

    Args:
        context: the wiring.
        strict: refuse links that lead nowhere, pages that nobody reaches, and pages that name what does not exist.

    Raises:
        WorkspaceError: see `stage`.
        ProblemsFound: a page names a task, a flag or a file that does not exist, or shows what does not parse.
        ToolFailed: MkDocs or its installation failed.
    """
    from slipway.core.errors import ProblemsFound
    from slipway.docs import site
    from slipway.toolchain.groups import ensure_group

    ensure_group(context.config.root, "docs", context.progress)
    tasks = site.tasks_of(context.config.root)
    with context.progress.step("pages") as done:
        done(f"{stage(context, tasks)} generated pages")
    if strict and (problems := site.untrue(context.config.root, tasks)):
        raise ProblemsFound(problems)
    with context.progress.step("site") as done:
        site.render(context.config.root, context.run, strict=strict)
        done("site/index.html")


def serve(context: Context) -> None:
    """Serve the site on this machine until Ctrl-C; a change in docs/ shows at once, one of a chart after a new start.

    Raises:
        WorkspaceError: see `stage`.
        ToolFailed: MkDocs could not be installed or ended by itself.
    """
    from slipway.core.errors import ToolFailed
    from slipway.docs import site
    from slipway.toolchain.groups import ensure_group

    ensure_group(context.config.root, "docs", context.progress)
    stage(context, site.tasks_of(context.config.root))
    context.progress.say(
        "http://127.0.0.1:8000/ until Ctrl-C; a change in docs/ shows at once, in the search and of a chart after a new start"
    )
    if code := site.serve(context.config.root, context.run):
        raise ToolFailed(Problem(where="mkdocs", fact=f"ended with exit code {code}", hint="is port 8000 taken?"))


def generate(context: Context) -> tuple[str, ...]:
    """Write the README of every chart; returns the paths that changed.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site
    from slipway.util.files import write_atomic

    wanted = site.readmes(context.workspace)
    changed = site.drifted(context.config.root, wanted)
    for path in changed:
        write_atomic(context.config.root / path, wanted[path])
    return changed


def list_examples(context: Context) -> str:
    """The console blocks of the pages, each with the tier that runs it, or with the reason for not running it."""
    from slipway.docs import site
    from slipway.docs.pages import tested_commands
    from slipway.util.text import table

    return table(tested_commands.HEAD, tested_commands.listing(site.console(context.config.root)))


def check_readmes(workspace: Workspace) -> tuple[Problem, ...]:
    """A problem for each README that is missing or not what the generator writes.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site

    wanted = site.readmes(workspace)
    return tuple(site.problem_of(workspace.root, path) for path in site.drifted(workspace.root, wanted))
