"""`registry start|stop|status|list`: the embedded registry, and what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import RegistryError
from slipway.registry import embedded
from slipway.util.terminal import Part, Text, table
from slipway.util.text import counted

Facts = Mapping[str, object]
ACTIONS = ("start", "stop", "status", "list")


def registry(context: Context, action: str) -> Result:
    """Run an action.

    Raises:
        WorkspaceError: the action is unknown.
        RegistryError: the registry cannot be started or reached, or somebody else started it.
    """
    run = {"start": start, "stop": stop, "status": status, "list": versions}
    facts = {"registry": context.config.registry.base, **run[arguments.one_of("ACTION", action, ACTIONS)](context)}
    return Result(value=facts, text=text(facts))


def start(context: Context) -> Facts:
    """Start the embedded registry."""
    result = embedded.ensure_running(context.config, lambda: context.toolbox.ensure(RELEASE_TOOLS)["registry"])
    state = "started" if isinstance(result, embedded.Started) else "was running"
    return {"state": f"{state}, process {result.process.pid}"}


def stop(context: Context) -> Facts:
    """Stop the embedded registry."""
    stopped = embedded.daemon_of(context.config).stop()
    return {"state": f"stopped process {stopped.pid}" if stopped else "was not running"}


def status(context: Context) -> Facts:
    """Whether the registry answers; for the embedded one, its data as well."""
    facts: dict[str, object] = {}
    if context.config.registry.embedded:
        found = embedded.daemon_of(context.config).status()
        facts["process"] = found.process.pid if found.process else None
        facts["folder"] = str(found.folder.relative_to(context.config.root))
        facts["size_bytes"] = found.size_bytes
        if found.process is None:
            return {**facts, "state": "not running; ./inv registry start"}
    try:
        context.registry.ping()
    except RegistryError as error:
        return {**facts, "state": str(error)}
    return {**facts, "state": "answers"}


def versions(context: Context) -> Facts:
    """Every published version of the workspace's charts, with digests."""
    found = context.registry.versions(sorted(context.workspace.charts))
    listed = [
        {"chart": one.name, "version": one.version, "manifest": one.manifest, "input": str(one.input_digest or "-")}
        for one in sorted(found, key=lambda one: (one.name, one.version))
    ]
    return {"state": counted(len(listed), "published version"), "versions": listed}


def text(facts: Facts) -> Text:
    """The facts as lines and a table."""
    lines: list[Part] = [f"{facts['registry']}: {facts['state']}"]
    if facts.get("process"):
        lines.append(f"process {facts['process']}, data in {facts['folder']} ({facts['size_bytes']:,} bytes)")
    listed = facts.get("versions")
    if isinstance(listed, Sequence) and listed:
        lines.append(table(("CHART", "VERSION", "MANIFEST", "INPUT"), (item.values() for item in listed)))
    return lines
