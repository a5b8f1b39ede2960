"""Edits of Chart.yaml and values.yaml: exactly the wanted bytes change, whatever the file looks like."""

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.errors import WorkspaceError
from slipway.workspace import editing
from slipway.workspace.editing import Change

NASTY = b"""\
# Head
apiVersion: v2
name: "htpc"   # the name
version: '1.0.0' # raised by a program

description: a very long line that no program may fold, because then a reviewer would have to read all of it again # c
dependencies:
  # autobrr comes first
  - name: autobrr
    version: 1.0.0 # exact

    repository: file://../../charts/autobrr

    condition: autobrr.enabled
  # sonarr: television
  - {name: sonarr, version: "1.2.0", repository: file://../../charts/sonarr, condition: sonarr.enabled}
# after the list
annotations:
    a: b
    # note
    c: d # x
# tail"""

MEMBER = {
    "name": "prowlarr",
    "version": "1.0.0",
    "repository": "file://../../charts/prowlarr",
    "condition": "prowlarr.enabled",
}


def changed_lines(before: bytes, after: bytes) -> list[str]:
    """Removed and added lines, as `diff` shows them."""
    pairs = difflib.ndiff(before.decode().split("\n"), after.decode().split("\n"))
    return [line for line in pairs if line[:2] in {"- ", "+ "}]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_a_version_keeps_its_quotes_and_its_comment(newline: bytes) -> None:
    text = NASTY.replace(b"\n", newline)

    edited = editing.set_version(text, "1.0.1", "Chart.yaml")

    assert edited == text.replace(b"'1.0.0' # raised", b"'1.0.1' # raised")


def test_a_dependency_changes_in_block_and_in_flow_style_and_nothing_else_does() -> None:
    edited = editing.set_dependency_version(NASTY, "sonarr", "1.3.0", "Chart.yaml")
    edited = editing.set_dependency_version(edited, "autobrr", "2.0.0", "Chart.yaml")

    assert edited == NASTY.replace(b'"1.2.0"', b'"1.3.0"').replace(b"version: 1.0.0 # exact", b"version: 2.0.0 # exact")


def test_every_alias_of_a_dependency_changes() -> None:
    text = b"dependencies:\n- {name: redis, version: 1.0.0, alias: a}\n- {name: redis, version: 1.0.0, alias: b}\n"

    edited = editing.set_dependency_version(text, "redis", "1.0.1", "Chart.yaml")

    assert edited == text.replace(b"1.0.0", b"1.0.1")


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_changes_are_added_below_the_other_annotations_in_their_indentation(newline: bytes) -> None:
    text = NASTY.replace(b"\n", newline)
    block = (
        b"    artifacthub.io/changes: |\n        - kind: changed\n"
        b'          description: "Deployment \\"x\\": image 1 \xe2\x86\x92 2"\n'
    )

    edited = editing.set_changes(
        text, [Change(kind="changed", description='Deployment "x":  image 1 → 2')], "Chart.yaml"
    )

    assert edited == text.replace(b"# tail", block.replace(b"\n", newline) + b"# tail")


def test_changes_are_replaced_as_a_whole_and_setting_them_twice_changes_nothing() -> None:
    first = editing.set_changes(NASTY, [Change(kind="added", description="one")] * 3, "Chart.yaml")

    second = editing.set_changes(first, [Change(kind="fixed", description="two")], "Chart.yaml")

    assert yaml.safe_load(yaml.safe_load(second)["annotations"]["artifacthub.io/changes"]) == [
        {"kind": "fixed", "description": "two"}
    ]
    assert editing.set_changes(second, [Change(kind="fixed", description="two")], "Chart.yaml") == second


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"annotations: {}",
        b"annotations:",
        b"annotations: ~ # none yet\n",
        b"annotations: {a: b}\n",
        b"annotations: {a: b, }\n",
        b"annotations: {artifacthub.io/changes: b, c: d}",
        b'annotations: # x\n  artifacthub.io/changes: "x" # keep\n  b: c',
        b"annotations:\n  artifacthub.io/changes:\nx: y",
        b"annotations:\n  artifacthub.io/changes: |- # keep\n    - a\n\n    # no\n  # c\n  b: c",
        b"annotations:\n  artifacthub.io/changes: >+\n    - a\n\n\nb: c\n",
        b"annotations:\n  'artifacthub.io/changes': |2\n      - a\n  b: c\n...\n",
        b"annotations:\n  artifacthub.io/changes: one\n    more words\n  b: c\n",
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_changes_fit_into_every_form_of_annotations(tail: bytes, newline: bytes) -> None:
    text = (b"---\n# head\nname: a # b\n" + tail).replace(b"\n", newline)
    before = yaml.safe_load(text)

    edited = editing.set_changes(text, [Change(kind="added", description="z")], "Chart.yaml")

    after = yaml.safe_load(edited)
    assert yaml.safe_load(after["annotations"].pop("artifacthub.io/changes")) == [{"kind": "added", "description": "z"}]
    kept = {key: value for key, value in (before.get("annotations") or {}).items() if "changes" not in key}
    assert after["annotations"] == kept
    assert {**after, "annotations": None} == {**before, "annotations": None}
    assert edited.startswith(b"---" + newline + b"# head" + newline + b"name: a # b")
    assert [comment for comment in (b"# keep", b"# c", b"# x", b"# none yet") if comment in text] == [
        comment for comment in (b"# keep", b"# c", b"# x", b"# none yet") if comment in edited
    ]
    if newline == b"\r\n":
        assert edited.count(b"\n") == edited.count(b"\r\n")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1.0", b'"1.0"'),
        ("1.0.0", b"1.0.0"),
        ("1e3", b'"1e3"'),
        ("y", b'"y"'),
        ("rc", b"rc"),
        ("yes", b'"yes"'),
        ("2026-01-01", b'"2026-01-01"'),
    ],
)
def test_text_that_yaml_would_take_for_something_else_is_quoted(value: str, written: bytes) -> None:
    assert editing.set_version(b"version: x\n", value, "Chart.yaml") == b"version: " + written + b"\n"


@pytest.mark.parametrize(
    ("name", "above"), [("aaa", "dependencies:"), ("prowlarr", "condition: autobrr"), ("zzz", "- {name: sonarr")]
)
def test_a_dependency_is_added_in_name_order_and_keeps_the_comments_of_its_neighbours(name: str, above: str) -> None:
    entry = {**MEMBER, "name": name}

    edited = editing.add_dependency(NASTY, entry, "Chart.yaml")

    lines = edited.decode().split("\n")
    place = lines.index(f"  - name: {name}")
    assert above in lines[place - 1]
    assert lines[place : place + 4] == [
        f"  - name: {name}",
        "    version: 1.0.0",
        "    repository: file://../../charts/prowlarr",
        "    condition: prowlarr.enabled",
    ]
    assert lines[:place] + lines[place + 4 :] == NASTY.decode().split("\n")
    assert editing.add_dependency(edited, entry, "Chart.yaml") == edited


@pytest.mark.parametrize("empty", [b"", b"dependencies:\n", b"dependencies: [] # none\n", b"dependencies: ~\n"])
def test_a_first_dependency_makes_the_list(empty: bytes) -> None:
    text = b"name: htpc\n" + empty + b"# tail\n"

    edited = editing.add_dependency(text, MEMBER, "Chart.yaml")

    assert yaml.safe_load(edited) == {"name": "htpc", "dependencies": [MEMBER]}
    assert b"# tail\n" in edited


def test_another_dependency_of_the_same_name_is_refused() -> None:
    with pytest.raises(WorkspaceError) as caught:
        editing.add_dependency(NASTY, {**MEMBER, "name": "sonarr"}, "umbrella/htpc/Chart.yaml")

    assert str(caught.value) == "umbrella/htpc/Chart.yaml: has a dependency 'sonarr' already"


VALUES = b"global: {}\n\n# automation\nautobrr:\n  enabled: true # x\n\n# television\nsonarr:\n  enabled: true\n  deep:\n# end"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aaa", VALUES.replace(b"# automation", b"aaa:\n  enabled: true\n\n# automation")),
        ("prowlarr", VALUES.replace(b"# television", b"prowlarr:\n  enabled: true\n\n# television")),
        ("zzz", VALUES.replace(b"# end", b"\nzzz:\n  enabled: true\n# end")),
        ("sonarr", VALUES),
    ],
)
def test_a_member_joins_the_values_in_name_order(name: str, expected: bytes) -> None:
    assert editing.add_member(VALUES, name, ["autobrr", "sonarr"], "", "values.yaml") == expected


@pytest.mark.parametrize("text", [b"", b"# only a comment", b"global: {}", b"\xef\xbb\xbfglobal: {}\n"])
def test_a_first_member_is_written_below_everything_else(text: bytes) -> None:
    edited = editing.add_member(text, "sonarr", [], "television", "values.yaml")

    assert edited.startswith(text)
    assert edited.endswith(b"# television\nsonarr:\n  enabled: true\n")


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        (b"version: &v 1.0.0\nappVersion: *v\n", "'&v' is at the place of the edit"),
        (b"version: !!str 1.0.0\n", "'!!str' is at the place of the edit"),
        (b"version:\nname: x\n", "version has no text"),
        (b"- version: 1.0.0\n", "it is not a mapping"),
        (b"version: [\n", "while parsing a flow node"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: bytes, evidence: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        editing.set_version(text, "2.0.0", "charts/a/Chart.yaml")

    assert str(caught.value) == (
        f"charts/a/Chart.yaml: cannot be edited by a program\n    {evidence}\n"
        "    hint: write the file in plain block style, without anchors and tags, and run again"
    )


# Unquoted, some words are no text in YAML 1.1, which PyYAML reads: `no` is false.
names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(lambda name: yaml.safe_load(name) == name)
comments = st.sampled_from(["", "# a: b", "# - x", "#", "# 'quoted", "# version: 9.9.9"])
versions = st.from_regex(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}(-rc\.[0-9])?", fullmatch=True)


@st.composite
def charts(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A Chart.yaml with comments, blank lines and quotes anywhere, and the names of its dependencies."""

    def filler() -> list[str]:
        return [draw(comments) for _ in range(draw(st.integers(0, 2)))]

    def quoted(value: str) -> str:
        return draw(st.sampled_from([value, f"'{value}'", f'"{value}"']))

    def ended(line: str) -> str:
        return line + draw(st.sampled_from(["", " ", " # why"]))

    indent = " " * draw(st.integers(0, 4))
    members = draw(st.lists(names, unique=True, max_size=4))
    lines = [*filler(), "name: x", *filler(), ended(f"version: {quoted('1.0.0')}"), *filler()]
    if members:
        lines.append(ended("dependencies:"))
    for member in members:
        lines += [*(indent + line for line in filler()), f"{indent}- name: {member}", *filler()]
        lines += [
            ended(f"{indent}  version: {quoted('1.0.0')}"),
            *filler(),
            f"{indent}  repository: file://../{member}",
        ]
    lines += [
        *filler(),
        *draw(st.sampled_from([[], ["annotations:", "  a: |", "    text", "", "    # text"]])),
        *filler(),
    ]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return (newline.join(lines) + draw(st.sampled_from(["", newline]))).encode(), members


@given(charts(), versions)
def test_only_the_lines_of_the_versions_change(chart: tuple[bytes, list[str]], version: str) -> None:
    text, members = chart

    edited = editing.set_version(text, version, "Chart.yaml")
    for member in members:
        edited = editing.set_dependency_version(edited, member, version, "Chart.yaml")

    before, after = text.decode().split("\n"), edited.decode().split("\n")
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert new in {old, old.replace("1.0.0", version)}
    data = yaml.safe_load(edited)
    assert {str(data["version"]), *(item["version"] for item in data.get("dependencies", []))} == {version}


@given(charts(), names, st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C",)), max_size=20))
def test_added_lines_are_the_only_difference(chart: tuple[bytes, list[str]], name: str, message: str) -> None:
    text, members = chart
    entry = {**MEMBER, "name": name}

    edited = text if name in members else editing.add_dependency(text, entry, "Chart.yaml")
    edited = editing.set_changes(edited, [Change(kind="added", description=message)], "Chart.yaml")

    kept = iter(edited.decode().splitlines())
    assert all(line in kept for line in text.decode().splitlines())
    order = [item["name"] for item in yaml.safe_load(edited).get("dependencies", [])]
    assert [member for member in order if member != name] == [member for member in members if member != name]
    assert editing.set_changes(edited, [Change(kind="added", description=message)], "Chart.yaml") == edited
