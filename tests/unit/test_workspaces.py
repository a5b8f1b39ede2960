"""One monorepo for each thing that can be wrong with it: the exact messages, and nothing for the sound ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.workspaces import HERE, MARKERS, assemble, fixtures, lines_of, static_problems, text_of


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The base of all fixtures; one copy for all tests, because copying it takes longer than checking it."""
    folder = tmp_path_factory.mktemp("workspaces")
    (folder / "nothing").mkdir()
    root = assemble(folder / "nothing", folder / "repo")
    yield root
    assert tree(root) == tree(HERE / "base")


def tree(root: Path) -> dict[str, bytes]:
    """Path → content; a folder has none."""
    return {path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else b"" for path in root.rglob("*")}


@contextmanager
def laid(fixture: Path, root: Path) -> Iterator[Path]:
    """A fixture over the base for the time of a block: what `assemble` does, and back again."""
    inside = (path.relative_to(fixture).as_posix() for path in sorted(fixture.rglob("*")) if path.is_file())
    over = [path for path in inside if path not in MARKERS]
    gone = lines_of(fixture / ".delete")
    links = dict(line.split() for line in lines_of(fixture / ".symlink"))
    before = {path: (root / path).read_bytes() for path in (*over, *gone) if (root / path).is_file()}
    folders = {path for path in root.rglob("*") if path.is_dir()}
    try:
        for path in over:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes((fixture / path).read_bytes())
        for path in gone:
            (root / path).unlink()
        for link, target in links.items():
            (root / link).parent.mkdir(parents=True, exist_ok=True)
            (root / link).symlink_to(target)
        yield root
    finally:
        for path in {*over, *links}:
            (root / path).unlink(missing_ok=True)
        for path, content in before.items():
            (root / path).write_bytes(content)
        new = {path for path in root.rglob("*") if path.is_dir()} - folders
        for path in sorted(new, reverse=True):
            path.rmdir()


@pytest.mark.parametrize("fixture", fixtures("invalid", tools=False), ids=lambda path: path.name)
def test_an_invalid_workspace_is_reported_exactly_so(fixture: Path, base: Path) -> None:
    with laid(fixture, base) as root:
        found = text_of(static_problems(root))
    assert found == (fixture / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("fixture", fixtures("valid", tools=False), ids=lambda path: path.name)
def test_a_valid_workspace_has_no_problems(fixture: Path, base: Path) -> None:
    with laid(fixture, base) as root:
        assert text_of(static_problems(root)) == ""


def test_the_base_of_all_fixtures_is_valid(base: Path) -> None:
    assert text_of(static_problems(base)) == ""


def test_every_invalid_fixture_expects_something() -> None:
    silent = [path.name for path in (HERE / "invalid").iterdir() if not (path / "expected.txt").read_text().strip()]
    assert silent == []
