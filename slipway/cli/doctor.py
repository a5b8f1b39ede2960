"""`doctor`: the tools of this machine, and how to get those that are missing."""

from __future__ import annotations

from dataclasses import replace

from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import RegistryError
from slipway.toolchain import doctor as examination
from slipway.toolchain.report import ToolReport


def doctor(context: Context) -> Result:
    """Examine the machine; nothing is installed, built or started."""
    found = rows(context)
    return Result(value=found, text=examination.text(found))


def rows(context: Context) -> tuple[ToolReport, ...]:
    """What the machine has."""
    config = context.config.registry
    folder = context.config.registry_folder if config.embedded else None
    registry = examination.RegistryFacts(base=config.base, folder=folder, reachable=lambda: unreachable(context))
    return examination.gather(toolbox=context.toolbox, run=context.run, registry=registry)


def unreachable(context: Context) -> str:
    """Why the registry does not answer, in a few words; empty when it does."""
    if context.config.registry.embedded:
        from slipway.registry import embedded

        if embedded.daemon_of(context.config).status().process is None:
            return "not running"
    from slipway.registry.client import Registry

    # One attempt: only a release retries.
    client = Registry.open(replace(context.config.registry, attempts=1), context.environ, run=context.run)
    try:
        client.ping()
    except RegistryError as error:
        return error.problems[0].fact
    finally:
        client.close()
    return ""
