"""What a machine must have for a lab with a real node: Linux, root, and some of its distribution's programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from slipway.tools.run import which

PACKAGES = {
    "ip": "iproute2",
    "iptables": "iptables",
    "ipset": "ipset",
    "flock": "util-linux",
    "busybox": "busybox-static",
    "redis-check-rdb": "redis-tools",
    "redis-cli": "redis-tools",
    "gcc": "gcc",
}
"""Program → Debian's package."""
HEADER, HEADER_PACKAGE = Path("/usr/include/seccomp.h"), "libseccomp-dev"
SYSTEM = ("/usr/sbin", "/sbin")
"""Not always on the PATH of a user."""


def search_path(path: str | None) -> str:
    """PATH with the folders of the system's programs."""
    return os.pathsep.join([path or os.defpath, *SYSTEM])


def lacking_packages(path: str | None) -> tuple[str, ...]:
    """Debian's packages that this machine lacks, each once."""
    programs = [package for name, package in PACKAGES.items() if which(name, search_path(path)) is None]
    return tuple(dict.fromkeys([*programs, *([] if HEADER.exists() else [HEADER_PACKAGE])]))


def is_root_on_linux() -> bool:
    """Whether this process may make networks and mounts."""
    return sys.platform == "linux" and os.geteuid() == 0
