"""The kernel's limits of a node: what the doctor says of them, and that pages and alerts ask for the same."""

from pathlib import Path

import pytest

from slipway.toolchain.node import K3S, LIMITS, node_rows
from slipway.toolchain.report import State
from testing.workspaces import ROOT

INSTANCES = "fs.inotify.max_user_instances"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The files of a node with the limits that it should have."""
    (tmp_path / K3S).mkdir(parents=True)
    for name, value in LIMITS.items():
        place = tmp_path / "proc/sys" / name.replace(".", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{value}\n", encoding="ascii")
    return tmp_path


def test_a_node_with_the_limits_of_the_guide_is_in_order(machine: Path) -> None:
    assert {(f"fs.{row.name}", row.state) for row in node_rows(machine)} == {(name, State.OK) for name in LIMITS}


def test_a_node_with_the_default_of_debian_is_wrong_and_gets_the_command_that_mends_it(machine: Path) -> None:
    (machine / "proc/sys/fs/inotify/max_user_instances").write_text("128\n", encoding="ascii")

    (row,) = (row for row in node_rows(machine) if row.state is State.WRONG)

    assert (row.name, row.wanted, row.found) == ("inotify.max_user_instances", str(LIMITS[INSTANCES]), "128")
    assert f"{INSTANCES} = {LIMITS[INSTANCES]}" in row.fix
    assert "sysctl --system" in row.fix


def test_a_workstation_needs_no_such_limits(machine: Path) -> None:
    (machine / K3S).rmdir()

    assert list(node_rows(machine)) == []


def test_a_kernel_that_hides_a_limit_is_no_fault(machine: Path) -> None:
    (machine / "proc/sys/fs/inotify/max_user_instances").unlink()

    assert {row.name for row in node_rows(machine)} == {"inotify.max_user_watches"}


@pytest.mark.parametrize("name", LIMITS)
def test_the_guide_sets_what_the_doctor_asks_for(name: str) -> None:
    assert f"{name} = {LIMITS[name]}\\n" in (ROOT / "docs/getting-started.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["guides/add-a-node.md", "guides/start-again.md", "guides/trouble.md"])
def test_whoever_installs_a_node_or_looks_for_the_fault_finds_the_limits(page: str) -> None:
    assert "getting-started.md#kernel-limits" in (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_the_alert_asks_for_what_the_doctor_asks_for() -> None:
    rules = (ROOT / "charts/prometheus/files/rules/nodes.yml").read_text(encoding="utf-8")

    assert f"node_sysctl_fs_inotify_max_user_instances < {LIMITS[INSTANCES]}\n" in rules
