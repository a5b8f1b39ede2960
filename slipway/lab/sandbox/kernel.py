"""What Linux is asked for besides, for a program without root: users, addresses, cables. No program has to be installed.

Every function raises OSError with the kernel's reason.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from slipway.lab import kernel

NEW_USERS = 0x10000000
"""Source: linux/sched.h."""
# Source: linux/mount.h. The first bits are also those that statvfs(3) tells, except the last one.
READ_ONLY, NO_SETUID, NO_DEVICES, REMOUNT = 1, 2, 4, 32
NO_ACCESS_TIMES, NO_FOLDER_ACCESS_TIMES, RELATIVE_ACCESS_TIMES = 1024, 2048, 1 << 21
STATVFS_RELATIVE = 4096
NO_NEW_PRIVILEGES = 38
"""Source: linux/prctl.h."""
# Source: linux/sockios.h, linux/if.h, linux/route.h.
SET_ADDRESS, SET_MASK, GET_FLAGS, SET_FLAGS, ADD_ROUTE = 0x8916, 0x891C, 0x8913, 0x8914, 0x890B
UP, ROUTE_UP, ROUTE_HOST = 0x1, 0x1, 0x4
# Source: linux/rtnetlink.h, linux/if_link.h, linux/veth.h.
NEW_LINK, REQUEST_CREATE = 16, 0x1 | 0x4 | 0x200 | 0x400
LINK_NAME, LINK_INFO, LINK_NAMESPACE, INFO_KIND, INFO_DATA, PEER = 3, 18, 19, 1, 2, 1


ANY, ALONE = ".".join(["0"] * 4), "255.255.255.255"
"""The address, and mask, of everything; and the mask of one address."""


def become(user: int, group: int, outer_user: int, outer_group: int) -> None:
    """Give this process, first in its user namespace, one user and one group; outside it stays who it was."""
    Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
    Path("/proc/self/uid_map").write_text(f"{user} {outer_user} 1", encoding="utf-8")
    Path("/proc/self/gid_map").write_text(f"{group} {outer_group} 1", encoding="utf-8")


def bind(source: Path, target: Path, *, read_only: bool) -> None:
    """Show a file or folder at a second place; what is mounted below it comes along."""
    kernel.bind(source, target)
    if read_only:
        flags = os.statvfs(target).f_flag
        # Who is not root may only add to the flags of the mount that it copies.
        kept = flags & (NO_SETUID | NO_DEVICES | 8 | NO_ACCESS_TIMES | NO_FOLDER_ACCESS_TIMES)
        kept |= RELATIVE_ACCESS_TIMES if flags & STATVFS_RELATIVE else 0
        kernel.mount("", target, flags=REMOUNT | kernel.BIND | READ_ONLY | kept)


def no_new_privileges() -> None:
    """No program that is started from here on gains any right."""
    kernel.called(kernel.libc().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")


def address_of(address: str, port: int = 0) -> bytes:
    """`struct sockaddr_in`."""
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(address))


def link_up(device: str) -> None:
    """Switch a network device on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        request = struct.pack("16sH14x", device.encode(), 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(asked, GET_FLAGS, request), 16)
        fcntl.ioctl(asked, SET_FLAGS, struct.pack("16sH14x", device.encode(), flags | UP))


def add_addresses(device: str, addresses: Iterable[str]) -> None:
    """Give a device these addresses, each alone in its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for number, address in enumerate(addresses):
            label = (device if number == 0 and device != "lo" else f"{device}:{number}").encode()
            fcntl.ioctl(asked, SET_ADDRESS, struct.pack("16s16s", label, address_of(address)))
            fcntl.ioctl(asked, SET_MASK, struct.pack("16s16s", label, address_of(ALONE)))


def add_route(device: str, destination: str = "") -> None:
    """Reach one address through a device, or everything when none is named."""
    target, mask = address_of(destination or ANY), address_of(ALONE if destination else ANY)
    flags = ROUTE_UP | (ROUTE_HOST if destination else 0)
    name = ctypes.create_string_buffer(device.encode())
    # struct rtentry of a 64-bit machine.
    where = (target, address_of(ANY), mask, flags)
    entry = struct.pack("@L16s16s16sHhLPhP", 0, *where, 0, 0, 0, 0, ctypes.addressof(name))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, ADD_ROUTE, entry.ljust(120, b"\0"))


def attribute(kind: int, content: bytes) -> bytes:
    """A netlink attribute."""
    return struct.pack("=HH", 4 + len(content), kind) + content + b"\0" * (-len(content) % 4)


def add_cable(device: str, other: str, process: int) -> None:
    """Two network devices that are the ends of one cable: one here, the other in the network of a process.

    Source: rtnetlink(7), veth(4).
    """
    link = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
    there = link + attribute(LINK_NAME, other.encode() + b"\0") + attribute(LINK_NAMESPACE, struct.pack("=I", process))
    info = attribute(INFO_KIND, b"veth\0") + attribute(INFO_DATA, attribute(PEER, there))
    body = link + attribute(LINK_NAME, device.encode() + b"\0") + attribute(LINK_INFO, info)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asked:
        asked.bind((0, 0))
        asked.send(struct.pack("=IHHII", 16 + len(body), NEW_LINK, REQUEST_CREATE, 1, 0) + body)
        (code,) = struct.unpack_from("=i", asked.recv(4096), 16)
    if code:
        raise OSError(-code, f"veth {device}: {os.strerror(-code)}")
