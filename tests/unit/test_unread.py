"""Files that look as if they counted, and that nothing reads."""

from pathlib import Path

import pytest

from slipway.core.errors import WorkspaceError
from testing.monorepo import Monorepo, small
from testing.workspaces import ROOT, load


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    return small(tmp_path)


@pytest.mark.parametrize(
    ("path", "where", "hint"),
    [
        ("values/staging/htpc.yml", "values/staging/htpc.yml", "rename it to htpc.yaml"),
        ("values/staging/platform.yml", "values/staging/platform.yml", "rename it to platform.yaml"),
        ("values/staging/htpc.json", "values/staging/htpc.json", "rename it to htpc.yaml"),
        ("values/qa/platform.yaml", "values/qa", 'add "qa" to environments in pyproject.toml'),
        ("values/qa/deep/x.yaml", "values/qa", 'add "qa" to environments in pyproject.toml'),
        ("values/Staging/htpc.yaml", "values/Staging", "did you mean values/staging?"),
        ("values/htpc.yaml", "values/htpc.yaml", "move it to values/staging/"),
        ("values/staging/more/htpc.yaml", "values/staging/more/htpc.yaml", "move it elsewhere"),
        ("values/staging/sealed-secrets.crt", "values/staging/sealed-secrets.crt", "move it elsewhere"),
        ("values/staging/notes.txt", "values/staging/notes.txt", "move it elsewhere"),
        ("charts/values.yaml", "charts/values.yaml", "move it into the folder of a chart"),
        ("umbrella/htpc.yaml", "umbrella/htpc.yaml", "move it into the folder of a chart"),
        ("charts/sonarr/ci/vpn-values.yml", "charts/sonarr/ci/vpn-values.yml", "rename it to ci/vpn-values.yaml"),
        ("charts/sonarr/ci/vpn.yaml", "charts/sonarr/ci/vpn.yaml", "rename it to ci/vpn-values.yaml"),
    ],
)
def test_a_file_that_nothing_reads_is_named_with_what_to_do(repo: Monorepo, path: str, where: str, hint: str) -> None:
    repo.write(path, "a: 1\n")

    with pytest.raises(WorkspaceError) as error:
        load(repo.root)

    (problem,) = error.value.problems
    assert problem.where == where
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize(
    "path",
    [
        *("values/README.md", "values/staging/README.md", "charts/README.md", "charts/sonarr/README.md"),
        *("values/.gitkeep", "values/staging/.htpc.yaml.swp", "values/staging/htpc.yaml~", "charts/.DS_Store"),
        *("values/staging/#htpc.yaml#", "values/staging/htpc.yaml.orig", "values/staging/htpc.yaml.bak"),
        *("values/staging/sealed/htpc/x.yaml", "values/staging/sealed-secrets.pem", "charts/sonarr/tests/x.txt"),
        "charts/sonarr/ci/vpn-values.yaml",
    ],
)
def test_what_is_read_what_is_for_people_and_what_editors_leave_is_no_error(repo: Monorepo, path: str) -> None:
    repo.write(path, "a: 1\n")

    assert load(repo.root).charts


def test_every_file_that_nothing_reads_is_named_at_once(repo: Monorepo) -> None:
    for path in ("values/staging/htpc.yml", "values/production/htpc.yml", "values/qa/a.yaml", "values/qa/b.yaml"):
        repo.write(path, "a: 1\n")

    with pytest.raises(WorkspaceError) as error:
        load(repo.root)

    assert [problem.where for problem in error.value.problems] == [
        "values/production/htpc.yml",
        "values/staging/htpc.yml",
        "values/qa",
    ]


def test_this_repository_has_no_file_that_nothing_reads() -> None:
    assert load(ROOT).environments
