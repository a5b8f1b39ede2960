"""A member is taken out of an umbrella, and every other byte stays."""

import pytest
import yaml

from slipway.workspace import editing, removal

CHART = b"""\
name: home
version: 1.0.0
dependencies:
  # The first one.
  - name: app
    version: 1.0.0
    repository: file://../../charts/app

  - name: postgres
    alias: app-postgres # its database
    version: 2.0.0
    repository: file://../../charts/postgres
  - {name: web, version: 1.0.0, repository: "file://../../charts/web"}
annotations: {a: b}
"""
VALUES = b"""\
# Everything here.

app:
  enabled: true
# Its database,
# which is small.
app-postgres:
  enabled: true
  text: |
    a

    b

# Off.
web: {enabled: false}
"""


@pytest.mark.parametrize("key", ["app", "app-postgres", "web"])
def test_a_member_is_gone_and_the_other_lines_are_there(key: str) -> None:
    edited = removal.remove_dependency(CHART, key, "Chart.yaml")

    left = [entry.get("alias") or entry["name"] for entry in yaml.safe_load(edited)["dependencies"]]
    assert left == [name for name in ("app", "app-postgres", "web") if name != key]
    kept = iter(CHART.decode().splitlines())
    assert all(line in kept for line in edited.decode().splitlines())


@pytest.mark.parametrize("key", ["app", "app-postgres", "web"])
def test_its_values_go_with_the_comment_above_them(key: str) -> None:
    edited = removal.remove_key(VALUES, key, "values.yaml")

    assert yaml.safe_load(edited) == {name: each for name, each in yaml.safe_load(VALUES).items() if name != key}
    kept = iter(VALUES.decode().splitlines())
    assert all(line in kept for line in edited.decode().splitlines())
    assert (b"which is small" in edited) is (key != "app-postgres")
    assert b"Everything here" in edited


def test_what_is_not_there_changes_nothing() -> None:
    assert removal.remove_dependency(CHART, "nobody", "Chart.yaml") == CHART
    assert removal.remove_dependency(CHART, "postgres", "Chart.yaml") == CHART
    assert removal.remove_key(VALUES, "nobody", "values.yaml") == VALUES


def test_the_last_member_takes_the_list_with_it() -> None:
    text = b"name: a\ndependencies:\n  - name: b\n    version: 1.0.0\nversion: 1.0.0\n"

    assert removal.remove_dependency(text, "b", "Chart.yaml") == b"name: a\nversion: 1.0.0\n"


@pytest.mark.parametrize(
    "text", [b"name: a\nversion: 1.0.0\n", b"name: a\ndependencies:\n  - name: m\n    version: 1.0.0\n"]
)
def test_what_was_added_can_be_taken_out_again(text: bytes) -> None:
    entry = {"name": "new", "version": "1.0.0", "repository": "file://../../charts/new", "condition": "new.enabled"}
    values = b"m:\n  enabled: true\nz:\n  enabled: true\n"

    assert removal.remove_dependency(editing.add_dependency(text, entry, "x"), "new", "x") == text
    assert removal.remove_key(editing.add_member(values, "new", ["m", "z"], "Ours.", "x"), "new", "x") == values


@pytest.mark.parametrize(
    "text", [b"a: 1", b"a:\n", b"a:\nb: 2\n", b"a: [1,\n  2]\nb: 2\n", b"a: # why\n  b: 1\nc: 2\n"]
)
def test_a_value_of_any_form_goes_as_a_whole(text: bytes) -> None:
    edited = removal.remove_key(text, "a", "x")

    assert (
        yaml.safe_load(edited or b"{}") == {key: each for key, each in yaml.safe_load(text).items() if key != "a"}
        or None
    )
