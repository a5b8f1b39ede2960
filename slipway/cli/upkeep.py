"""`doctor`, `lock`, `crds` and `dashboards`: what keeps the machine and the generated files in order, over the wiring of a checkout."""

from __future__ import annotations

from dataclasses import replace

from slipway.context import Context
from slipway.core.errors import ProblemsFound, RegistryError
from slipway.toolchain.doctor import RegistryFacts, Row, gather
from slipway.util.text import counted


def examine(context: Context) -> tuple[Row, ...]:
    """`doctor`: what is there and what is missing; nothing is installed, built or started."""
    config = context.config.registry
    folder = context.config.registry_folder if config.embedded else None
    facts = RegistryFacts(base=config.base, folder=folder, reachable=lambda: registry_trouble(context))
    return gather(toolbox=context.toolbox, run=context.run, registry=facts)


def registry_trouble(context: Context) -> str:
    """Why the registry does not answer, in a few words; empty when it does."""
    if context.config.registry.embedded:
        from slipway.registry import embedded

        if embedded.daemon_of(context.config).status().process is None:
            return "not running"
    from slipway.registry.client import Registry

    # A doctor asks once: a release has the patience.
    asked = Registry.open(replace(context.config.registry, attempts=1), context.environ, run=context.run)
    try:
        asked.ping()
    except RegistryError as error:
        return error.problems[0].fact
    finally:
        asked.close()
    return ""


def lock(context: Context, *, upgrade: bool) -> tuple[str, ...]:
    """`lock`: resolve the Python groups again; returns the groups whose lock changed.

    Raises:
        ToolFailed: uv cannot be installed, or the wishes cannot be met together.
    """
    from slipway.toolchain import groups, locks

    uv = groups.program(context.config.root, "lock", context.progress)
    with context.progress.step("lock") as done:
        changed = locks.relock(context.config.root, context.run, uv, upgrade=upgrade)
        done(f"changed: {', '.join(changed)}" if changed else "nothing changed")
    return changed


def crds(context: Context, *, check: bool) -> tuple[str, ...]:
    """`crds`: generate the resource definitions, or only compare them; returns the files that changed.

    Raises:
        ProblemsFound: `check` found files that are not what the modules give.
        ToolFailed: controller-gen cannot be built, or failed.
    """
    from slipway.toolchain import crds as definitions

    root = context.config.root
    context.toolbox.ensure(("controller-gen",))
    with context.progress.step("crds") as done:
        if check:
            problems = definitions.check(root, context.run, context.toolbox)
            done("as the modules give them" if not problems else f"differs in {counted(len(problems), 'file')}")
            changed: tuple[str, ...] = ()
        else:
            problems = ()
            changed = definitions.generate(root, context.run, context.toolbox)
            done(f"wrote {', '.join(changed)}" if changed else "nothing changed")
    if problems:
        raise ProblemsFound(problems)
    return changed


def dashboards(context: Context, *, check: bool) -> tuple[str, ...]:
    """`dashboards`: write Grafana's dashboards, or only compare them; returns the files that changed.

    Raises:
        ProblemsFound: `check` found files that are not what the pages give.
    """
    from dashboards import files

    if not check:
        return files.generate(context.workspace)
    if problems := files.check(context.workspace):
        raise ProblemsFound(problems)
    return ()
