"""One monorepo for each thing that can be wrong with it: the exact messages, and nothing for the sound ones."""

from pathlib import Path

import pytest

from testing.workspaces import HERE, assemble, fixtures, static_problems, text_of


@pytest.mark.parametrize("fixture", fixtures("invalid", tools=False), ids=lambda path: path.name)
def test_an_invalid_workspace_is_told_exactly_so(fixture: Path, tmp_path: Path) -> None:
    found = text_of(static_problems(assemble(fixture, tmp_path / "repo")))
    assert found == (fixture / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("fixture", fixtures("valid", tools=False), ids=lambda path: path.name)
def test_a_sound_workspace_has_no_problems(fixture: Path, tmp_path: Path) -> None:
    assert text_of(static_problems(assemble(fixture, tmp_path / "repo"))) == ""


def test_the_base_of_all_fixtures_is_sound(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert text_of(static_problems(assemble(tmp_path / "nothing", tmp_path / "repo"))) == ""


def test_every_invalid_fixture_expects_something() -> None:
    silent = [path.name for path in (HERE / "invalid").iterdir() if not (path / "expected.txt").read_text().strip()]
    assert silent == []
