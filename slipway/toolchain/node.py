"""The limits of the kernel that a node of the cluster needs, and whether this machine, if it is one, has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.toolchain.report import State, ToolReport

LIMITS: Mapping[str, int] = {"fs.inotify.max_user_instances": 1024, "fs.inotify.max_user_watches": 524288}
"""Each container, followed log and watched folder needs an instance; distributions allow each user 128."""

K3S = "var/lib/rancher/k3s"
"""The data of k3s, on servers and agents."""


def node_rows(machine: Path) -> Iterator[ToolReport]:
    """A row for each limit; none on a machine without k3s.

    Args:
        machine: the root of its file system.
    """
    if not (machine / K3S).is_dir():
        return
    for name, wanted in LIMITS.items():
        place = machine / "proc/sys" / name.replace(".", "/")
        try:
            found = int(place.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        enough = found >= wanted
        yield ToolReport(
            name=name.removeprefix("fs."),
            state=State.OK if enough else State.WRONG,
            wanted=str(wanted),
            found=str(found),
            source="kernel",
            path=str(place),
            fix=""
            if enough
            else f"echo '{name} = {wanted}' | sudo tee -a /etc/sysctl.d/90-homelab.conf; sudo sysctl --system",
        )
