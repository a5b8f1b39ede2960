"""The documentation: facts from the workspace → Markdown → the site, and the READMEs of the charts.

The pure part makes text (`book` opens the workspace; `charts`, `umbrellas`, `library`, `reference` and `readme` write pages); `site` is
the only module that writes files and starts MkDocs. This module is what the tasks call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.errors import Problem
from slipway.model import Workspace

if TYPE_CHECKING:
    from slipway.docs.reference import Task
    from slipway.yard import Yard


def stage(yard: Yard, tasks: tuple[Task, ...]) -> int:
    """Put every page into build/docs; returns how many were generated.

    Args:
        yard: the wiring.
        tasks: of tasks.py.

    Raises:
        WorkspaceError: a chart, a values file, a schema or `deploy/` cannot be understood.
    """
    from slipway import pin
    from slipway.docs import book, site

    pins = {name: pin.current(yard.config, name) for name in yard.config.environments}
    made = site.pages(book.open_book(yard.workspace, pins), tasks, site.icons())
    made |= site.tried_pages(yard.config.root)
    site.stage(yard.config.root, made | site.vendored())
    return len(made)


def build(yard: Yard, strict: bool = True) -> None:
    """Make `site/`.

    Args:
        yard: the wiring.
        strict: refuse links that lead nowhere, pages that nobody reaches, and pages that name what does not exist.

    Raises:
        WorkspaceError: see `stage`.
        ProblemsFound: a page names a task, a flag or a file that does not exist, or shows what does not parse.
        ToolFailed: MkDocs or its installation failed.
    """
    from slipway.docs import site
    from slipway.errors import ProblemsFound
    from slipway.groups import ensure_group

    ensure_group(yard.config.root, "docs", yard.progress)
    tasks = site.tasks_of(yard.config.root)
    with yard.progress.step("pages") as done:
        done(f"{stage(yard, tasks)} generated pages")
    if strict and (problems := site.untrue(yard.config.root, tasks)):
        raise ProblemsFound(problems)
    with yard.progress.step("site") as done:
        site.render(yard.config.root, yard.run, strict=strict)
        done("site/index.html")


def serve(yard: Yard) -> None:
    """Serve the site on this machine until Ctrl-C; a change in docs/ shows at once, one of a chart after a new start.

    Raises:
        WorkspaceError: see `stage`.
        ToolFailed: MkDocs could not be installed or ended by itself.
    """
    from slipway.docs import site
    from slipway.errors import ToolFailed
    from slipway.groups import ensure_group

    ensure_group(yard.config.root, "docs", yard.progress)
    stage(yard, site.tasks_of(yard.config.root))
    yard.progress.say(
        "http://127.0.0.1:8000/ until Ctrl-C; a change in docs/ shows at once, in the search and of a chart after a new start"
    )
    if code := site.serve(yard.config.root):
        raise ToolFailed(Problem(where="mkdocs", fact=f"ended with exit code {code}", hint="is port 8000 taken?"))


def generate(yard: Yard) -> tuple[str, ...]:
    """Write the README of every chart; returns the paths that changed.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site
    from slipway.package import write_atomic

    wanted = site.readmes(yard.workspace)
    changed = site.drifted(yard.config.root, wanted)
    for path in changed:
        write_atomic(yard.config.root / path, wanted[path])
    return changed


def list_examples(yard: Yard) -> str:
    """The console blocks of the pages, each with the tier that runs it, or with the reason for not running it."""
    from slipway.docs import site, tried
    from slipway.formatting import table

    return table(tried.HEAD, tried.listing(site.console(yard.config.root)))


def check_readmes(workspace: Workspace) -> tuple[Problem, ...]:
    """A problem for each README that is missing or not what the generator writes.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site

    wanted = site.readmes(workspace)
    return tuple(site.problem_of(workspace.root, path) for path in site.drifted(workspace.root, wanted))
