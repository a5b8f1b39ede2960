"""YAML with lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.errors import WorkspaceError
from slipway.util import yaml

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]))
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner)
)


@given(TREES)
def test_what_is_written_is_read_back(data: object) -> None:
    assert yaml.parse(yaml.dump(data), "x").data == data


def test_equal_data_gives_equal_bytes_whatever_its_order() -> None:
    assert yaml.dump({"b": 1, "a": {"d": 2, "c": 3}}) == yaml.dump({"a": {"c": 3, "d": 2}, "b": 1})


def test_every_key_and_item_has_its_line() -> None:
    document = yaml.parse(b"a:\n  b: 1\nc:\n  - d: 2\n    e: 3\n", "f.yaml")
    assert document.at("a", "b") == "f.yaml:2"
    assert document.at("c", "0", "e") == "f.yaml:5"
    assert document.at("a", "missing", "deeper") == "f.yaml:1"
    assert document.at("nowhere") == "f.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [\n", "f.yaml:2: is not YAML"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2: is not YAML"),
        (b"a: \xff\n", r"f.yaml:1: is not UTF-8 \(byte 0xff\)"),
        (b"a: 1\n# \x07\n", r"f.yaml:2: is not YAML: control characters are not allowed \(U\+0007\)"),
        (b"a: 1\nb: \x00\n", r"f.yaml:2: is not YAML: control characters are not allowed \(U\+0000\)"),
        (b"a: 1\nb: 2\na: 3\n", "f.yaml:3: key 'a' is duplicated"),
        (b"a: {b: 1, b: 2}\n", "f.yaml:1: key 'b' is duplicated"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(text: bytes, message: str) -> None:
    with pytest.raises(WorkspaceError, match="^" + message):
        yaml.parse(text, "f.yaml")


def test_every_duplicate_key_is_named_at_once() -> None:
    with pytest.raises(WorkspaceError) as caught:
        yaml.parse(b"a: 1\na: 2\nb:\n  c: 1\n  c: 2\n", "f.yaml")
    assert [problem.where for problem in caught.value.problems] == ["f.yaml:2", "f.yaml:5"]


def test_an_empty_document_is_an_empty_mapping_and_a_list_is_none() -> None:
    assert yaml.parse(b"# nothing\n", "f").mapping == {}
    with pytest.raises(WorkspaceError, match="must be a mapping, not a list"):
        _ = yaml.parse(b"- 1\n", "f").mapping


def test_empty_documents_of_a_stream_are_left_out() -> None:
    assert yaml.load_all("---\n---\na: 1\n---\n# only a comment\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]
