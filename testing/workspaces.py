"""Small whole monorepos: `tests/workspaces/base`, and one change of it in each folder of `valid` and `invalid`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from slipway.build.builder import Builder
from slipway.config import load_config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Workspace
from slipway.lint import static_checks, yaml_style
from slipway.lint.run import LintInputs, lint
from slipway.tools.ct import ChartTesting
from slipway.tools.gitleaks import Gitleaks
from slipway.tools.helm import Helm
from slipway.tools.kubeconform import Kubeconform
from slipway.tools.run import Runner, run_process, which
from slipway.workspace import digest, discover, graph

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "workspaces"
MARKERS = (".delete", ".symlink", ".tools", "expected.txt")
"""Files of a fixture that are not part of its monorepo: paths to delete, links to make, needs helm, the messages."""


def fixtures(kind: str, *, tools: bool) -> list[Path]:
    """The fixtures of a kind: those that need helm and the other tools, or those that do not."""
    return [path for path in sorted((HERE / kind).iterdir()) if (path / ".tools").is_file() is tools]


def assemble(fixture: Path, root: Path) -> Path:
    """Put a fixture over the base."""
    shutil.copytree(HERE / "base", root)
    for path in sorted(fixture.rglob("*")):
        relative = path.relative_to(fixture)
        if path.is_file() and relative.as_posix() not in MARKERS:
            (root / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / relative)
    for line in lines_of(fixture / ".delete"):
        (root / line).unlink()
    for line in lines_of(fixture / ".symlink"):
        link, target = line.split()
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(target)
    return root


def lines_of(path: Path) -> list[str]:
    """The lines of a small file; none when it is not there."""
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def load(root: Path) -> Workspace:
    """The workspace of a folder.

    Raises:
        WorkspaceError: a file cannot be understood.
    """
    return discover.load(load_config(root, {}))


def static_problems(root: Path) -> tuple[Problem, ...]:
    """What the checks that need no process find."""
    try:
        workspace = load(root)
        return static_checks.static_problems(workspace, tuple(workspace.charts))
    except WorkspaceError as error:
        return error.problems


def builder_of(root: Path, build: Path, run: Runner = run_process, workspace: Workspace | None = None) -> Builder:
    """A builder for a workspace, with the helm on PATH; for the one of the root when none is given."""
    workspace = workspace or load(root)
    home = build / "helm"
    helm = Helm(run=run, program=lambda: program("helm"), batch=on_path("helm-batch"), home=home)
    digests = digest.digest_all(workspace)
    return Builder(workspace=workspace, digests=digests, base="oci://registry.test/charts", folder=build, helm=helm)


def program(name: str) -> Path:
    """A tool on PATH."""
    found = which(name)
    assert found is not None, f"{name} is not on PATH: run the tests by ./inv test, which sets it up"
    return found


def on_path(name: str) -> Callable[[], Path] | None:
    """A program that only makes things faster, when it is on PATH."""
    return (lambda: program(name)) if which(name) else None


def chart_testing(home: Path, root: Path = ROOT, run: Runner = run_process) -> ChartTesting:
    """The ct on PATH, with a checkout's settings."""
    return ChartTesting(
        run=run,
        program=lambda: program("ct"),
        helm=lambda: program("helm"),
        answers=on_path("helm-answers"),
        home=home,
        path=os.environ.get("PATH", os.defpath),
        config=yaml_style.config_folder(root) / "ct.yaml",
        kube_version="1.37.0",
    )


def context_of(builder: Builder, run: Runner = run_process) -> tuple[LintInputs, tuple[Problem, ...]]:
    """Everything built, with the tools on PATH; and what could not be built."""
    workspace = builder.workspace
    built, problems = builder.build(graph.order(workspace))
    ct = chart_testing(builder.folder / "helm", workspace.root, run)
    kubeconform = Kubeconform(run=run, program=lambda: program("kubeconform"))
    context = LintInputs(
        builder=builder,
        built=built,
        ct=ct,
        kubeconform=kubeconform,
        gitleaks=Gitleaks(run=run, program=lambda: program("gitleaks")),
        kube_version="1.37.0",
        versions=load_config(workspace.root, {}).tools,
    )
    return context, problems


def all_problems(root: Path, build: Path) -> tuple[Problem, ...]:
    """What every check finds."""
    context, problems = context_of(builder_of(root, build))
    found = lint(context, graph.order(context.builder.workspace)).problems
    return tuple(sorted({*problems, *found}))


def text_of(problems: Iterable[Problem]) -> str:
    """Problems as a user sees them, with their rules."""
    return "".join(f"{problem}\n    rule: {problem.rule}\n" for problem in problems)
