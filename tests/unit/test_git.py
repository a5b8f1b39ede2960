"""The adapter of git: argument vectors by equality, methods against the real program in real repositories."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.core.errors import ToolFailed, ToolMissing, WorkspaceError
from slipway.tools import git
from slipway.tools.git import Git
from slipway.tools.run import Command, run_process


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the repositories of all tests are; no settings of the machine's reach them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        yield tmp_path_factory.mktemp("git")


def command(root: Path, *args: str) -> None:
    run_process(Command(argv=("git", "-C", str(root), *args)))


@pytest.fixture(scope="module")
def unchanged(folder: Path) -> Git:
    """A repository with one commit, for tests that only read."""
    root = folder / "repo"
    (root / "charts/sonarr").mkdir(parents=True)
    (root / "charts/sonarr/values.yaml").write_text("a: 1\n", encoding="utf-8")
    (root / "umlaut ü.txt").write_text("x\n", encoding="utf-8")
    run_process(Command(argv=("git", "init", "--quiet", "--template=", "--initial-branch=main", str(root))))
    command(root, "config", "user.name", "A Maintainer")
    command(root, "config", "user.email", "a@example.org")
    command(root, "config", "maintenance.auto", "false")
    commit(root, "first")
    return Git(run=run_process, root=root)


@pytest.fixture
def repo(unchanged: Git, tmp_path: Path) -> Git:
    """The same repository, to be changed."""
    return Git(run=run_process, root=shutil.copytree(unchanged.root, tmp_path / "repo"))


def commit(root: Path, message: str) -> None:
    command(root, "add", "--all")
    command(root, "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", message)


def test_argument_vectors() -> None:
    assert git.head_args() == ("rev-parse", "--verify", "--quiet", "HEAD")
    assert git.resolve_args("-x") == ("rev-parse", "--verify", "--quiet", "--end-of-options", "-x^{commit}")
    assert git.status_args() == ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
    assert git.changed_args("main", ["charts"])[-3:] == ("main", "--", "charts")
    assert git.show_args("abc", "a/b") == ("cat-file", "blob", "abc:./a/b")
    assert git.archive_args("abc", Path("/x.tar")) == ("archive", "--format=tar", "--output=/x.tar", "abc")


def test_a_clean_checkout_has_a_head_and_no_changed_path(unchanged: Git) -> None:
    head = unchanged.head()

    assert head is not None
    assert len(head) == 40
    assert unchanged.resolve("main") == unchanged.resolve(head[:10]) == head
    assert unchanged.changed_paths() == ()


def test_changed_new_and_deleted_paths_are_found(repo: Git) -> None:
    (repo.root / "charts/sonarr/values.yaml").write_text("a: 2\n", encoding="utf-8")
    (repo.root / "charts/new file.yaml").write_text("b: 1\n", encoding="utf-8")
    (repo.root / "umlaut ü.txt").unlink()

    assert repo.changed_paths() == ("charts/new file.yaml", "charts/sonarr/values.yaml", "umlaut ü.txt")
    assert repo.changed_paths(paths=["charts/sonarr"]) == ("charts/sonarr/values.yaml",)


def test_changes_are_counted_from_a_revision(repo: Git) -> None:
    base = repo.head()
    (repo.root / "charts/sonarr/values.yaml").write_text("a: 2\n", encoding="utf-8")
    commit(repo.root, "second")
    (repo.root / "untracked").write_text("", encoding="utf-8")

    assert repo.changed_paths(base) == ("charts/sonarr/values.yaml", "untracked")
    assert repo.changed_paths("HEAD") == ("untracked",)


def test_paths_are_relative_to_a_checkout_that_is_a_subfolder(repo: Git) -> None:
    below = Git(run=run_process, root=repo.root / "charts")
    (below.root / "sonarr/values.yaml").write_text("a: 2\n", encoding="utf-8")
    (repo.root / "umlaut ü.txt").unlink()

    assert below.changed_paths() == below.changed_paths("HEAD") == ("sonarr/values.yaml",)
    assert below.show("HEAD", "sonarr/values.yaml") == "a: 1\n"


def test_a_file_of_another_revision_is_shown_without_touching_the_working_tree(repo: Git) -> None:
    (repo.root / "charts/sonarr/values.yaml").write_text("a: 2\n", encoding="utf-8")

    assert repo.show("HEAD", "charts/sonarr/values.yaml") == "a: 1\n"
    assert repo.show("HEAD", "charts/radarr/values.yaml") is None
    assert repo.changed_paths() == ("charts/sonarr/values.yaml",)


def test_a_revision_is_exported_as_files(repo: Git, tmp_path: Path) -> None:
    (repo.root / "charts/sonarr/values.yaml").write_text("a: 2\n", encoding="utf-8")

    commit_digest = repo.export("main", tmp_path / "export")

    assert commit_digest == repo.head()
    assert sorted(path.relative_to(tmp_path / "export").as_posix() for path in (tmp_path / "export").rglob("*.*")) == [
        "charts/sonarr/values.yaml",
        "umlaut ü.txt",
    ]
    assert (tmp_path / "export/charts/sonarr/values.yaml").read_text(encoding="utf-8") == "a: 1\n"
    assert not (tmp_path / "export/.git").exists()
    with pytest.raises(WorkspaceError, match="is not empty"):
        repo.export("main", tmp_path / "export")


@pytest.mark.parametrize("revision", ["nowhere", "", "--all", "main..HEAD"])
def test_an_unknown_revision_is_refused_with_a_hint(unchanged: Git, revision: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        unchanged.resolve(revision)

    assert str(caught.value) == (
        f"revision: git knows no {revision!r}\n"
        "    hint: name a branch, tag or commit; in a shallow clone: git fetch --unshallow"
    )


def test_a_folder_that_is_no_repository_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        Git(run=run_process, root=tmp_path).head()

    assert str(caught.value) == (
        f"{tmp_path}: is not a git repository\n"
        "    hint: clone the repository instead of copying its files, or run: git init"
    )


def test_a_repository_without_a_commit_has_no_head(tmp_path: Path) -> None:
    command(tmp_path, "init", "--quiet", "--template=", "empty")

    assert Git(run=run_process, root=tmp_path / "empty").head() is None


def test_other_failures_show_the_command_and_gits_output(unchanged: Git) -> None:
    with pytest.raises(ToolFailed) as caught:
        unchanged("log", "--no-such-flag")

    lines = str(caught.value).splitlines()
    assert lines[0] == "git: ended with exit code 128"
    assert lines[1] == f"    + git -C {unchanged.root} log --no-such-flag"


def test_a_missing_git_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing):
        Git(run=run_process, root=tmp_path, program="git-that-is-not-there").head()


def test_what_is_not_set_is_none(repo: Git) -> None:
    assert repo.user() == "A Maintainer <a@example.org>"
    command(repo.root, "config", "--unset", "user.email")
    assert repo.user() == "A Maintainer"
