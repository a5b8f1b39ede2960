"""A folder that is replaced as a whole."""

from pathlib import Path

import pytest

from slipway.core.errors import FilesFailed
from slipway.docs import site
from slipway.tools.run import Command, Completed
from slipway.util.exchange import replacing
from testing.world import answering


def built(folder: Path) -> None:
    (folder / "new.html").write_text("new")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/old.html").write_text("old")
    return tmp_path / "site"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_folder_takes_the_place_of_the_old_one(target: Path) -> None:
    with replacing(target, target.parent / ".new") as staged:
        built(staged)
        assert names(target) == ["old.html"]

    assert (names(target), names(target.parent)) == (["new.html"], ["site"])


def test_the_first_folder_needs_no_other(tmp_path: Path) -> None:
    with replacing(tmp_path / "a/site", tmp_path / "a/.new") as staged:
        built(staged)

    assert names(tmp_path / "a/site") == ["new.html"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a page is wrong")])
def test_what_ends_in_the_middle_keeps_the_old_folder(target: Path, error: BaseException) -> None:
    def work() -> None:
        with replacing(target, target.parent / ".new") as staged:
            built(staged)
            raise error

    with pytest.raises(type(error)):
        work()

    assert (names(target), names(target.parent)) == (["old.html"], ["site"])


@pytest.mark.parametrize(
    ("kind", "fact"), [("file", "is a file"), ("link", "is a symbolic link"), ("loop", "is a symbolic link")]
)
def test_what_is_no_folder_is_refused_before_anything_is_written(target: Path, kind: str, fact: str) -> None:
    place = target.parent / "place"
    if kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to(target if kind == "link" else place)

    with pytest.raises(FilesFailed) as caught, replacing(place, target.parent / ".new", "place"):
        raise AssertionError("it began")

    assert str(caught.value) == f"place: {fact}, and a folder belongs there\n    hint: rm '{place}'"
    assert names(target.parent) == ["place", "site"]


def test_a_site_that_is_interrupted_while_it_is_built_leaves_the_old_one(target: Path) -> None:
    def interrupted(command: Command) -> Completed:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.render(target.parent, interrupted, strict=True)

    assert names(target) == ["old.html"]


def test_a_site_is_built_aside(target: Path) -> None:
    def mkdocs(command: Command) -> Completed:
        built(Path(command.argv[command.argv.index("--site-dir") + 1]))
        return answering()(command)

    site.render(target.parent, mkdocs, strict=True)

    assert names(target) == ["new.html"]
