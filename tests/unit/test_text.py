"""Counts and hints, as messages use them."""

from slipway.util.text import closest, similarity, suggest


def test_a_mistyped_name_is_answered_with_the_one_that_was_meant() -> None:
    assert suggest("sonar", ["radarr", "sonarr"]) == "did you mean 'sonarr'?"
    assert closest("sonar", {"radarr": 1, "sonarr": 2}) == "sonarr"


def test_an_unlike_name_is_answered_with_every_known_one_sorted_unless_they_have_an_order() -> None:
    assert suggest("x", {"major", "minor", "patch"}) == "known: major, minor, patch"
    assert suggest("x", {"patch": 0, "minor": 1}) == "known: minor, patch"
    assert suggest("x", ("patch", "minor", "major"), otherwise="use") == "use patch, minor, major"


def test_a_hint_over_no_names_lists_none() -> None:
    assert suggest("x", (), otherwise="umbrellas:") == "umbrellas: none"
    assert closest("x", ()) is None


def test_similarity_is_one_for_equal_words_and_nothing_for_words_without_a_common_letter() -> None:
    assert similarity("data", "data") == 1
    assert similarity("abc", "xyz") == 0
