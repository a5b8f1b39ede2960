"""Marks of an unfinished merge: found in every file that people or tasks write, and never taken for something else."""

from pathlib import Path

import pytest

from slipway.core.errors import WorkspaceError
from slipway.workspace.conflict_marks import conflict_problems
from testing.workspaces import ROOT, assemble, load, static_problems

SIDES = "\n".join(["<" * 7 + " HEAD", "image: a", "=" * 7, "image: b", ">" * 7 + " upstream/main", ""])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "nothing").mkdir()
    return assemble(tmp_path / "nothing", tmp_path / "repo")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tests/umbrella/golden/staging/home/Deployment-app.yaml",
            "charts/app/CHANGELOG.md",
            "charts/app/ci/x-values.yaml",
        ),
        *("umbrella/home/CHANGELOG.md", "docs/guides/release.md", "deploy/staging/pins.yaml", "pyproject.toml"),
        *(".ci/run", ".github/workflows/x.yml", ".gitattributes", "locks/release.txt"),
    ],
)
def test_a_file_that_a_merge_left_in_two_sides_is_found(repo: Path, path: str) -> None:
    target = repo / path
    target.parent.mkdir(parents=True, exist_ok=True)
    before = target.read_text(encoding="utf-8") if target.is_file() else ""
    target.write_text(f"{before}# 1\n{SIDES}", encoding="utf-8")

    (found,) = conflict_problems(repo)

    assert found.where == f"{path}:{before.count(chr(10)) + 2}"
    assert found.hint == "keep what is right, delete the marks, and run: git add --all"


def test_lint_finds_them(repo: Path) -> None:
    (repo / "charts/app/CHANGELOG.md").write_text(f"# Changelog\n\n{SIDES}", encoding="utf-8")

    assert [each.where for each in static_problems(repo) if each.rule == "file.conflict"] == [
        "charts/app/CHANGELOG.md:3"
    ]


@pytest.mark.parametrize("path", ["charts/app/Chart.yaml", "umbrella/home/values.yaml", "values/staging/platform.yaml"])
def test_they_are_named_in_place_of_what_they_break(repo: Path, path: str) -> None:
    (repo / path).write_text((repo / path).read_text(encoding="utf-8") + SIDES, encoding="utf-8")

    try:
        load(repo)
        found = static_problems(repo)
    except WorkspaceError as error:
        found = error.problems

    assert {each.rule for each in found if each.where.startswith(path)} >= {"file.conflict"}


@pytest.mark.parametrize("line", ["<" * 7, ">" * 7 + " theirs", "|" * 7 + " base", "<" * 7 + " ours\r"])
def test_one_mark_that_was_forgotten_is_enough(repo: Path, line: str) -> None:
    (repo / "README.md").write_bytes(f"text\n{line}\nmore\n".encode())

    assert [each.where for each in conflict_problems(repo)] == ["README.md:2"]


@pytest.mark.parametrize(
    "text",
    ["Title\n=======\n", "a <<<<<<< b\n", "<<<<<<<<\n", ">>>>>>>x\n", "    <<<<<<< HEAD\n", "|||||||||\n", "", "\0\1"],
)
def test_what_only_resembles_a_mark_is_none(repo: Path, text: str) -> None:
    (repo / "README.md").write_text(text, encoding="utf-8")

    assert list(conflict_problems(repo)) == []


@pytest.mark.parametrize("path", ["build/x.yaml", ".venv/lib/x.py", ".git/MERGE_MSG", "site/x.html", "a/__pycache__/x"])
def test_what_tasks_and_tools_keep_is_not_read(repo: Path, path: str) -> None:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).write_text(SIDES, encoding="utf-8")

    assert list(conflict_problems(repo)) == []


def test_this_repository_has_none() -> None:
    assert list(conflict_problems(ROOT)) == []
