"""`registry start|stop|status|list`: values and their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import RegistryError
from slipway.registry import embedded
from slipway.util.text import counted

ACTIONS = ("start", "stop", "status", "list")

Facts = Mapping[str, object]


def perform(context: Context, action: str) -> Facts:
    """Do it, and say what is then true.

    Raises:
        RegistryError: it cannot be started or reached, or is not ours to start and stop.
    """
    if action == "start":
        return started(context)
    if action == "stop":
        stopped = embedded.daemon_of(context.config).stop()
        return {
            "registry": context.config.registry.base,
            "said": f"stopped process {stopped.pid}" if stopped else "was not running",
        }
    return listed(context) if action == "list" else state(context)


def started(context: Context) -> Facts:
    """Start the embedded registry."""
    result = embedded.ensure_running(context.config, lambda: context.toolbox.ensure(RELEASE_TOOLS)["registry"])
    said = "started" if isinstance(result, embedded.Started) else "was running"
    return {"registry": context.config.registry.base, "said": f"{said}, process {result.process.pid}"}


def state(context: Context) -> Facts:
    """Whether the registry answers; for the embedded one, where it keeps its data."""
    facts: dict[str, object] = {"registry": context.config.registry.base}
    if context.config.registry.embedded:
        found = embedded.daemon_of(context.config).status()
        facts["process"] = found.process.pid if found.process else None
        facts["folder"] = str(found.folder.relative_to(context.config.root))
        facts["size_bytes"] = found.size_bytes
        if found.process is None:
            return {**facts, "said": "not running; ./inv registry start"}
    try:
        context.registry.ping()
    except RegistryError as error:
        return {**facts, "said": str(error)}
    return {**facts, "said": "answers"}


def listed(context: Context) -> Facts:
    """Every published version of the workspace's charts, with digests."""
    found = context.registry.versions(sorted(context.workspace.charts))
    rows = [
        {"chart": one.name, "version": one.version, "manifest": one.manifest, "input": str(one.input_digest or "-")}
        for one in sorted(found, key=lambda one: (one.name, one.version))
    ]
    return {"registry": context.config.registry.base, "said": counted(len(rows), "published version"), "versions": rows}


def text(facts: Facts) -> str:
    """For a person."""
    from slipway.util.text import table

    lines = [f"{facts['registry']}: {facts['said']}"]
    if facts.get("process"):
        lines.append(f"process {facts['process']}, data in {facts['folder']} ({facts['size_bytes']:,} bytes)")
    versions = facts.get("versions")
    if isinstance(versions, Sequence) and versions:
        lines.append(table(("CHART", "VERSION", "MANIFEST", "INPUT"), (row.values() for row in versions)))
    return "\n".join(lines)
