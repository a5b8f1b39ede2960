"""YAML with lines: what it means, what is refused with its line, and what no input can cost."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.errors import WorkspaceError
from slipway.util import yaml
from slipway.util.yaml_scalars import MAX_EXACT

SCALARS = (
    st.none() | st.booleans() | st.integers(-MAX_EXACT, MAX_EXACT) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXT = st.text(st.characters(codec="utf-8")) | st.text("yn019._-+eEx:=<~ ")
TREES = st.recursive(
    SCALARS | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@given(TREES)
def test_what_is_written_is_read_back(data: object) -> None:
    assert yaml.parse(yaml.dump(data), "x").data == data
    assert yaml.load_all(yaml.text_of({"a": data})) == [{"a": data}]


def test_equal_data_gives_equal_bytes_whatever_its_order() -> None:
    assert yaml.dump({"b": 1, "a": {"d": 2, "c": 3}}) == yaml.dump({"a": {"c": 3, "d": 2}, "b": 1})


def test_data_that_is_shared_is_written_out() -> None:
    shared = {"a": 1}
    assert yaml.dump([shared, shared]) == b"- a: 1\n- a: 1\n"


@pytest.mark.parametrize(
    "text",
    [
        *("6063e25", "1e3", "y", "N", "yes", "Off", "08", "0o17", "010", "-.5", "1e+5", "12:30", "2222:22"),
        *("52:54:00:44:49:56", "0x1f", "0X1F", "1_000", "0b1", "+12", ".inf", "-.INF", ".nan", ".1_0", "1.", "1.10"),
        *("~", "null", "", "true", "=", "<<", "2026-11-29", "2026-11-29T12:00:00Z", "99999999999999999999"),
    ],
)
def test_text_that_a_reader_could_take_for_something_else_is_written_in_quotes(text: str) -> None:
    assert yaml.dump({text: text}) == f"'{text}': '{text}'\n".encode()
    assert yaml.parse(yaml.dump({text: text}), "x").data == {text: text}


@pytest.mark.parametrize("text", ["1.2.3", "10.0.0.1", "v1", "a:b", "5Gi", "250m", "--flag", "/config", "app", "."])
def test_other_text_is_written_as_it_is(text: str) -> None:
    assert yaml.dump([text]) == f"- {text}\n".encode()


@pytest.mark.parametrize("data", [{1: "a"}, {None: "a"}, {True: "a"}, date(2026, 11, 29), b"a", float("inf"), {"a"}])
def test_data_that_helm_would_read_otherwise_is_never_written(data: object) -> None:
    with pytest.raises(yaml.NotWritable):
        yaml.dump({"a": data})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("52:54:00:44:49:56", "52:54:00:44:49:56"),
        ("2026-11-29", "2026-11-29"),
        ("2026-11-29 12:00:00", "2026-11-29 12:00:00"),
        ("=", "="),
        ("<<", "<<"),
        ("y", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("1e3", 1000),
        ("1.0", 1),
        ("1.10", 1.1),
        ("08", 8),
        ("010", 8),
        ("0o17", 15),
        ("0b11", 3),
        ("-0x1f", -31),
        ("1_000", 1000),
        ("+.5", 0.5),
        ("1e999", "1e999"),
        ("_1", "_1"),
        ("'y'", "y"),
        ("9007199254740992", 2**53),
    ],
)
def test_a_plain_scalar_means_what_it_means_to_helm(text: str, value: object) -> None:
    found = yaml.parse(f"a: {text}\n".encode(), "x").mapping["a"]
    assert (type(found), found) == (type(value), value)


def test_a_merge_key_gives_what_is_not_written_out() -> None:
    text = b"a: &a {x: 1, y1: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y1: 3}\n'<<': text\n"
    assert yaml.parse(text, "x").mapping["c"] == {"x": 1, "y1": 3, "z": 2}
    assert yaml.parse(text, "x").mapping["<<"] == "text"


def test_every_key_and_item_has_its_line() -> None:
    document = yaml.parse(b"a:\n  b: 1\nc:\n  - d: 2\n    e: 3\nf: &f {g: 1}\nh: *f\n", "f.yaml")
    assert document.at("a", "b") == "f.yaml:2"
    assert document.at("c", "0", "e") == "f.yaml:5"
    assert document.at("a", "missing", "deeper") == "f.yaml:1"
    assert document.at("h", "g") == "f.yaml:7"
    assert document.at("nowhere") == "f.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [\n", "f.yaml:2: is not YAML"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2: is not YAML"),
        (b"%YAML 1.2\n---\na: 1\n", "f.yaml:1: begins with a directive"),
        ("a: 1\n\ufeffb: 2\n".encode(), "f.yaml:2: has a byte order mark"),
        (b"a: \xff\n", r"f.yaml:1: is not UTF-8 \(byte 0xff\)"),
        (b"a: 1\n# \x07\n", r"f.yaml:2: is not YAML: control characters are not allowed \(U\+0007\)"),
        (b"a: 1\nb: \x00\n", r"f.yaml:2: is not YAML: control characters are not allowed \(U\+0000\)"),
        (b"a: 1\nb: 2\na: 3\n", "f.yaml:3: key 'a' is duplicated"),
        (b"1: 1\n'1': 2\n", "f.yaml:2: key '1' is duplicated"),
        (b"a: {b: 1, b: 2}\n", "f.yaml:1: key 'b' is duplicated"),
        (b"a:\n  b: 9007199254740993\n", "f.yaml:2: 9007199254740993 is an integer .*\n    hint: put it in quotes"),
        (b"a: -99999999999999999999\n", "f.yaml:1: -99999999999999999999 is an integer .*\n    hint: put it in quotes"),
        (b"a: .inf\n", "f.yaml:1: .inf is not a number .*\n    hint: put it in quotes"),
        (b"a: .1_0\n", "f.yaml:1: .1_0 is a number for Helm.*\n    hint: put it in quotes"),
        (b"a: 1\non: 2\n", "f.yaml:2: the key on is not read as this text\n    hint: put it in quotes"),
        (b"? [a]\n: 1\n", "f.yaml:1: a key is not text"),
        (b"0x1f: 1\n", "f.yaml:1: the key 0x1f is not read as this text"),
        (b"~: 1\n", "f.yaml:1: the key ~ is not read as this text"),
        (b"a: !!binary aGk=\n", "f.yaml:1: has the tag !!binary"),
        (b"a: !vault x\n", "f.yaml:1: has the tag !vault"),
        (b"a: *b\n", "f.yaml:1: is not YAML: found undefined alias 'b'"),
        (b"a: &a [*a]\n", r"f.yaml:1: is not YAML: the alias \*a is inside its own anchor"),
        (b"<<: 1\n", "f.yaml:1: the value of '<<' is not a mapping"),
        (b"a: &a {x: 1}\nb:\n  x: 2\n  <<: *a\n", "f.yaml:4: '<<' stands below the key 'x'"),
        (b"a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n", "f.yaml:4: has a second merge key"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(text: bytes, message: str) -> None:
    with pytest.raises(WorkspaceError, match="^" + message):
        yaml.parse(text, "f.yaml")


def bomb(levels: int, width: int) -> bytes:
    """Aliases of aliases: the last value has `width` to the power of `levels` items."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines).encode() + b"\n"


def merge_bomb(levels: int) -> bytes:
    """Merges of merges: Helm's parser takes two to the power of `levels` steps."""
    lines = ["m0: &m0 {k0: 1}"]
    lines += [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}], k{n}: 1}}" for n in range(1, levels)]
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(12, 9), "f.yaml:4: is not YAML: aliases stand for"),
        (merge_bomb(25), r"f.yaml:\d+: is not YAML: aliases stand for"),
        (b"a: " + b"[" * 1_500 + b"]" * 1_500, "f.yaml:1: is not YAML: more than 64 levels"),
        (b"a: " + b"[" * 100_000, "f.yaml:1: is not YAML: more than 64 levels"),
        (b"a: " + b"{a: " * 100_000, "f.yaml:1: is not YAML: more than 64 levels"),
        (b"- " * 100_000, "f.yaml:1: is not YAML: more than 64 levels"),
        (b"? " * 100_000, "f.yaml:1: a key is not text"),
        (b"".join(b" " * n + b"a:\n" for n in range(400)), "f.yaml:65: is not YAML: more than 64 levels"),
        (b"k: 1\n" * 300_000, "f.yaml: has 1,500,000 bytes of YAML, more than 1,048,576"),
        (b"a: 1 #" + b"\x00" * 1_000_000, "f.yaml:1: is not YAML: control characters"),
    ],
    ids=["aliases", "merges", "deep", "deeper", "mappings", "dashes", "keys", "indented", "large", "nulls"],
)
def test_a_hostile_text_is_refused_with_its_line_and_at_once(text: bytes, message: str) -> None:
    began = time.process_time()
    with pytest.raises(WorkspaceError, match="^" + message):
        yaml.parse(text, "f.yaml")
    assert time.process_time() - began < 1


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


def test_a_stream_that_a_program_wrote_has_the_integers_of_kubernetes() -> None:
    assert yaml.load_all("maximum: 9223372036854775807\n") == [{"maximum": 2**63 - 1}]


@pytest.mark.parametrize("text", ["a: 1\n---\nb: [\n", "a: 1\n---\nb: 1\nb: 2\n", "a: &a [*a]\n", "a: .nan\n"])
def test_a_stream_that_is_not_yaml_names_its_line(text: str) -> None:
    with pytest.raises(yaml.NotYaml, match=r"^line \d+: "):
        yaml.load_all(text)
