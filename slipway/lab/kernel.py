"""What Linux is asked for directly: namespaces and mounts. Every function raises OSError with the kernel's reason."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

# Source: linux/sched.h.
NEW_MOUNTS, NEW_HOSTNAME, NEW_IPC, NEW_PROCESSES, NEW_NETWORK = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x20000000,
    0x40000000,
)
NAMESPACES = {"mnt": NEW_MOUNTS, "uts": NEW_HOSTNAME, "ipc": NEW_IPC, "pid": NEW_PROCESSES, "net": NEW_NETWORK}
"""File below /proc/PID/ns/ → flag; in the order in which links to them are made."""
# Source: linux/mount.h.
BIND, RECURSIVE, PRIVATE, SHARED = 4096, 16384, 1 << 18, 1 << 20
DETACH = 2
"""Source: linux/fs.h, MNT_DETACH."""
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
"""Number of the system call, which the C library has no function for. Source: asm/unistd.h."""


def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def called(result: int, what: str) -> None:
    """Raise what a C function left in errno."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    called(libc().unshare(flags), "unshare")


def join(file: Path, flag: int) -> None:
    """Move this process into the namespace of a file below /proc."""
    with file.open("rb") as opened:
        join_opened(opened.fileno(), flag)


def join_opened(descriptor: int, flag: int) -> None:
    """Move this process into the namespace of an open file."""
    called(libc().setns(descriptor, flag), "setns")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), os.fsencode(target), kind.encode() or None)
    called(libc().mount(*arguments, ctypes.c_ulong(flags), options.encode() or None), f"mount {target}")


def bind(source: Path, target: Path) -> None:
    """Show a file or folder at a second place; what is mounted below it comes along."""
    mount(str(source), target, flags=BIND | RECURSIVE)


def change_root(new: Path) -> None:
    """Make a mounted folder the root of this process's files; the old root is gone."""
    os.chdir(new)
    number = PIVOT_ROOT[os.uname().machine]
    called(libc().syscall(number, b".", b"."), f"pivot_root {new}")
    called(libc().umount2(b".", DETACH), "umount of the old root")
    os.chdir("/")


def name_host(name: str) -> None:
    """The host name of this process's namespace."""
    called(libc().sethostname(name.encode(), len(name)), "sethostname")
