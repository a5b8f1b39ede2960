"""The documentation site and the READMEs of the charts.

In: the workspace, the written pages below docs/, the tasks, the pins of `deploy/`.
Out: build/docs (sources of the site), site/ (the site), charts/*/README.md, build/schemas (for editors).
Fails: WorkspaceError for input that cannot be parsed, ProblemsFound for a written page that references what does not exist,
ToolFailed for MkDocs. Pages are pure text (`source` → `pages` and `snippets`); `site` writes files and starts MkDocs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.errors import Problem
from slipway.core.model import Workspace

if TYPE_CHECKING:
    from slipway.context import Context
    from slipway.docs.source.tasks import Task
    from slipway.util.terminal import Table


def stage(context: Context, tasks: tuple[Task, ...]) -> int:
    """Write all pages to build/docs; returns the number of generated ones.

    Args:
        context: the wiring.
        tasks: the tasks of tasks.py.

    Raises:
        WorkspaceError: a chart, a values file, a schema or `deploy/` cannot be parsed.
        ToolFailed: a package of the group `docs` is not installed.
    """
    from slipway.docs import site
    from slipway.docs.source import parsing
    from slipway.gitops.pins import current_pins

    pins = {name: current_pins(context.config, name) for name in context.config.environments}
    generated = site.generated_pages(parsing.parse_workspace(context.workspace, pins), tasks, site.icons())
    generated |= site.tested_commands_page(context.config.root) | site.schemas(context.workspace)
    site.stage(context.config.root, generated | site.vendored())
    return len(generated)


def build(context: Context, strict: bool = True) -> None:
    """Build `site/`.

    Args:
        context: the wiring.
        strict: fail on broken links, on pages outside of the navigation, and on references to what does not exist.

    Raises:
        WorkspaceError: see `stage`.
        ProblemsFound: a page references a task, a flag or a file that does not exist, or has an example that does not parse.
        ToolFailed: MkDocs or its installation failed.
    """
    from slipway.core.errors import ProblemsFound
    from slipway.docs import site
    from slipway.docs.source.tasks import load_tasks
    from slipway.toolchain.groups import ensure_group

    ensure_group(context.config.root, "docs", context.progress)
    tasks = load_tasks(context.config.root)
    with context.progress.step("pages") as done:
        done(f"{stage(context, tasks)} generated pages")
    if strict and (problems := site.reference_problems(context.config.root, tasks)):
        raise ProblemsFound(problems)
    with context.progress.step("site") as done:
        site.render(context.config.root, context.run, strict=strict)
        done("site/index.html")


def serve(context: Context) -> None:
    """Serve the site on localhost until Ctrl-C; changes below docs/ are reloaded.

    Raises:
        WorkspaceError: see `stage`.
        ToolFailed: MkDocs could not be installed, or it failed.
    """
    from slipway.core.errors import ToolFailed
    from slipway.docs import site
    from slipway.docs.source.tasks import load_tasks
    from slipway.toolchain.groups import ensure_group

    ensure_group(context.config.root, "docs", context.progress)
    stage(context, load_tasks(context.config.root))
    context.progress.say(
        "http://127.0.0.1:8000/ until Ctrl-C; changes below docs/ are reloaded, charts and the search index after a restart"
    )
    if code := site.serve(context.config.root, context.run):
        raise ToolFailed(Problem(where="mkdocs", fact=f"ended with exit code {code}", hint="is port 8000 taken?"))


def generate(context: Context) -> tuple[str, ...]:
    """Write the README of each chart, and the schemas for editors; returns the READMEs that changed.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site
    from slipway.util.files import write_atomic

    wanted = site.readmes(context.workspace)
    changed = site.outdated(context.config.root, wanted)
    for path in changed:
        write_atomic(context.config.root / path, wanted[path])
    write_schemas(context.workspace)
    return changed


def write_schemas(workspace: Workspace) -> None:
    """Write the schemas for editors to build/schemas.

    Raises:
        WorkspaceError: a schema of a chart cannot be parsed.
    """
    from slipway.build.editor_schemas import FOLDER
    from slipway.docs import site
    from slipway.util.exchange import replacing

    target = workspace.root / FOLDER
    target.parent.mkdir(exist_ok=True)
    with replacing(target, target.with_name(".schemas")) as folder:
        for path, text in site.schemas(workspace).items():
            (folder / path.rpartition("/")[2]).write_text(text, encoding="utf-8")


def list_examples(context: Context) -> Table:
    """A table of the console blocks of all written pages, with the tier that runs them or the reason for skipping them."""
    from slipway.docs import site
    from slipway.docs.pages import tested_commands
    from slipway.util.terminal import table

    return table(tested_commands.HEAD, tested_commands.listing(site.console_blocks_of(context.config.root)))


def check_readmes(workspace: Workspace) -> tuple[Problem, ...]:
    """A problem for each README that is missing or outdated.

    Raises:
        WorkspaceError: see `stage`.
    """
    from slipway.docs import site

    wanted = site.readmes(workspace)
    return tuple(site.readme_problem(workspace.root, path) for path in site.outdated(workspace.root, wanted))
