"""Archives with the same bytes for the same files."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.build.archive import pack_archive, read_archive, repack_archive
from slipway.core.errors import WorkspaceError
from slipway.util import files

NAMES = st.text("abcdefgh-.", min_size=1, max_size=12).filter(lambda name: name not in {".", ".."})
FILES = st.dictionaries(NAMES.map(lambda name: f"chart/{name}"), st.binary(max_size=64), min_size=1, max_size=8)


def tarball(members: dict[str, bytes], **fields: object) -> bytes:
    """An archive as another program might write it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in fields.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


@given(FILES)
def test_packing_is_undone_by_reading(files: dict[str, bytes]) -> None:
    assert read_archive(pack_archive(files)) == files


@given(FILES, st.randoms())
def test_order_times_owners_and_modes_do_not_reach_the_bytes(files: dict[str, bytes], random: object) -> None:
    names = list(files)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = {name: files[name] for name in names}
    wild = tarball(shuffled, mtime=1_700_000_000, mode=0o600, uid=1000, uname="somebody")
    assert repack_archive(wild) == pack_archive(files)
    assert repack_archive(repack_archive(wild)) == repack_archive(wild)


def test_chart_yaml_leads_and_vendored_ones_do_not() -> None:
    files = {"a/charts/b/Chart.yaml": b"", "a/Chart.lock": b"", "a/Chart.yaml": b"", "a/templates/x": b""}
    with tarfile.open(fileobj=io.BytesIO(pack_archive(files))) as tar:
        assert tar.getnames() == ["a/Chart.yaml", "a/Chart.lock", "a/charts/b/Chart.yaml", "a/templates/x"]


def test_the_compressed_header_names_neither_file_nor_time_of_today() -> None:
    packed = pack_archive({"a/Chart.yaml": b"x"})
    assert int.from_bytes(packed[4:8], "little") == files.SOURCE_DATE_EPOCH
    assert packed[3] == 0, "no file name in the header"
    assert gzip.decompress(packed)


@pytest.mark.parametrize(
    "archive",
    [
        b"not an archive",
        tarball({"chart/Chart.yaml": b"x"})[:-20],
        tarball({"/etc/passwd": b"x"}),
        tarball({"chart/../../x": b"x"}),
        tarball({"chart/link": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    ],
    ids=["text", "truncated", "absolute", "upwards", "link"],
)
def test_what_is_no_chart_archive_is_refused(archive: bytes) -> None:
    with pytest.raises(WorkspaceError):
        read_archive(archive)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    files.write_atomic(target, b"one", mtime=files.SOURCE_DATE_EPOCH)
    assert (target.read_bytes(), int(target.stat().st_mtime)) == (b"one", files.SOURCE_DATE_EPOCH)
    target.chmod(0o444)
    files.write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["file"]
