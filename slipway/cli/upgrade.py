"""`upgrade`: take a newer release of the platform into this fork, and back again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from dashboards import files as dashboard_files
from slipway import docs
from slipway.cli import report
from slipway.cli.ending import Result
from slipway.cli.lint import lint
from slipway.context import Context
from slipway.core.errors import BuildError, Problem, ProblemsFound, ToolFailed, WorkspaceError
from slipway.core.model import Chart, ChartName
from slipway.gitops.pins import current_pins
from slipway.release import diff
from slipway.tools.git import Git
from slipway.tools.git_merge import Merging
from slipway.tools.run import Command
from slipway.upgrade import news, take
from slipway.upgrade.take import Target
from slipway.util.text import counted
from slipway.versioning import bump
from slipway.workspace.chart_folder import read_chart
from slipway.workspace.discover import chart_folders

LAUNCHER = Path(__file__).resolve().parents[2] / "inv"


def upgrade(context: Context, to: str, *, dry_run: bool, undo: bool) -> Result:
    """Merge a release, generate again what was generated, raise the versions, check, and commit; or say what is to be decided.

    A merge that waits for decisions is gone on with.

    Raises:
        ProblemsFound: there are changes that are not committed, a person decides, or the checks found something.
        WorkspaceError: there is nothing to take a release from.
        BuildError: see the tasks that it runs.
    """
    merging = Merging(git=Git(run=context.run, root=context.config.root))
    if undo:
        commit = merging.undo()
        return Result(value={"head": commit}, text=f"Back at {commit[:12]}; nothing of the upgrade is left.")
    if merging.pending:
        return finish(context, merging, to or merging.pending[:12])
    take.require_clean(merging.git)
    target = take.target_of(merging, to)
    head = merging.git.resolve("HEAD")
    if merging.ancestor(head, target.commit) == target.commit:
        return Result(
            value={"to": target.name, "taken": False}, text=f"Nothing to take: this branch has {target.name}."
        )
    if dry_run:
        return preview(context, merging, target)
    merged = take.merge(merging, context.config, target)
    for path in merged.settled:
        context.progress.say(f"{path}: merged by what it means")
    if merged.left:
        raise take.decisions(merged.left)
    return go_on(context, target)


def go_on(context: Context, target: Target) -> Result:
    """The rest with the programs of the release, which are in the checkout now: this process has those of before."""
    argv = (str(LAUNCHER), "upgrade", "--to", target.name)
    done = context.run(Command(argv=argv, cwd=context.config.root, ok_codes=None, on_line=print))
    if not done.code:
        return Result(value={"to": target.name, "taken": True}, text="")
    fact = f"the upgrade to {target.name} is merged and not finished"
    hint = "fix what is above and run ./inv upgrade again; or go back: ./inv upgrade --undo"
    raise ToolFailed(Problem(where="./inv upgrade", fact=fact, hint=hint))


def preview(context: Context, merging: Merging, target: Target) -> Result:
    """What an upgrade would do, tried in a work tree of its own."""
    with tempfile.TemporaryDirectory() as folder, take.scratch(merging.git, Path(folder, "tree")) as git:
        merged = take.merge(Merging(git=git), context.config, target)
    changed = changes_of(merging, target.commit)
    lines = [f"{target.name} would be taken:", *(f"    {line}" for line in changed.splitlines())]
    if merged.settled:
        lines.append(f"Merged by what they mean: {', '.join(merged.settled)}")
    lines += [f"For you to decide: {path}" for path in merged.left] or ["Nothing is for you to decide."]
    value = {"to": target.name, "taken": False, "settled": merged.settled, "decide": merged.left}
    return Result(value=value, text="\n".join(lines))


def finish(context: Context, merging: Merging, name: str) -> Result:
    """Generate, raise, check and commit a merge in which everything is decided."""
    if left := tuple(merging.unmerged()):
        raise take.decisions(left)
    commit = merging.pending
    assert commit is not None
    changed = changes_of(merging, commit)
    written = [*generated(context, merging, commit)]
    bumps = bump.raise_versions(context, (), "", "", dry_run=False)
    after = context.reload()
    written += docs.generate(after)
    try:
        lint(after, "")
    except ProblemsFound as found:
        hint = "fix them and run ./inv upgrade again; or go back: ./inv upgrade --undo"
        what = counted(len(found.problems), "problem")
        raise ProblemsFound(
            [*found.problems, Problem(where="./inv upgrade", fact=f"{name} is merged, with {what}", hint=hint)]
        ) from None
    merging.stage(path for path in written if (context.config.root / path).exists())
    made = merging.finish(f"Take {name}\n\n{changed}")
    taken = [f"Took {name}:", *(f"    {line}" for line in changed.splitlines()), report.bumps(bumps), *objects(after)]
    text = "\n".join([*taken, "Next:", *(f"    {step}" for step in steps(after))])
    return Result(value={"to": name, "taken": True, "commit": made, "raised": bumps}, text=text)


def generated(context: Context, merging: Merging, commit: str) -> tuple[str, ...]:
    """Generate what the fork had generated for its own members."""
    folder = dashboard_files.FOLDER
    base = merging.ancestor("HEAD", commit)
    ours = merging.git("diff", "--name-only", f"{base}..HEAD", "--", folder).stdout if base else ""
    return dashboard_files.generate(context.workspace) if ours else ()


def changes_of(merging: Merging, commit: str) -> str:
    """What is new by service; the commits where the charts of another release cannot be read."""
    base = merging.ancestor("HEAD", commit)
    if base is None:
        return ""
    try:
        found = news.text(news.news(charts_at(merging.git, base), charts_at(merging.git, commit)))
    except WorkspaceError:
        found = ""
    return found or "\n".join(f"- {subject}" for subject in merging.subjects(base, commit))


def charts_at(git: Git, commit: str) -> Mapping[ChartName, Chart]:
    """The charts of a revision.

    Raises:
        WorkspaceError: one cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        git.export(commit, root)
        return {(chart := read_chart(root, path)).name: chart for path in chart_folders(root)}


def objects(context: Context) -> tuple[str, ...]:
    """How many objects change in each environment that is pinned; nothing where that cannot be told."""
    pinned = [name for name in context.config.environments if current_pins(context.config, name)]
    try:
        found = tuple(diff.differences(context, pinned, (), "", None)) if pinned else ()
    except BuildError as error:
        return (f"The objects that change cannot be told: {error.problems[0].fact}",)
    return tuple(f"{one.umbrella} in {one.environment}: {counted(len(one.changes), 'object')} change" for one in found)


def steps(context: Context) -> tuple[str, ...]:
    """What follows, in order."""
    first = context.config.environments[0]
    return (
        f"./inv diff --env {first}",
        f"./inv rehearse --env {first}",
        "./inv release",
        "./inv upgrade --undo    # back",
    )
