"""A program in an sandbox: files, users and a network of its own, as a container has them, and without an engine or root.

`python -m slipway.lab.sandbox.program FILE` reads an `Sandbox` and becomes three processes: this one, which reaches the
machine's network; a second one outside of the program's network, at the other end of its only cable; and the program. What
one may reach of the other is said by forwarders. The exit code is the program's; SIGTERM is passed on to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.lab import kernel
from slipway.lab.sandbox import kernel as unprivileged
from slipway.lab.sandbox.forwarder import Forwarder, serve
from slipway.tools.background import with_parent

CABLE, OTHER_END = "pod", "eth0"
NOT_STARTED = 127
"""Exit code of a program that could not be started, as a shell says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file or folder of the machine, and where the program sees it."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Everything that a program gets."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    """All of it: nothing is inherited."""
    workdir: str
    user: int
    group: int
    hostname: str
    root: str
    """An empty folder of the machine; the program's files are mounted over it."""
    read_only_root: bool
    mounts: tuple[Mount, ...]
    address: str
    """Of the program."""
    others: tuple[str, ...]
    """Addresses that are at the other end of its cable."""
    outward: tuple[Forwarder, ...]
    """What the program reaches: from one of `others` to the machine's network."""
    inward: tuple[Forwarder, ...]
    """How it is reached: from the machine's network to the program."""

    @property
    def text(self) -> str:
        """The file."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> Sandbox:
        """Read the file.

        Raises:
            ValueError, KeyError, TypeError: it is not one.
        """
        data = json.loads(text)
        made = {
            "argv": tuple(data["argv"]),
            "others": tuple(data["others"]),
            "mounts": tuple(Mount(**item) for item in data["mounts"]),
            "outward": tuple(Forwarder(**item) for item in data["outward"]),
            "inward": tuple(Forwarder(**item) for item in data["inward"]),
        }
        return cls(**{**data, **made})


def run(sandbox: Sandbox) -> int:
    """Run the program to its end; returns its exit code.

    Raises:
        OSError: the kernel refuses a namespace, or somebody listens where a forwarder should.
    """
    inward = [forwarder.server() for forwarder in sandbox.inward]
    mine, theirs = socket.socketpair()
    second = os.fork()
    if not second:
        mine.close()
        os._exit(guarded(lambda: outside(sandbox, inward, theirs)))
    theirs.close()
    for server in inward:
        server.close()
    _, handles, _, _ = socket.recv_fds(mine, 1, len(sandbox.outward) + 1)
    # Without them the second process has failed, said why, and ends.
    outward = [socket.socket(fileno=handle) for handle in handles]
    return asyncio.run(accompany(second, sandbox.outward, outward))


def outside(sandbox: Sandbox, inward: Sequence[socket.socket], parent: socket.socket) -> int:
    """The second process: lay the cable, start the program, pass connections on to it."""
    starter, user, group = os.getppid(), os.getuid(), os.getgid()
    try:
        kernel.unshare(unprivileged.NEW_USERS | kernel.NEW_NETWORK)
        unprivileged.become(sandbox.user, sandbox.group, user, group)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}; a user of this machine may make no namespaces") from error
    # Only now: new rights take the mark away.
    with_parent(starter, signal.SIGKILL)
    unprivileged.link_up("lo")
    unprivileged.add_addresses("lo", sandbox.others)
    mine, theirs = socket.socketpair()
    program = os.fork()
    if not program:
        mine.close()
        os._exit(guarded(lambda: inside(sandbox, theirs)))
    theirs.close()
    mine.recv(1)
    unprivileged.add_cable(CABLE, OTHER_END, program)
    unprivileged.link_up(CABLE)
    unprivileged.add_route(CABLE, sandbox.address)
    outward = [forwarder.server() for forwarder in sandbox.outward]
    socket.send_fds(parent, [b"."], [server.fileno() for server in outward])
    mine.send(b".")
    for server in outward:
        server.close()
    return asyncio.run(accompany(program, sandbox.inward, inward))


def inside(sandbox: Sandbox, parent: socket.socket) -> int:
    """The third process: make its files, plug the cable in, become the program."""
    starter = os.getppid()
    kernel.unshare(kernel.NEW_MOUNTS | kernel.NEW_NETWORK | kernel.NEW_HOSTNAME | kernel.NEW_IPC)
    with_parent(starter, signal.SIGKILL)
    parent.send(b".")
    if not parent.recv(1):
        return NOT_STARTED
    unprivileged.link_up("lo")
    unprivileged.add_addresses(OTHER_END, (sandbox.address,))
    unprivileged.link_up(OTHER_END)
    unprivileged.add_route(OTHER_END)
    socket.sethostname(sandbox.hostname)
    root = furnish(sandbox)
    os.chroot(root)
    os.chdir(sandbox.workdir)
    unprivileged.no_new_privileges()
    # The kernel takes the rights of a program that starts as somebody other than root.
    return os.execvpe(sandbox.argv[0], sandbox.argv, dict(sandbox.env))  # noqa: S606 - no shell


def furnish(sandbox: Sandbox) -> Path:
    """Mount the program's files; returns their root."""
    root = Path(sandbox.root)
    kernel.mount("", Path("/"), flags=kernel.RECURSIVE | kernel.PRIVATE)
    flags = unprivileged.NO_SETUID | unprivileged.NO_DEVICES
    kernel.mount("tmpfs", root, "tmpfs", flags, "mode=755,size=16m")
    for item in sorted(sandbox.mounts, key=lambda item: item.target):
        source, target = Path(item.source), root / item.target.lstrip("/")
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        unprivileged.bind(source, target, read_only=item.read_only)
    (root / sandbox.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
    if sandbox.read_only_root:
        kernel.mount("", root, flags=unprivileged.REMOUNT | kernel.BIND | unprivileged.READ_ONLY | flags)
    return root


async def accompany(process: int, forwarders: Sequence[Forwarder], servers: Sequence[socket.socket]) -> int:
    """Pass connections on, and signals to a process, until it ends; returns its exit code."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def collect() -> None:
        if not ended.done():
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                ended.set_result(os.waitstatus_to_exitcode(status))

    loop.add_signal_handler(signal.SIGCHLD, collect)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, os.kill, process, signal.SIGTERM)
    tasks = [loop.create_task(serve(forwarder, server)) for forwarder, server in zip(forwarders, servers, strict=False)]
    collect()
    code = await ended
    for task in tasks:
        task.cancel()
    # A signal's name is told by the caller, as 128 and its number.
    return code if code >= 0 else 128 - code


def guarded(work: Callable[[], int]) -> int:
    """What a forked process does, without ever returning into its parent's code; returns its exit code."""
    try:
        return work()
    except OSError as error:
        print(f"sandbox: {error}", file=sys.stderr, flush=True)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    return NOT_STARTED


def main(arguments: Sequence[str]) -> int:
    """Run the sandbox of a file."""
    try:
        return run(Sandbox.parse(Path(arguments[0]).read_text(encoding="utf-8")))
    except OSError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return NOT_STARTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
