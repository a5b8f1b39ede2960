"""Which Kubernetes versions a chart is validated for."""

import itertools

import pytest

from slipway.lint.api_removal import next_minor, removals
from slipway.lint.kube_schemas import known_versions
from slipway.lint.kube_versions import RANGE, minor, spelled_out, supports, versions_to_check


@pytest.mark.parametrize(
    ("constraint", "supported"),
    [
        (">=1.33.0-0", ["1.33.0", "1.34.0", "1.35.3"]),
        (">= 1.33.0-0 <1.35.0-0", ["1.33.0", "1.34.0"]),
        (">1.33.0, <=1.34", ["1.34.0"]),
        ("=1.34.0", ["1.34.0"]),
        (">=v1.35", ["1.35.3"]),
    ],
)
def test_a_range_includes_what_its_comparisons_say(constraint: str, supported: list[str]) -> None:
    assert RANGE.fullmatch(constraint)

    assert [
        version for version in ("1.32.9", "1.33.0", "1.34.0", "1.35.3") if supports(constraint, version)
    ] == supported


@pytest.mark.parametrize("constraint", ["~1.33", "^1.33.0", "1.33.x", ">=1.33 || <1.20", "latest", ">="])
def test_what_is_no_comparison_is_not_read(constraint: str) -> None:
    assert not RANGE.fullmatch(constraint)


def test_the_configured_version_comes_first_and_stands_for_its_minor_version() -> None:
    assert versions_to_check("1.34.2", ["1.33.0", "1.34.0", "1.35.1"]) == ("1.34.2", "1.33.0", "1.35.1")


@pytest.mark.parametrize(
    ("minors", "text"),
    [
        (["1.33"], "1.33"),
        (["1.33", "1.34"], "1.33 and 1.34"),
        (["1.33", "1.34", "1.35"], "1.33 to 1.35"),
        (["1.33", "1.35", "1.36"], "1.33, 1.35 and 1.36"),
    ],
)
def test_minor_versions_are_named_in_few_words(minors: list[str], text: str) -> None:
    assert spelled_out(minors) == text


def test_there_are_schemas_of_every_minor_version_in_a_row() -> None:
    known = [minor(version) for version in known_versions()]

    assert known == sorted(known, key=lambda text: int(text.partition(".")[2]))
    assert all(next_minor(earlier) == later for earlier, later in itertools.pairwise(known))


def test_the_announced_ends_are_those_of_the_newest_schemas_or_later_ones() -> None:
    """A file that `./inv crds` did not write for long would announce nothing that is still to come."""
    upcoming = next_minor(minor(known_versions()[-1]))

    assert any(removal.removed == upcoming for removal in removals().values())
