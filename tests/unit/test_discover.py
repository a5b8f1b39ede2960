"""Files → workspace. What is refused has a folder each under tests/workspaces/invalid."""

import os
from pathlib import Path

import pytest

from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartKind
from testing.workspaces import assemble, load


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "nothing").mkdir()
    return assemble(tmp_path / "nothing", tmp_path / "repo")


def test_every_chart_has_its_kind_its_files_and_its_lines(repo: Path) -> None:
    made = load(repo)
    kinds = {name: chart.kind for name, chart in made.charts.items()}
    assert kinds == {
        "common": ChartKind.LIBRARY,
        "app": ChartKind.SERVICE,
        "web": ChartKind.SERVICE,
        "home": ChartKind.UMBRELLA,
    }
    app = made.charts["app"]  # type: ignore[index]
    assert sorted(app.files) == ["templates/all.yaml", "values.schema.json", "values.yaml"]
    assert (app.app_version, app.line_of("version"), app.line_of("nothing")) == (
        "2.4.0",
        "charts/app/Chart.yaml:5",
        "charts/app/Chart.yaml",
    )
    assert [(dep.name, dep.line) for dep in app.dependencies] == [("common", 9)]


def test_what_is_not_packaged_does_not_reach_the_workspace(repo: Path) -> None:
    before = load(repo)
    for path in ("README.md", "CHANGELOG.md", "ci/x-values.yaml", "tests/x.py", ".hidden", "templates/.swp"):
        target = repo / "charts/app" / path
        target.parent.mkdir(exist_ok=True)
        target.write_text("{}\n")
    assert load(repo) == before


def test_times_and_modes_do_not_reach_the_workspace(repo: Path) -> None:
    before = load(repo)
    for path in repo.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o755)
    assert load(repo) == before


def test_one_run_names_every_file_that_cannot_be_understood(repo: Path) -> None:
    (repo / "charts/app/Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 1\n")
    (repo / "charts/web/Chart.yaml").write_text("[\n")
    (repo / "values/staging/platform.yaml").unlink()
    with pytest.raises(WorkspaceError) as caught:
        load(repo)
    assert [problem.rule for problem in caught.value.problems] == [
        "chart.version",
        "yaml.syntax",
        "environment.platform",
    ]
