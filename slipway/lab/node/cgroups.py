"""The control group of a lab's pods: the only thing of a node that no namespace takes along when it ends."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from slipway.lab.place import Place

ROOT = Path("/sys/fs/cgroup")


def name_of(place: Place) -> str:
    """The group, below every controller's root where there is one for each."""
    return f"/slipway-lab-{os.getuid()}-{place.name}"


CONTAINERD = "k8s.io"
"""Where containerd has containers whose kubelet names no group. One that has processes cannot be deleted."""


def remove(place: Place) -> None:
    """Delete what is left of it, once its processes have ended."""
    own = name_of(place).lstrip("/")
    for group in (path for name in (own, CONTAINERD) for path in (ROOT / name, *ROOT.glob(f"*/{name}"))):
        for folder, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):  # not a group of ours, or a process is still ending
                Path(folder).rmdir()
