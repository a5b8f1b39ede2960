"""`registry start|stop|status|list`: values and their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.errors import RegistryError
from slipway.tools import registry as embedded
from slipway.words import counted
from slipway.yard import RELEASE_TOOLS, Yard

ACTIONS = ("start", "stop", "status", "list")

Facts = Mapping[str, object]


def perform(yard: Yard, action: str) -> Facts:
    """Do it, and say what is then true.

    Raises:
        RegistryError: it cannot be started or reached, or is not ours to start and stop.
    """
    if action == "start":
        return started(yard)
    if action == "stop":
        stopped = embedded.daemon_of(yard.config).stop()
        return {
            "registry": yard.config.registry.base,
            "said": f"stopped process {stopped.pid}" if stopped else "was not running",
        }
    return listed(yard) if action == "list" else state(yard)


def started(yard: Yard) -> Facts:
    """Start the embedded registry."""
    result = embedded.ensure_running(yard.config, lambda: yard.toolbox.ensure(RELEASE_TOOLS)["registry"])
    said = "started" if isinstance(result, embedded.Started) else "was running"
    return {"registry": yard.config.registry.base, "said": f"{said}, process {result.process.pid}"}


def state(yard: Yard) -> Facts:
    """Whether the registry answers; for the embedded one, where it keeps its data."""
    facts: dict[str, object] = {"registry": yard.config.registry.base}
    if yard.config.registry.embedded:
        found = embedded.daemon_of(yard.config).status()
        facts["process"] = found.process.pid if found.process else None
        facts["folder"] = str(found.folder.relative_to(yard.config.root))
        facts["size_bytes"] = found.size_bytes
        if found.process is None:
            return {**facts, "said": "not running; ./inv registry start"}
    try:
        yard.registry.ping()
    except RegistryError as error:
        return {**facts, "said": str(error)}
    return {**facts, "said": "answers"}


def listed(yard: Yard) -> Facts:
    """Every published version of the workspace's charts, with digests."""
    found = yard.registry.versions(sorted(yard.workspace.charts))
    rows = [
        {"chart": one.name, "version": one.version, "manifest": one.manifest, "input": str(one.input_digest or "-")}
        for one in sorted(found, key=lambda one: (one.name, one.version))
    ]
    return {"registry": yard.config.registry.base, "said": counted(len(rows), "published version"), "versions": rows}


def text(facts: Facts) -> str:
    """For a person."""
    from slipway.formatting import table

    lines = [f"{facts['registry']}: {facts['said']}"]
    if facts.get("process"):
        lines.append(f"process {facts['process']}, data in {facts['folder']} ({facts['size_bytes']:,} bytes)")
    versions = facts.get("versions")
    if isinstance(versions, Sequence) and versions:
        lines.append(table(("CHART", "VERSION", "MANIFEST", "INPUT"), (row.values() for row in versions)))
    return "\n".join(lines)
