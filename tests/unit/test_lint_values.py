"""Overrides: what they would change, and what they were probably meant to be. Whole cases are in tests/workspaces."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.lint import platform_facts, schema_errors, values
from slipway.util import yaml
from slipway.util.mapping import leaves
from slipway.workspace import values as layers
from slipway.workspace.values import ABSENT, Layer
from testing.workspaces import assemble, load

LEAVES = st.integers(0, 3) | st.text("ab", max_size=2) | st.booleans()
VALUES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | LEAVES, max_size=3),
)


@given(VALUES, VALUES, VALUES)
def test_layers_may_be_merged_in_any_grouping(
    one: dict[str, object], two: dict[str, object], three: dict[str, object]
) -> None:
    assert layers.merge({}, one) == one
    assert layers.merge(one, one) == one
    left = layers.merge(layers.merge(one, two), three)
    # A mapping that replaces a scalar, or the reverse, ends what lies below it: grouping matters only there.
    if all(isinstance(a, dict) == isinstance(b, dict) for a, b in clashes(one, two, three)):
        assert left == layers.merge(one, layers.merge(two, three))


def clashes(*values: object) -> list[tuple[object, object]]:
    """Pairs of values at the same path."""
    maps = [value for value in values if isinstance(value, dict)]
    keys = {key for value in maps for key in value}
    found = [(a, b) for a in values for b in values]
    return found + [pair for key in keys for pair in clashes(*(value[key] for value in maps if key in value))]


@given(VALUES, VALUES)
def test_an_override_that_is_found_to_change_nothing_changes_nothing(
    low: dict[str, object], high: dict[str, object]
) -> None:
    for path, value in leaves(high):
        below = layers.value_at(low, path)
        if below is not ABSENT and layers.same(below, value):
            alone: object = value
            for key in reversed(path):
                alone = {key: alone}
            assert isinstance(alone, dict)
            assert layers.merge(low, alone) == low


def test_null_removes_and_lists_replace() -> None:
    assert layers.merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"b": None, "c": [3]}}) == {"a": {"c": [3]}}
    assert layers.merge({}, {"a": None}) == {"a": None}  # Helm removes what is below, and here nothing is


@pytest.mark.parametrize(
    ("one", "other", "equal"), [(1, 1, True), (1, True, False), (1, "1", False), ([], [], True), (None, None, True)]
)
def test_equal_means_equal_for_the_template(one: object, other: object, equal: bool) -> None:
    assert layers.same(one, other) is equal


def layer(text: bytes, name: str, *inside: str) -> Layer:
    return Layer(document=yaml.parse(text, name), inside=inside)


def test_the_highest_layer_that_sets_it_is_named() -> None:
    low = layer(b"a:\n  b: 1\n  c: 2\n", "low")
    high = layer(b"app:\n  a:\n    b: 3\n", "high", "app")
    found = {path: layers.top_layer([low, high], path) for path in (("a", "b"), ("a", "c"), ("x",))}
    assert found["a", "b"].where(("a", "b")) == "high:3"  # type: ignore[union-attr]
    assert found["a", "c"].where(("a", "c")) == "low:3"  # type: ignore[union-attr]
    assert layers.coalesce([low, high]) == {"a": {"b": 3, "c": 2}}


@pytest.mark.parametrize(
    ("word", "other", "meant"),
    [
        ("confg", "config", True),
        ("LOG_LEVLE", "LOG_LEVEL", True),
        ("data2", "data", False),
        ("app", "web", False),
        ("sonar", "sonarr", True),
    ],
)
def test_a_mistyped_identifier_resembles_the_one_that_was_meant(word: str, other: str, meant: bool) -> None:
    assert values.mistyped(word, other) is meant


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("global", "route", "kind"), (("global", "route", "kind"),)),
        (("controllers", "app", "replicas"), (("controller", "replicas"),)),
        (("controllers", "app", "pod", "token"), (("pod", "token"),)),
        (("controllers", "app", "sidecars", "vpn", "securityContext"), (("container", "securityContext"),)),
        (("service", "app"), ()),
        (("controllers", "app"), ()),
    ],
)
def test_the_library_keeps_defaults_of_services_in_known_places(
    path: tuple[str, ...], place: tuple[tuple[str, ...], ...], tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    library = layers.library_of(load(assemble(tmp_path / "nothing", tmp_path / "repo")))
    assert layers.library_default(library, path) == place
    assert layers.library_default(None, path) == ()


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "port": {"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[a-z]+$"}]},
        "peer": {
            "oneOf": [
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"app": {"type": "string"}},
                    "required": ["app"],
                },
                {"type": "object", "additionalProperties": False, "properties": {"cidr": {}}, "required": ["cidr"]},
                {"type": "null"},
            ]
        },
    },
}
OWNER = schema_errors.Owner(name="app", folder="charts/app", schema=SCHEMA)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (b"port: 80\n", []),
        (b"port: http\n", []),
        (b"port: HTTP\n", ["port: HTTP does not match ^[a-z]+$"]),
        (b"port: []\n", ["port: empty of type array matches none of the allowed forms"]),
        (b"peer: null\n", []),
        (b"peer: {app: 1}\n", ["peer.app: 1 is of type number, not string"]),
        (b"peer: {cird: 1}\n", ["app has no value peer.cird"]),
        (b"prot: 1\n", ["app has no value prot"]),
    ],
)
def test_of_a_choice_only_the_intended_branch_is_reported(text: bytes, facts: list[str]) -> None:
    found = list(schema_errors.schema_problems(OWNER, [layer(text, "v")]))
    assert [problem.fact for problem in found] == facts


def test_the_suggestion_comes_from_the_branch_that_was_meant() -> None:
    (found,) = schema_errors.schema_problems(OWNER, [layer(b"peer: {cird: 1}\n", "v")])
    assert found.hint == "did you mean 'cidr'?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.0/8", None),
        ("fd00::/64", None),
        ("10.0.0.1/8", "'10.0.0.1/8' has host bits set; did you mean 10.0.0.0/8?"),
        ("10.0.0.0/33", "'10.0.0.0/33' is not a network such as 192.168.1.0/24"),
        ("10.0.0.0", "'10.0.0.0' is not a network such as 192.168.1.0/24"),
        (10, "10 is not a network such as 192.168.1.0/24"),
    ],
)
def test_a_network_is_valid_or_refused_with_the_intended_one(text: object, message: str | None) -> None:
    found = platform_facts.parse_network(text)
    assert (found if isinstance(found, str) else None) == message
