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
    for path in ("README.md", "CHANGELOG.md", "ci/x-values.yaml", "tests/x.py", ".gitignore", "templates/.swp"):
        target = repo / "charts/app" / path
        target.parent.mkdir(exist_ok=True)
        target.write_text("{}\n")
    assert load(repo) == before


@pytest.mark.parametrize("path", ["files/.settings.yaml", "files/deep/.keep", "crds/.x.yaml", "files/.d/x.yaml"])
def test_a_hidden_file_that_helm_would_package_is_refused_with_its_path(repo: Path, path: str) -> None:
    target = repo / "charts/app" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("a: 1\n")
    with pytest.raises(WorkspaceError, match=r"^charts/app/(files|crds)/\S+: is hidden: its name begins with a dot"):
        load(repo)


def test_a_hidden_file_beside_chart_yaml_is_refused_unless_it_is_for_other_programs(repo: Path) -> None:
    (repo / "charts/app/.settings.yaml").write_text("a: 1\n")
    with pytest.raises(WorkspaceError, match=r"^charts/app/\.settings\.yaml: is not a file of a chart"):
        load(repo)


@pytest.mark.parametrize("folder", ["charts/app/files", "charts/app", "values/staging", "values/staging/sealed/home"])
def test_a_named_pipe_is_refused_with_its_path_and_is_not_waited_for(repo: Path, folder: str) -> None:
    (repo / folder).mkdir(parents=True, exist_ok=True)
    (repo / folder / "home.yaml").unlink(missing_ok=True)
    os.mkfifo(repo / folder / "home.yaml")
    with pytest.raises(WorkspaceError, match=rf"^{folder}/home\.yaml: is not a (regular file|file of a chart)"):
        load(repo)


@pytest.mark.parametrize("path", ["charts/app/Chart.yaml", "charts/app/CHANGELOG.md", "values/staging/home.yaml"])
def test_a_link_out_of_the_checkout_is_refused_with_its_path(repo: Path, path: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("a: 1\n")
    (repo / path).unlink(missing_ok=True)
    (repo / path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceError, match=rf"^{path}: is a symbolic link"):
        load(repo)


@pytest.mark.parametrize("path", ["charts/app/files/big", "values/staging/home.yaml"])
def test_a_file_that_helm_would_not_read_is_refused_with_its_size(repo: Path, path: str) -> None:
    (repo / path).parent.mkdir(exist_ok=True)
    with (repo / path).open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(WorkspaceError, match=rf"^{path}: has 100,000,000 bytes; Helm reads no file of more than"):
        load(repo)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("annotations: {a: 1}", "charts/app/Chart.yaml:9: annotation a must be text, YAML reads int 1"),
        ("annotations: [a]", "charts/app/Chart.yaml:9: annotations must be a mapping, YAML reads list"),
        ("annotations: {on: a}", "charts/app/Chart.yaml:9: the key on is not read as this text"),
        ("annotations: {~: a}", "charts/app/Chart.yaml:9: the key ~ is not read as this text"),
    ],
)
def test_an_annotation_that_is_not_text_is_refused_with_its_line(repo: Path, fields: str, message: str) -> None:
    chart = repo / "charts/app/Chart.yaml"
    lines = [line for line in chart.read_text().splitlines() if not line.startswith("annotations")]
    chart.write_text("\n".join([*lines, fields]) + "\n")
    with pytest.raises(WorkspaceError) as caught:
        load(repo)
    assert str(caught.value).replace(f":{len(lines) + 1}:", ":9:").startswith(message)


@pytest.mark.parametrize("field", ["tags: [a]", "enabled: true", "import-values: [a]", "Condition: a.enabled"])
def test_a_field_of_a_dependency_that_would_change_the_lock_is_refused_with_its_line(repo: Path, field: str) -> None:
    chart = repo / "charts/app/Chart.yaml"
    chart.write_text(chart.read_text().replace("  - name: common", f"  - name: common\n    {field}"))
    with pytest.raises(WorkspaceError) as caught:
        load(repo)
    name = field.partition(":")[0]
    assert f"dependency common: {name!r} is not supported" in str(caught.value)
    assert "charts/app/Chart.yaml:" in caught.value.problems[0].where


@pytest.mark.parametrize("name", ["ev\x1b]0;pwn\x07il\nfake: all is well", "a\u202eb", "a\x9bb"])
def test_a_name_with_control_characters_is_refused_and_shown_escaped(repo: Path, name: str) -> None:
    (repo / "charts/app/files").mkdir(exist_ok=True)
    (repo / "charts/app/files" / name).write_text("a")
    with pytest.raises(WorkspaceError) as caught:
        load(repo)
    assert str(caught.value).splitlines()[0].isprintable()
    assert "its name has a control character" in str(caught.value)


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
