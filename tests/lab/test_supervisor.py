"""The process that a lab lives in: order, crashes, and an end that leaves nothing."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from slipway.lab import component, state
from slipway.lab.component import Component
from slipway.lab.state import Phase, State
from slipway.lab.supervisor import COMPONENTS, RESTARTS
from slipway.tools.background import spawn_daemon
from slipway.tools.process import free_port, reap, wait_until
from slipway.tools.run import Command
from slipway.util.files import write_atomic
from testing.monorepo import ROOT

WAIT_S = 30.0


def server(name: str, *after: str) -> Component:
    """A program that listens."""
    port = free_port()
    argv = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    return Component(name=name, purpose="answers", argv=argv, after=after, ready=f"http://127.0.0.1:{port}/")


def job(name: str, script: str, *after: str) -> Component:
    """A program that ends."""
    return Component(name=name, purpose="ends", argv=("sh", "-c", script), after=after)


def supervised(folder: Path, *components: Component) -> int:
    """Start a supervisor; returns its process."""
    write_atomic(folder / COMPONENTS, component.to_json(components))
    argv = (sys.executable, "-m", "slipway.lab.supervisor", str(folder))
    return spawn_daemon(Command(argv=argv, cwd=ROOT), folder / "supervisor.log")


def reached(folder: Path, phase: Phase) -> State:
    """The state, once it is in this phase."""
    assert wait_until(lambda: (found := state.read(folder)) is not None and found.phase is phase, WAIT_S)
    found = state.read(folder)
    assert found is not None
    return found


def report(folder: Path) -> State:
    """What the supervisor said last."""
    found = state.read(folder)
    assert found is not None
    return found


def test_a_component_starts_when_those_before_it_are_ready(tmp_path: Path) -> None:
    report = tmp_path / "order"
    pid = supervised(
        tmp_path,
        server("last", "second"),
        job("second", f"echo second >> {report}", "first"),
        job("first", f"echo first >> {report}"),
    )

    found = reached(tmp_path, Phase.READY)

    assert report.read_text(encoding="utf-8") == "first\nsecond\n"
    assert {name: part.phase for name, part in found.parts.items()} == {
        "last": Phase.READY, "second": Phase.DONE, "first": Phase.DONE,
    }  # fmt: skip
    os.kill(pid, signal.SIGTERM)
    reached(tmp_path, Phase.STOPPED)
    assert wait_until(lambda: not reap(pid), WAIT_S)
    assert not reap(found.parts["last"].pid)


def test_a_crash_is_told_with_its_last_lines_and_ends_the_others(tmp_path: Path) -> None:
    pid = supervised(tmp_path, server("good"), job("bad", "echo out of luck; exit 3", "good"))

    found = reached(tmp_path, Phase.FAILED)

    assert found.failed == ("bad",)
    assert found.parts["bad"].output == ("ended with exit code 3", "out of luck")
    assert wait_until(lambda: not reap(pid), WAIT_S)
    assert not reap(found.parts["good"].pid)


def test_a_server_that_ends_after_it_was_ready_is_started_again(tmp_path: Path) -> None:
    pid = supervised(tmp_path, server("falls"), server("stands", "falls"))
    before = reached(tmp_path, Phase.READY).parts

    os.kill(before["falls"].pid, signal.SIGKILL)

    assert wait_until(lambda: report(tmp_path).parts["falls"].restarts == 1, WAIT_S)
    after = reached(tmp_path, Phase.READY).parts
    assert after["falls"].pid != before["falls"].pid
    assert after["falls"].output[0] == "ended with signal SIGKILL"
    assert after["stands"] == before["stands"]
    os.kill(pid, signal.SIGTERM)
    reached(tmp_path, Phase.STOPPED)


def test_what_runs_on_a_machine_ends_with_it_and_starts_again_after_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid = supervised(
        tmp_path,
        replace(server("machine"), carries=True),
        job("image", f"echo image >> {log}", "machine"),
        server("inside", "image"),
        server("elsewhere"),
    )
    before = reached(tmp_path, Phase.READY).parts

    os.kill(before["machine"].pid, signal.SIGKILL)

    assert wait_until(lambda: report(tmp_path).parts["machine"].restarts == 1, WAIT_S)
    after = reached(tmp_path, Phase.READY).parts
    assert after["inside"].pid != before["inside"].pid
    assert after["inside"].restarts == 0
    assert log.read_text(encoding="utf-8") == "image\nimage\n"
    assert after["elsewhere"] == before["elsewhere"]
    os.kill(pid, signal.SIGTERM)
    reached(tmp_path, Phase.STOPPED)


def test_a_server_that_ends_again_and_again_ends_the_lab(tmp_path: Path) -> None:
    pid = supervised(tmp_path, server("falls"), server("stands"))
    for times in range(RESTARTS):
        os.kill(reached(tmp_path, Phase.READY).parts["falls"].pid, signal.SIGKILL)
        assert wait_until(lambda wanted=times + 1: report(tmp_path).parts["falls"].restarts == wanted, WAIT_S)

    os.kill(reached(tmp_path, Phase.READY).parts["falls"].pid, signal.SIGKILL)

    assert reached(tmp_path, Phase.FAILED).failed == ("falls",)
    assert wait_until(lambda: not reap(pid), WAIT_S)


def test_what_is_not_vital_fails_alone(tmp_path: Path) -> None:
    bad = replace(server("bad"), argv=("sh", "-c", "echo out of luck; exit 3"), vital=False)
    pid = supervised(tmp_path, server("good"), bad)

    found = reached(tmp_path, Phase.READY)

    assert wait_until(lambda: report(tmp_path).failed == ("bad",), WAIT_S)
    assert report(tmp_path).parts["bad"].output == ("ended with exit code 3", "out of luck")
    assert report(tmp_path).phase is Phase.READY
    assert reap(found.parts["good"].pid)
    os.kill(pid, signal.SIGTERM)
    reached(tmp_path, Phase.STOPPED)


def test_a_running_lab_takes_other_components(tmp_path: Path) -> None:
    stays, goes, changes = server("stays"), server("goes"), server("changes", "stays")
    pid = supervised(tmp_path, stays, goes, changes)
    before = reached(tmp_path, Phase.READY).parts
    changed, fresh = server("changes", "stays"), server("fresh", "changes")
    write_atomic(tmp_path / COMPONENTS, component.to_json((stays, changed, fresh)))

    os.kill(pid, signal.SIGHUP)

    assert wait_until(lambda: report(tmp_path).parts.keys() == {"stays", "changes", "fresh"}, WAIT_S)
    after = reached(tmp_path, Phase.READY).parts
    assert after["stays"] == before["stays"]
    assert after["changes"].pid != before["changes"].pid
    assert after["changes"].key == changed.key
    assert not reap(before["goes"].pid)
    os.kill(pid, signal.SIGTERM)
    reached(tmp_path, Phase.STOPPED)


def test_killing_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    pid = supervised(tmp_path, server("one"), server("two"))
    found = reached(tmp_path, Phase.READY)
    children = [part.pid for part in found.parts.values()]

    os.kill(pid, signal.SIGKILL)

    assert wait_until(lambda: not any(map(reap, [pid, *children])), WAIT_S)
