"""`python -m slipway.lab.node.enter FOLDER net|all PROGRAM …`: start a program on a machine of the home.

With `net` it has the machine's network and this machine's files; with `all` everything of the machine. Then this process
stays, passes SIGTERM on, and has the exit code of the program.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from slipway.lab import kernel
from slipway.tools.background import with_parent


def enter(folder: Path, kinds: tuple[str, ...]) -> None:
    """Move this process, or its children where it is the namespace of processes, into namespaces of a machine."""
    for kind in kinds:
        kernel.join(folder / "ns" / kind, kernel.NAMESPACES[kind])


def main(arguments: list[str]) -> int:
    """Start the program."""
    folder, what, argv = Path(arguments[0]), arguments[1], arguments[2:]
    if what == "net":
        enter(folder, ("net",))
        os.execvp(argv[0], argv)  # noqa: S606 - no shell
    # Its files come last: the links to the others are among those of this machine.
    enter(folder, ("net", "uts", "ipc", "pid", "mnt"))
    child = os.fork()
    if not child:
        with_parent(0, signal.SIGKILL)
        os.execvp(argv[0], argv)  # noqa: S606 - no shell

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    signal.signal(signal.SIGTERM, pass_on)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
