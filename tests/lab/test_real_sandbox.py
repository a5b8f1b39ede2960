"""A program in an sandbox: what it sees, whom it reaches, and that it never outlives who started it."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.lab.sandbox.forwarder import Forwarder
from slipway.lab.sandbox.program import Mount, Sandbox
from slipway.tools.background import spawn_daemon
from slipway.tools.process import free_port, reap, wait_until
from slipway.tools.run import Command, Completed, run_process
from testing.monorepo import ROOT
from testing.reality import PAGE, pages

ADDRESS, NEIGHBOUR, SERVICE = "10.42.0.7", "192.168.1.2", "10.43.0.1:80"
WAIT_S = 30.0
LOOK = """
import json, os, pathlib, socket
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
def writable(path):
    try:
        pathlib.Path(path, "new").write_text("x")
    except OSError:
        return False
    return True
print(json.dumps({
    "user": os.getuid(), "group": os.getgid(), "rights": status["CapEff"].strip(), "gains": status["NoNewPrivs"].strip(),
    "name": socket.gethostname(), "root": sorted(os.listdir("/")), "environment": dict(os.environ),
    "writable": [path for path in ("/", "/own", "/shown") if writable(path)],
    "shown": pathlib.Path("/shown/file").read_text(),
}))
"""
REACH = """
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(sys.argv[1], timeout=5).read().decode(), end="")
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """This Python in an sandbox without a way in or out."""
    for name in ("root", "own", "shown"):
        (tmp_path / name).mkdir()
    (tmp_path / "shown/file").write_text("hello", encoding="utf-8")
    system = [path for path in ("/usr", "/lib", "/lib64", "/proc", sys.base_prefix) if Path(path).exists()]
    nested = [path for path in system if not any(path.startswith(f"{other}/") for other in system)]
    return Sandbox(
        argv=(os.path.realpath(sys.executable), "-c", LOOK),
        # Python would set it itself.
        env={"GREETING": "hello", "LC_CTYPE": "C.UTF-8"},
        workdir="/",
        user=65532,
        group=65533,
        hostname="enclosed",
        root=str(tmp_path / "root"),
        read_only_root=True,
        mounts=(
            *(Mount(source=path, target=path) for path in nested),
            Mount(source=str(tmp_path / "own"), target="/own", read_only=False),
            Mount(source=str(tmp_path / "shown"), target="/shown"),
        ),
        address=ADDRESS,
        others=("10.43.0.1", NEIGHBOUR),
        outward=(),
        inward=(),
    )


def command(sandbox: Sandbox, folder: Path) -> Command:
    """How it is started."""
    file = folder / "sandbox.json"
    file.write_text(sandbox.text, encoding="utf-8")
    return Command(argv=(sys.executable, "-m", "slipway.lab.sandbox.program", str(file)), cwd=ROOT, ok_codes=None)


def run(sandbox: Sandbox, folder: Path, *argv: str) -> Completed:
    """Run a program in it to its end."""
    return run_process(command(replace(sandbox, argv=(sandbox.argv[0], *argv)), folder))


def test_a_program_has_the_user_the_rights_and_the_files_that_it_was_given(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run_process(command(sandbox, tmp_path))

    assert done.code == 0, done.stderr
    seen = json.loads(done.stdout)
    tops = {mount.target.split("/")[1] for mount in sandbox.mounts}
    assert seen == {
        "user": 65532,
        "group": 65533,
        "rights": "0" * 16,
        "gains": "1",
        "name": "enclosed",
        "root": sorted(tops),
        "environment": sandbox.env,
        "writable": ["/own"],
        "shown": "hello",
    }
    assert (tmp_path / "own/new").read_text(encoding="utf-8") == "x"


def test_it_reaches_what_a_forwarder_leads_to_and_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    with pages() as server:
        way = replace(sandbox, outward=(Forwarder(listen=SERVICE, to=server.address),))

        by_forwarder = run(way, tmp_path, "-c", REACH, f"http://{SERVICE}/")
        directly = run(way, tmp_path, "-c", REACH, f"http://{server.address}/")

    assert (by_forwarder.code, by_forwarder.stdout.encode()) == (0, PAGE), by_forwarder.stderr
    assert directly.code == 1
    assert "Connection refused" in directly.stderr


def served(sandbox: Sandbox, folder: Path) -> tuple[int, int]:
    """Start a server in it; returns the process, and the port of this machine that leads to it."""
    port = free_port()
    argv = (sandbox.argv[0], "-m", "http.server", "8000", "--directory", "/shown")
    door = Forwarder(listen=f"127.0.0.1:{port}", to=f"{ADDRESS}:8000", source=NEIGHBOUR)
    pid = spawn_daemon(command(replace(sandbox, argv=argv, inward=(door,)), folder), folder / "log")
    assert wait_until(lambda: answers(port), WAIT_S), (folder / "log").read_text(encoding="utf-8")
    return pid, port


def answers(port: int) -> bool:
    """Whether the server says what it should."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/file", timeout=5) as answer:
            return bool(answer.read() == b"hello")
    except OSError:
        return False


def processes(root: Sequence[int]) -> list[int]:
    """These processes and all that come from them."""
    found = list(root)
    for pid in found:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, path.read_text(encoding="utf-8").split())
    return found


def test_it_is_reached_by_a_door_and_sees_who_asks(sandbox: Sandbox, tmp_path: Path) -> None:
    pid, port = served(sandbox, tmp_path)

    assert answers(port)

    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not reap(pid), WAIT_S)
    assert f"{NEIGHBOUR} - - " in (tmp_path / "log").read_text(encoding="utf-8")


def test_it_ends_however_its_starter_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    pid, _ = served(sandbox, tmp_path)
    all_of_them = processes([pid])
    assert len(all_of_them) == 3

    os.kill(pid, signal.SIGKILL)

    assert wait_until(lambda: not any(map(reap, all_of_them)), WAIT_S)


def test_its_exit_code_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path, "-c", "raise SystemExit(7)").code == 7
    assert run(sandbox, tmp_path, "-c", "import os; os.kill(os.getpid(), 15)").code == 128 + 15


def test_a_program_that_is_not_there_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run_process(command(replace(sandbox, argv=("/nowhere",)), tmp_path))

    assert done.code == 127
    assert "sandbox: [Errno 2] No such file or directory" in done.stderr
