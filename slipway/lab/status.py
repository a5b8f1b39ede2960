"""The state of a lab: its components, its Applications, and its logs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.cluster import applications
from slipway.context import Context
from slipway.lab import lab
from slipway.lab.place import Place
from slipway.lab.real import join
from slipway.lab.state import State


def status(context: Context, place: Place, environment: str) -> Mapping[str, object]:
    """Every component, and the Applications when the lab runs."""
    found = place.running() or place.state()
    if found is None:
        return {"lab": place.name, "summary": f"does not run; ./inv lab up{lab.name_flag(place)}"}
    facts: dict[str, object] = {"lab": place.name, "components": component_rows(found), **real_rows(place)}
    if place.running() is None:
        return {
            **facts,
            "summary": "does not run any more",
            "failed": [str(item) for item in lab.startup_problems(place, found)],
        }
    here = lab.attach(context, place, environment)
    rows = applications.read(here.kubectl, context.config.argocd_namespace)
    if found.failed:
        facts["failed"] = [str(item) for item in lab.startup_problems(place, found)]
    facts |= node_rows(here, found.pid)
    return {**facts, "summary": f"runs, process {found.pid}", "applications": [item.row for item in rows]}


def node_rows(here: lab.Lab, supervisor: int) -> dict[str, object]:
    """The pods of a real node, and the memory of everything; nothing where the node is simulated."""
    if not here.place.has_node:
        return {}
    from slipway.lab.node import status as node

    programs, pods = node.memory_mib(here.place, supervisor)
    return {
        "pods": node.pod_rows(here.place, here.kubectl),
        "memory": f"memory: {programs} MB of the control plane and the home network, {pods} MB of the node and its pods",
    }


def component_rows(found: State) -> list[tuple[str, ...]]:
    """A row for each component."""
    return [
        (name, part.phase, str(part.pid or "-"), f"{part.seconds:.1f} s", memory(part.pid), str(part.restarts))
        for name, part in found.parts.items()
    ]


def real_rows(place: Place) -> dict[str, object]:
    """A row for each port of each real component; nothing when there is none."""
    rows = [
        (name, str(item["program"]), str(item["image"]), str(item["pod"]), f"{port} {address}", f"as {client}")
        for name, item in join.facts(place).items()
        for port, address, client in item["doors"]
    ]
    return {"real": rows} if rows else {}


def memory(pid: int) -> str:
    """The resident memory of a process; `-` when it does not run.

    Source: proc_pid_status(5), VmRSS in KiB.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "-"
    size = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "")
    return f"{int(size) // 1024} MB" if size else "-"
