"""The pods of a real node, what runs in them, and the memory that all of it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.lab.node.images import name_in_store
from slipway.lab.node.plan import SERVER
from slipway.lab.node.prepare import PROGRAMS
from slipway.lab.place import NODE, Place
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

MIB = 1024


def pod_rows(place: Place, kubectl: Kubectl) -> list[tuple[str, ...]]:
    """A row for each pod, as kubectl shows it, with the programs that run in it."""
    programs = json.loads((place.folder / NODE / PROGRAMS).read_text(encoding="utf-8"))
    return [row_of(pod, programs) for pod in kubectl.items("pods", "--all-namespaces")]


def row_of(pod: Data, programs: Mapping[str, str]) -> tuple[str, ...]:
    """One pod."""
    spec, status = dig(pod, "spec"), dig(pod, "status")
    states = listing(status, "containerStatuses")
    waiting = [
        str(reason)
        for state in (*listing(status, "initContainerStatuses"), *states)
        if (reason := dig(state, "state", "waiting").get("reason"))
    ]
    ready = sum(state.get("ready") is True for state in states)
    restarts = sum(int(str(state.get("restartCount", 0))) for state in states)
    images = [str(item["image"]) for key in ("initContainers", "containers") for item in listing(spec, key)]
    runs = dict.fromkeys(programs.get(name_in_store(image), "?") for image in images)
    meta = dig(pod, "metadata")
    return (
        str(meta["namespace"]),
        str(meta["name"]),
        f"{ready}/{len(listing(spec, 'containers'))}",
        next(iter(waiting), str(status.get("phase"))),
        str(restarts),
        ", ".join(runs),
    )


def memory_mib(place: Place, supervisor: int) -> tuple[int, int]:
    """Resident memory of the lab's programs, and of its pods and their runtime, in MiB.

    Source: proc(5): the shared pages of a process are counted for each that has them, so it is an upper bound.
    """
    inside = (place.folder / "machines" / SERVER / "ns" / "pid").readlink().parts[2]
    node = namespace_of(Path("/proc") / inside)
    programs = pods = 0
    for process in Path("/proc").glob("[0-9]*"):
        if namespace_of(process) == node:
            pods += resident(process)
        elif supervisor in parents(process):
            programs += resident(process)
    return programs // MIB, pods // MIB


def namespace_of(process: Path) -> str:
    """Of processes; empty when it has ended."""
    try:
        return str((process / "ns" / "pid").readlink())
    except OSError:
        return ""


def resident(process: Path) -> int:
    """In KiB."""
    lines = text(process / "status").splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "0"))


def parents(process: Path) -> Iterator[int]:
    """A process's own number, and those of its parents."""
    while process.name.isdigit() and process.name != "1":
        yield int(process.name)
        fields = text(process / "stat").rpartition(")")[2].split()
        process = process.parent / (fields[1] if fields else "1")


def text(path: Path) -> str:
    """A file of /proc; empty when the process has ended."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
