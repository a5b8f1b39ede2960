"""The changelog of a chart: one section for a version that is not published, and nothing written by hand is lost."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from slipway.versioning import changelog
from slipway.versioning.changelog import Item
from slipway.versioning.levels import ChangeKind

DAY = date(2026, 11, 23)


def item(text: str, kind: ChangeKind = ChangeKind.CHANGED) -> Item:
    return Item(kind=kind, description=text)


def release(text: str, version: str, *items: Item, published: tuple[str, ...] = ("1.0.0",), day: date = DAY) -> str:
    return changelog.release(text, chart="sonarr", version=version, day=day, items=items, published=published)


OLD = """\
# Changelog

Written by hand.

## [1.0.0] - 2026-01-01

### Added

- First.

[1.0.0]: https://example.org/1.0.0
"""


def test_a_new_version_comes_first_in_the_format_of_keep_a_changelog() -> None:
    text = release(
        OLD, "1.0.1", item("image 1 → 2"), item("value `x` added", ChangeKind.ADDED), item("a", ChangeKind.REMOVED)
    )

    section = """\
## [1.0.1] - 2026-11-23

### Added

- value `x` added

### Changed

- image 1 → 2

### Removed

- a

"""
    assert text == OLD.replace("## [1.0.0]", section + "## [1.0.0]")


def test_a_missing_file_gets_a_head() -> None:
    text = release("", "1.0.0", item("Sonarr 4.0.19.", ChangeKind.ADDED), published=())

    assert text.startswith("# Changelog\n\nWhat changed in the chart `sonarr`, newest first.")
    assert text.endswith("\n\n## [1.0.0] - 2026-11-23\n\n### Added\n\n- Sonarr 4.0.19.\n")


def test_unreleased_notes_move_into_the_new_version() -> None:
    text = OLD.replace("## [1.0.0]", "## [Unreleased]\n\n### Fixed\n\n- By hand,\n  over two lines.\n\n## [1.0.0]")

    made = release(text, "1.0.1", item("x"))

    assert "Unreleased" not in made
    assert (
        "## [1.0.1] - 2026-11-23\n\n### Changed\n\n- x\n\n### Fixed\n\n- By hand,\n  over two lines.\n\n## [1.0.0]"
        in made
    )


def test_a_version_that_was_raised_again_before_it_was_published_has_one_section() -> None:
    first = release(OLD, "1.0.1", item("Deployment sonarr: image 1 → 2"), item("note"))

    second = release(
        first, "2.0.0", item("Deployment sonarr: image 1 → 3"), item("value `x` removed", ChangeKind.REMOVED)
    )

    assert [section.version for section in changelog.parse(second).sections] == ["2.0.0", "1.0.0"]
    assert changelog.items_of(second, "2.0.0") == (
        item("Deployment sonarr: image 1 → 3"),
        item("note"),
        item("value `x` removed", ChangeKind.REMOVED),
    )


def test_the_same_items_on_another_day_change_nothing() -> None:
    first = release(OLD, "1.0.1", item("x"))

    assert release(first, "1.0.1", item("x"), day=date(2027, 1, 1)) == first


def test_history_keeps_its_line_endings_and_its_own_sections() -> None:
    text = OLD.replace("\n", "\r\n")

    made = release(text, "1.0.1", item("x"))

    assert made.count("\n") == made.count("\r\n")
    assert made.replace("\r\n", "\n") == release(OLD, "1.0.1", item("x"))


def test_sections_of_versions_that_nobody_knows_are_left_alone() -> None:
    text = "# Changelog\n\n## [0.9.0] - 2025-01-01\n\n- Elsewhere.\n"

    made = release(text, "1.0.1", item("x"))

    assert [section.version for section in changelog.parse(made).sections] == ["1.0.1", "0.9.0"]


def test_own_headings_and_prose_stay_in_their_section() -> None:
    text = OLD.replace(
        "## [1.0.0]", "## [1.0.1] - 2026-05-05\n\nRead this first.\n\n### Notes\n\n- Mine.\n\n## [1.0.0]"
    )

    made = release(text, "1.0.1", item("x"))

    assert "## [1.0.1] - 2026-05-05\n\nRead this first.\n\n### Changed\n\n- x\n\n### Notes\n\n- Mine.\n" in made


lines = st.lists(st.text(alphabet="abc →.", min_size=1, max_size=12).map(str.strip).filter(bool), max_size=5)
kinds = st.sampled_from(list(ChangeKind))


@given(
    lines, st.lists(st.tuples(kinds, st.text("xyz →", min_size=1, max_size=9).map(str.strip).filter(bool)), max_size=5)
)
def test_writing_twice_is_writing_once(notes: list[str], items: list[tuple[ChangeKind, str]]) -> None:
    text = OLD.replace("## [1.0.0]", "\n".join(["## [Unreleased]", *(f"- {note}" for note in notes), "", "## [1.0.0]"]))
    listed = [item(message, kind) for kind, message in items]

    once = release(text, "1.1.0", *listed)

    assert release(once, "1.1.0", *listed) == once
    assert once.endswith(OLD[OLD.index("## [1.0.0]") :])
    assert all(f"- {note}" in once for note in notes)
