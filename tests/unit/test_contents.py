"""What counts as the same content of a chart's archive, and what does not."""

import gzip
import io
import tarfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.build import contents
from slipway.build.archive import pack_archive
from slipway.core.model import ChartName
from slipway.workspace import digest
from testing.memory import layered

COMMON = ChartName("common")
BASE = "oci://registry.test/charts"
GLOBAL = {"values.yaml": b"{}\n", "schemas/global.json": b'{"type": "object"}'}
MADE = layered(2, 1)
MADE = replace(MADE, charts={**MADE.charts, COMMON: replace(MADE.charts[COMMON], files=GLOBAL)})
MEMBERS = contents.members_of(MADE, digest.digest_all(MADE), BASE, list(MADE.charts))
UMBRELLA = MEMBERS[ChartName("umbrella-0")]


def test_an_umbrella_holds_its_members_and_what_they_vendor() -> None:
    assert {path.rpartition("/")[0] for path in UMBRELLA if "/schemas/" not in path} == {
        "umbrella-0", "umbrella-0/charts/service-0", "umbrella-0/charts/service-0/charts/common",
        "umbrella-0/charts/service-1", "umbrella-0/charts/service-1/charts/common",
    }  # fmt: skip
    for path, content in MEMBERS[ChartName("service-0")].items():
        assert UMBRELLA[f"umbrella-0/charts/{path}"] == content


def test_the_archive_of_exactly_these_members_differs_in_nothing() -> None:
    assert contents.differences(UMBRELLA, pack_archive(UMBRELLA)) == ()


@given(st.sampled_from(sorted(UMBRELLA)), st.binary(max_size=20))
def test_any_other_bytes_of_any_member_differ(path: str, content: bytes) -> None:
    changed = {**UMBRELLA, path: content}

    found = contents.differences(UMBRELLA, pack_archive(changed))

    assert found == (f"{contents.shown(path)} differs",)


@given(st.sampled_from(sorted(UMBRELLA)))
def test_a_member_less_and_a_member_more_are_named(path: str) -> None:
    rest = {other: content for other, content in UMBRELLA.items() if other != path}

    assert contents.compared(UMBRELLA, rest) == (f"{contents.shown(path)} is missing",)
    assert contents.compared(rest, UMBRELLA) == (f"{contents.shown(path)} is not one of its files",)


def test_helms_own_spelling_of_chart_yaml_is_the_same_content() -> None:
    path = "service-0/Chart.yaml"
    ours = b"version: 1.0.0\nname: service-0\napiVersion: v2\ndependencies:\n- {name: a, version: 1.0.0, repository: oci://one}\n"
    helms = b"apiVersion: v2\nname: service-0\nversion: 1.0.0\ndependencies:\n  - name: a\n    repository: oci://other\n    version: 1.0.0\n"

    assert contents.same(path, ours, helms)
    assert contents.same(f"umbrella-0/charts/{path}", ours, helms)
    assert not contents.same(path, ours, helms.replace(b"1.0.0", b"1.0.1", 1))
    assert not contents.same(path, ours, helms + b"deprecated: true\n")
    assert not contents.same(path, ours, helms.replace(b"name: a\n", b"name: b\n"))
    assert not contents.same(path, ours, b"[not, a, mapping]\n")


@pytest.mark.parametrize("path", ["service-0/files/Chart.yaml", "service-0/templates/Chart.lock", "Chart.yaml"])
def test_a_file_that_is_only_called_chart_yaml_counts_byte_for_byte(path: str) -> None:
    assert not contents.same(path, b"a: 1\nb: 2\n", b"b: 2\na: 1\n")


def test_chart_lock_is_compared_by_what_is_locked() -> None:
    ours = b"dependencies:\n- {name: a, version: 1.0.0, repository: oci://one}\ndigest: sha256:1\ngenerated: '1980-01-01T00:00:00Z'\n"
    path = "service-0/Chart.lock"

    assert contents.same(path, ours, ours.replace(b"oci://one", b"oci://two").replace(b"sha256:1", b"sha256:2"))
    assert not contents.same(path, ours, ours.replace(b"1.0.0", b"1.0.1"))
    assert not contents.same(path, ours, ours + b"more: 1\n")


def test_names_that_a_terminal_would_obey_are_shown_as_text_and_many_are_counted() -> None:
    strange = {f"a/\x1b[31m{number}\n": b"" for number in range(20)}

    found = contents.compared({}, strange)

    assert found[0] == "\\x1b[31m0\\n is not one of its files"
    assert (len(found), found[-1]) == (contents.SHOWN + 1, "and 12 more")


def test_an_archive_with_a_header_for_all_its_members_is_refused_since_readers_disagree_on_it() -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers={"path": "a/other"}) as tar:
        member = tarfile.TarInfo("a/Chart.yaml")
        tar.addfile(member, io.BytesIO())

    (found,) = contents.differences({"a/Chart.yaml": b""}, raw.getvalue())

    assert found.endswith("is not a plain file of a chart archive")


def test_an_archive_that_unpacks_to_more_than_helm_reads_is_refused() -> None:
    bomb = pack_archive({"a/Chart.yaml": bytes(101 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024

    assert contents.differences({}, bomb) == ("archive: unpacks to more than 100 MiB",)
    assert contents.differences({}, gzip.compress(b"")) != ()
