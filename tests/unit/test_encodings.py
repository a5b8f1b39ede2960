"""Files, names and paths that are not UTF-8, or cannot be read: each is named with its line, and nothing ends in a traceback."""

import os
from pathlib import Path

import pytest

from slipway.config import load_config
from slipway.core.errors import WorkspaceError
from slipway.util.files import decode, odd_name, printable, read_text
from slipway.workspace import discover
from testing.monorepo import Monorepo, small

LATIN = "# café\n".encode("latin-1")
READ = (
    "charts/common/schemas/values.json",
    "charts/common/templates/_all.tpl",
    "charts/common/values.yaml",
    "charts/sonarr/Chart.yaml",
    "charts/sonarr/values.yaml",
    "charts/sonarr/values.schema.json",
    "charts/sonarr/templates/all.yaml",
    "charts/sonarr/crds/any.yaml",
    "charts/sonarr/ci/backup-values.yaml",
    "charts/sonarr/CHANGELOG.md",
    "charts/sonarr/notes.md",
    "charts/sonarr/LICENSE",
    "umbrella/htpc/Chart.yaml",
    "umbrella/htpc/values.yaml",
    "umbrella/htpc/CHANGELOG.md",
    "values/staging/platform.yaml",
    "values/staging/htpc.yaml",
    "values/staging/sealed/htpc/key.yaml",
    "values/staging/sealed-secrets.pem",
)


def load(repo: Monorepo) -> None:
    discover.load(load_config(repo.root, {}))


def append(repo: Monorepo, path: str, content: bytes) -> int:
    """Add bytes to a file of the repository; returns the line on which they start."""
    file = repo.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_bytes() if file.exists() else b""
    file.write_bytes(before + content)
    return before.count(b"\n") + 1


@pytest.mark.parametrize("path", [*READ, "pyproject.toml"])
def test_a_file_that_is_not_utf_8_is_named_with_line_and_byte(tmp_path: Path, path: str) -> None:
    repo = small(tmp_path)
    line = append(repo, path, LATIN)

    with pytest.raises(WorkspaceError) as refused:
        load(repo)

    assert str(refused.value) == f"{path}:{line}: is not UTF-8 (byte 0xe9)\n    hint: save it as UTF-8"


@pytest.mark.parametrize("path", [*READ, "pyproject.toml"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-32"])
def test_a_file_in_utf_16_or_utf_32_is_refused(tmp_path: Path, path: str, codec: str) -> None:
    repo = small(tmp_path)
    file = repo.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without a byte order mark only an accented letter betrays it in a file that is not YAML.
    file.write_bytes(f"é: {'a' * 9}\n".encode(codec))

    with pytest.raises(WorkspaceError, match=rf"{path}:1: is not UTF-8 \(byte 0x(ff|fe|e9)\)"):
        load(repo)


def test_every_file_that_is_not_utf_8_is_named_in_one_run(tmp_path: Path) -> None:
    repo = small(tmp_path)
    paths = (
        "charts/radarr/CHANGELOG.md",
        "charts/sonarr/notes.md",
        "charts/sonarr/CHANGELOG.md",
        "values/staging/htpc.yaml",
    )
    for path in paths:
        append(repo, path, LATIN)

    with pytest.raises(WorkspaceError) as refused:
        load(repo)

    assert sorted(problem.where.partition(":")[0] for problem in refused.value.problems) == sorted(paths)


def test_a_lone_surrogate_in_utf_8_is_refused(tmp_path: Path) -> None:
    repo = small(tmp_path)
    append(repo, "charts/sonarr/values.yaml", b"# \xed\xa0\x80\n")

    with pytest.raises(WorkspaceError, match=r"charts/sonarr/values.yaml:2: is not UTF-8 \(byte 0xed\)"):
        load(repo)


@pytest.mark.parametrize(
    "path",
    [
        "charts/sonarr/files/{}.txt",
        "charts/sonarr/files/{}/a.txt",
        "charts/sonarr/templates/{}.yaml",
        "charts/sonarr/ci/{}-values.yaml",
        "charts/sonarr/{}",
        "charts/{}/Chart.yaml",
        "umbrella/{}/Chart.yaml",
        "values/staging/{}.yaml",
        "values/staging/sealed/{}.yaml",
    ],
)
def test_a_file_name_that_is_not_utf_8_is_named_with_its_byte(tmp_path: Path, path: str) -> None:
    repo = small(tmp_path)
    name = os.fsdecode("café".encode("latin-1"))
    file = repo.root / path.format(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a: 1\n")

    with pytest.raises(WorkspaceError, match=r"its name is not UTF-8 \(byte 0xe9\)") as refused:
        load(repo)

    assert r"caf\xe9" in str(refused.value)
    assert "\udce9" not in str(refused.value)


def test_a_checkout_below_a_path_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9") / "homelab"
    root.mkdir(parents=True)

    with pytest.raises(WorkspaceError, match=r"its name is not UTF-8 \(byte 0xe9\)") as refused:
        load(small(root))

    assert str(refused.value).splitlines()[0].startswith(f"{printable(root)}: ")


def test_what_a_chart_keeps_below_files_may_be_binary(tmp_path: Path) -> None:
    repo = small(tmp_path)
    append(repo, "charts/sonarr/files/icon.png", b"\x89PNG\r\n\xff")

    load(repo)


@pytest.mark.parametrize("path", READ[:-1])
def test_a_folder_in_the_place_of_a_file_is_no_traceback(tmp_path: Path, path: str) -> None:
    repo = small(tmp_path)
    file = repo.root / path
    file.unlink(missing_ok=True)
    file.mkdir(parents=True)

    try:
        load(repo)
    except WorkspaceError as refused:
        message = str(refused)
    else:
        message = ""  # such as `notes.md`, which is read when it is a file

    assert not message or path.rpartition("/")[0] in message


def test_a_byte_order_mark_is_no_part_of_the_text_as_for_helm(tmp_path: Path) -> None:
    repo = small(tmp_path)
    for path in ("charts/sonarr/Chart.yaml", "charts/sonarr/values.yaml", "charts/sonarr/values.schema.json"):
        (repo.root / path).write_bytes(b"\xef\xbb\xbf" + (repo.root / path).read_bytes())

    load(repo)

    assert decode(b"\xef\xbb\xbfa", "x") == "a"
    assert decode(b"\xef\xbb\xbfa", "x", keep_bom=True) == "\ufeffa"


def test_a_file_that_is_missing_or_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"^notes.md: is missing$"):
        read_text(tmp_path / "notes.md", "notes.md")
    with pytest.raises(WorkspaceError, match=r"^notes.md: cannot be read \(Is a directory\)$"):
        read_text(tmp_path, "notes.md")


def test_names_of_every_language_are_names() -> None:
    assert odd_name("charts/café/データ.txt") is None
