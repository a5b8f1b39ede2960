"""A lab on disk: `.lab/<name>/` in the checkout, which git ignores, and the ports that its servers listen on."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Hashable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from slipway.core.errors import Problem, WorkspaceError
from slipway.lab import state
from slipway.lab.state import State
from slipway.tools.process import LOOPBACK, reap

T = TypeVar("T", bound=Hashable)

FOLDER = ".lab"
ADDRESSES = "addresses.json"
NODE = "node"
"""Folder with the settings of a real node."""
DEFAULT = "default"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
PORTS = (
    "etcd", "etcd-peer", "apiserver", "controller-manager", "scheduler", "kwok", "registry", "redis", "repo-server",
    "repo-server-metrics", "controller-metrics", "applicationset-metrics", "applicationset-probe",
    "applicationset-webhook",
)  # fmt: skip
"""What needs a port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the registry of a lab is, as `host:port`."""

    registry: str
    """For this machine."""
    registry_inside: str
    """For Argo CD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One lab's folder."""

    folder: Path

    @property
    def name(self) -> str:
        """What the lab is called."""
        return self.folder.name

    @property
    def kubeconfig(self) -> Path:
        """For the administrator."""
        return self.folder / "kubeconfig"

    @property
    def logs(self) -> Path:
        """One file for each component."""
        return self.folder / "logs"

    def kubeconfig_of(self, user: str) -> Path:
        """For a component."""
        return self.folder / "users" / f"{user.removeprefix('system:')}.kubeconfig"

    @property
    def has_node(self) -> bool:
        """Whether its node is a real one."""
        return (self.folder / NODE).is_dir()

    @property
    def addresses(self) -> Addresses:
        """Of its registry."""
        return Addresses(**json.loads((self.folder / ADDRESSES).read_text(encoding="utf-8")))

    def state(self) -> State | None:
        """The last state that the supervisor wrote; None when there is none."""
        return state.read(self.folder)

    def running(self) -> State | None:
        """State of a running lab; None when none runs."""
        found = self.state()
        return found if found is not None and supervises(found.pid, self.folder) else None


def write_addresses(place: Place, addresses: Addresses) -> None:
    """Say where the registry is."""
    (place.folder / ADDRESSES).write_text(json.dumps(asdict(addresses)) + "\n", encoding="utf-8")


def place_of(root: Path, name: str = "") -> Place:
    """The folder of a lab in a checkout.

    Raises:
        WorkspaceError: the name cannot be that of a folder.
    """
    name = name or DEFAULT
    if not NAME.fullmatch(name):
        raise WorkspaceError(
            Problem(
                where="--name",
                fact=f"{name!r} is not a valid name of a lab",
                hint="use lower-case letters, digits and dashes",
            )
        )
    return Place(folder=root.absolute() / FOLDER / name)


def supervises(pid: int, folder: Path) -> bool:
    """Whether a process runs and is the supervisor of this very lab."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(str(folder)) in arguments and reap(pid)


def free_ports(names: Iterable[T]) -> dict[T, int]:
    """A port for everything that needs one; all different, and free a moment ago."""
    with ExitStack() as open_sockets:
        found = {}
        for name in names:
            probe = open_sockets.enter_context(socket.socket())
            probe.bind((LOOPBACK, 0))
            found[name] = int(probe.getsockname()[1])
        return found
