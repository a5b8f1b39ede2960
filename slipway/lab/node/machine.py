"""One machine of the home while it runs: `python -m slipway.lab.node.machine FILE` makes its namespaces and stays in them.

A machine with files of its own has the root folder of this one below, read only, and a layer of its own above; what runs in
it is gone with its first process, which the kernel ends when this process ends.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from slipway.lab import kernel
from slipway.lab.node.home import Cable, Machine
from slipway.tools.background import with_parent
from slipway.tools.run import Command, run_process

NEVER = ("/proc", "/sys", "/dev", "/run", "/tmp")  # noqa: S108 - mounted anew in a root folder of its own


def run(machine: Machine) -> int:
    """Make the machine and keep it until SIGTERM; returns the exit code."""
    for former in Path(machine.folder).glob("ns/*"):
        former.unlink()
    kernel.unshare(kernel.NEW_NETWORK | kernel.NEW_HOSTNAME | kernel.NEW_IPC)
    kernel.name_host(machine.name)
    lay(machine)
    if not machine.own_files:
        link(machine, os.getpid())
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        signal.sigwait({signal.SIGTERM})
        return 0
    kernel.unshare(kernel.NEW_PROCESSES)
    reads, writes = os.pipe()
    first = os.fork()
    if not first:
        os.close(reads)
        init(machine, writes)
    os.close(writes)
    if os.read(reads, 1) != b"1":
        return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) or 1
    link(machine, first)

    def end(number: int, frame: FrameType | None) -> None:
        os.kill(first, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    os.waitpid(first, 0)
    return 0


def lay(machine: Machine) -> None:
    """Lay its cables and set its network up."""
    for cable in machine.cables:
        plug(machine, cable)
    ip(("link set lo up", *machine.network))
    for path, value in machine.settings.items():
        (Path("/proc/sys") / path).write_text(value, encoding="ascii")


def plug(machine: Machine, cable: Cable) -> None:
    """Lay one cable: its other end is in the network of another machine."""
    other = Path(machine.folder).parent / cable.other / "ns" / "net"
    process = other.readlink().parts[2]
    # A machine that starts again may find the cable of its former life.
    gone = Command(argv=("nsenter", f"--net={other}", "ip", "link", "delete", cable.other_device), ok_codes=None)
    run_process(gone)
    ip((f"link add {cable.device} type veth peer name {cable.other_device} netns {process}",))
    ip(cable.other_network, ("nsenter", f"--net={other}"))


def ip(lines: tuple[str, ...], prefix: tuple[str, ...] = ()) -> None:
    """Run lines of ip(8).

    Raises:
        ToolFailed: one is refused.
    """
    run_process(Command(argv=(*prefix, "ip", "-batch", "-"), stdin="\n".join(lines).encode()))


def link(machine: Machine, process: int) -> None:
    """Say where its namespaces are, and that it can be used."""
    folder = Path(machine.folder) / "ns"
    folder.mkdir(exist_ok=True)
    for kind in kernel.NAMESPACES:
        file = folder / kind
        file.unlink(missing_ok=True)
        file.symlink_to(f"/proc/{process}/ns/{kind}")


def init(machine: Machine, ready: int) -> None:
    """The first process of a machine with files of its own: set them up, and collect what ends."""
    try:
        # The number of a parent outside of this namespace is 0.
        with_parent(0, signal.SIGKILL)
        files(machine)
        os.write(ready, b"1")
        os.close(ready)
        # Shims leave their children to the first process.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        while True:
            signal.sigwait({signal.SIGCHLD})
            collect()
    except BaseException as error:  # noqa: BLE001 - it must not return into the code of its parent
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def collect() -> None:
    """Take the exit codes of all children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def files(machine: Machine) -> None:
    """Its root folder: this machine's as the lower layer, and what is its own."""
    kernel.unshare(kernel.NEW_MOUNTS)
    kernel.mount("", Path("/"), flags=kernel.RECURSIVE | kernel.PRIVATE)
    folder = Path(machine.folder)
    root, upper, work = (folder / name for name in ("root", "upper", "work"))
    for each in (root, upper, work):
        each.mkdir(exist_ok=True)
    kernel.mount("overlay", root, "overlay", options=f"lowerdir=/,upperdir={upper},workdir={work}")
    kernel.bind(Path("/dev"), root / "dev")
    kernel.mount("proc", root / "proc", "proc")
    # The devices in it are those of the network that mounts it.
    kernel.mount("sysfs", root / "sys", "sysfs")
    kernel.bind(Path("/sys/fs/cgroup"), root / "sys/fs/cgroup")
    for path in ("run", "tmp"):
        kernel.mount("tmpfs", root / path, "tmpfs", options="mode=1777" if path == "tmp" else "mode=755")
    binds = {**{path: path for path in machine.shown}, **machine.kept}
    for target, source in binds.items():
        inside = root / target.lstrip("/")
        Path(source).mkdir(parents=True, exist_ok=True)
        inside.mkdir(parents=True, exist_ok=True)
        kernel.bind(Path(source), inside)
    for target, source in machine.files.items():
        inside = root / target.lstrip("/")
        if not target.startswith("/proc/"):
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.touch()
        kernel.bind(Path(source), inside)
    kernel.change_root(root)
    # As systemd does it: what is mounted later shows in containers that asked for it.
    kernel.mount("", Path("/"), flags=kernel.RECURSIVE | kernel.SHARED)


def main(arguments: list[str]) -> int:
    """Run the machine of a file."""
    return run(Machine.parse(Path(arguments[0]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
