"""What only helm, ct and kubeconform can find: the exact messages over small monorepos."""

import shutil
from pathlib import Path

import pytest

from slipway.core.errors import Problem
from slipway.lint.run import LintInputs, lint
from slipway.tools.run import Command, Completed, run_process
from slipway.workspace import graph
from testing.workspaces import all_problems, assemble, builder_of, context_of, fixtures, text_of

pytestmark = pytest.mark.helm


@pytest.mark.parametrize("fixture", fixtures("invalid", tools=True), ids=lambda path: path.name)
def test_an_invalid_workspace_has_exactly_these_problems(fixture: Path, tmp_path: Path) -> None:
    found = text_of(all_problems(assemble(fixture, tmp_path / "repo"), tmp_path / "build"))
    assert found == (fixture / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("fixture", fixtures("valid", tools=True), ids=lambda path: path.name)
def test_a_valid_workspace_has_no_problems(fixture: Path, tmp_path: Path) -> None:
    assert text_of(all_problems(assemble(fixture, tmp_path / "repo"), tmp_path / "build")) == ""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """The base, in a folder of the test's own."""
    (tmp_path / "nothing").mkdir()
    return assemble(tmp_path / "nothing", tmp_path / "repo")


def problems(context: LintInputs) -> tuple[Problem, ...]:
    return lint(context, graph.order(context.builder.workspace)).problems


def test_a_clean_lint_starts_nothing_the_second_time(repo: Path, tmp_path: Path) -> None:
    context, _ = context_of(builder_of(repo, tmp_path / "build"))
    assert problems(context) == ()
    started: list[Command] = []

    def run(command: Command) -> Completed:
        started.append(command)
        return run_process(command)

    again, _ = context_of(builder_of(repo, tmp_path / "build", run), run)
    report = lint(again, graph.order(again.builder.workspace))
    assert (report.problems, report.checked, started) == ((), (), [])


def test_only_what_changed_and_what_vendors_it_is_checked_again(repo: Path, tmp_path: Path) -> None:
    context, _ = context_of(builder_of(repo, tmp_path / "build"))
    assert problems(context) == ()
    values = repo / "charts/app/values.yaml"
    values.write_text(values.read_text().replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    again, _ = context_of(builder_of(repo, tmp_path / "build"))
    assert lint(again, graph.order(again.builder.workspace)).checked == ("app", "home")


def test_a_problem_is_never_cached(repo: Path, tmp_path: Path) -> None:
    fixture = next(path for path in fixtures("invalid", tools=True) if path.name == "unknown-field-in-object")
    shutil.copytree(fixture / "charts", repo / "charts", dirs_exist_ok=True)
    first = all_problems(repo, tmp_path / "build")
    assert first
    assert all_problems(repo, tmp_path / "build") == first


def test_a_package_with_a_secret_that_no_source_shows_is_refused(repo: Path, tmp_path: Path) -> None:
    from slipway.build.archive import pack_archive, read_archive
    from slipway.lint import static_checks
    from slipway.lint.checks import lint_context

    context, _ = context_of(builder_of(repo, tmp_path / "build"))
    chart = context.builder.workspace.charts["app"]
    archive = tmp_path / "app-1.0.0.tgz"
    members = read_archive(context.built["app"].archive.path.read_bytes())
    archive.write_bytes(pack_archive({**members, "app/files/id": b"-----BEGIN OPENSSH PRIVATE KEY-----\n"}))
    found = list(static_checks.package_problems(lint_context(context.builder.workspace), chart, archive))
    assert [(problem.where, problem.rule) for problem in found] == [("app-1.0.0.tgz: app/files/id:1", "secret.key")]


def test_a_selector_that_differs_from_the_published_one_is_refused_unless_the_major_version_rises(
    repo: Path, tmp_path: Path
) -> None:
    context, _ = context_of(builder_of(repo, tmp_path / "build"))
    published = {name: built.archive.path.read_bytes() for name, built in context.built.items()}
    library = repo / "charts/common/templates/_all.tpl"
    library.write_text(library.read_text().replace("app: {{ $.Chart.Name }}", "app: {{ $.Chart.Name }}-web"))

    def compared() -> list[str]:
        from dataclasses import replace

        now, _ = context_of(builder_of(repo, tmp_path / "build"))
        return [str(problem) for problem in problems(replace(now, published=published.get))]

    assert compared()[0] == (
        "charts/app/Chart.yaml: Deployment app: spec.selector differs from the published 1.0.0\n"
        "    published: {matchLabels: {app: app}}\n"
        "    here:      {matchLabels: {app: app-web}}\n"
        "    hint: Kubernetes refuses the change: revert it, or raise the major version and describe the migration"
    )
    assert len(compared()) == 4
    for path in [*(repo / "charts").glob("*/Chart.yaml"), *(repo / "umbrella").glob("*/Chart.yaml")]:
        path.write_text(path.read_text().replace("version: 1.0.0", "version: 2.0.0"))
    assert compared() == []
