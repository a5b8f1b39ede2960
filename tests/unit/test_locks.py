"""The locks: how they are made, and that the committed ones are complete and name no server."""

import re
from pathlib import Path

import pytest

from slipway.core.errors import Problem, ToolFailed
from slipway.toolchain.locks import GROUPS, compile_argv, lock_file, relock
from slipway.tools.run import Command, Completed, Runner

ROOT = Path(__file__).resolve().parents[2]


def resolver(answers: dict[str, str]) -> Runner:
    """A uv that writes these locks; a group without an answer cannot be resolved."""

    def run(command: Command) -> Completed:
        output = Path(command.argv[command.argv.index("--output-file") + 1])
        if output.name not in answers:
            raise ToolFailed(Problem(where="uv", fact="ended with exit code 1"))
        output.write_text(answers[output.name], encoding="utf-8")
        return Completed(argv=command.argv, code=0, stdout="", stderr="", seconds=0.0)

    return run


def test_a_group_is_resolved_within_the_versions_of_those_before_it() -> None:
    argv = compile_argv(Path("/uv"), "test", ("release", "go"), Path("/out/test.txt"), upgrade=False)

    assert argv[:8] == (
        *("/uv", "pip", "compile", "--quiet", "--group", "pyproject.toml:test"),
        *("--constraint", "locks/release.txt"),
    )
    assert "--generate-hashes" in argv
    assert "--no-emit-index-url" in argv
    assert "--upgrade" not in argv


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    answers = {f"{group}.txt": f"{group}==1\n" for group in GROUPS}
    assert relock(tmp_path, resolver(answers), Path("/uv")) == GROUPS
    before = lock_file(tmp_path, "release").stat().st_mtime_ns

    changed = relock(tmp_path, resolver({**answers, "docs.txt": "docs==2\n"}), Path("/uv"))

    assert changed == ("docs",)
    assert lock_file(tmp_path, "release").stat().st_mtime_ns == before


def test_wishes_that_cannot_be_met_leave_the_lock_as_it_was(tmp_path: Path) -> None:
    answers = {f"{group}.txt": f"{group}==1\n" for group in GROUPS}
    relock(tmp_path, resolver(answers), Path("/uv"))
    del answers["test.txt"]

    with pytest.raises(ToolFailed):
        relock(tmp_path, resolver(answers), Path("/uv"))

    assert lock_file(tmp_path, "test").read_text(encoding="utf-8") == "test==1\n"
    assert sorted(path.name for path in (tmp_path / "locks").iterdir()) == sorted(f"{group}.txt" for group in GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_every_package_of_a_lock_has_one_version_and_hashes_and_no_address(group: str) -> None:
    text = lock_file(ROOT, group).read_text(encoding="utf-8")

    entries = re.split(r"\n(?=[a-z0-9])", text.strip())

    assert all(re.match(r"[a-z0-9.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_no_two_locks_name_different_versions_of_a_package() -> None:
    versions: dict[str, set[str]] = {}
    for group in GROUPS:
        text = lock_file(ROOT, group).read_text(encoding="utf-8")
        # A version that is for some Pythons only has a marker behind it.
        for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+) \\$", text, re.MULTILINE):
            versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
