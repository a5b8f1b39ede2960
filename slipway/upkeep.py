"""`doctor`, `lock`, `crds` and `dashboards`: what keeps the machine and the generated files in order, over the wiring of a checkout."""

from __future__ import annotations

from dataclasses import replace

from slipway.doctor import RegistryFacts, Row, gather
from slipway.errors import ProblemsFound, RegistryError
from slipway.words import counted
from slipway.yard import Yard


def examine(yard: Yard) -> tuple[Row, ...]:
    """`doctor`: what is there and what is missing; nothing is installed, built or started."""
    config = yard.config.registry
    folder = yard.config.registry_folder if config.embedded else None
    facts = RegistryFacts(base=config.base, folder=folder, reachable=lambda: registry_trouble(yard))
    return gather(toolbox=yard.toolbox, run=yard.run, registry=facts)


def registry_trouble(yard: Yard) -> str:
    """Why the registry does not answer, in a few words; empty when it does."""
    if yard.config.registry.embedded:
        from slipway.tools import registry as embedded

        if embedded.daemon_of(yard.config).status().process is None:
            return "not running"
    from slipway.oci import Registry

    # A doctor asks once: a release has the patience.
    asked = Registry.open(replace(yard.config.registry, attempts=1), yard.environ, run=yard.run)
    try:
        asked.ping()
    except RegistryError as error:
        return error.problems[0].fact
    finally:
        asked.close()
    return ""


def lock(yard: Yard, *, upgrade: bool) -> tuple[str, ...]:
    """`lock`: resolve the Python groups again; returns the groups whose lock changed.

    Raises:
        ToolFailed: uv cannot be installed, or the wishes cannot be met together.
    """
    from slipway import groups, locks

    uv = groups.program(yard.config.root, "lock", yard.progress)
    with yard.progress.step("lock") as done:
        changed = locks.relock(yard.config.root, yard.run, uv, upgrade=upgrade)
        done(f"changed: {', '.join(changed)}" if changed else "nothing changed")
    return changed


def crds(yard: Yard, *, check: bool) -> tuple[str, ...]:
    """`crds`: generate the resource definitions, or only compare them; returns the files that changed.

    Raises:
        ProblemsFound: `check` found files that are not what the modules give.
        ToolFailed: controller-gen cannot be built, or failed.
    """
    from slipway import crds as definitions

    root = yard.config.root
    yard.toolbox.ensure(("controller-gen",))
    with yard.progress.step("crds") as done:
        if check:
            problems = definitions.check(root, yard.run, yard.toolbox)
            done("as the modules give them" if not problems else f"differs in {counted(len(problems), 'file')}")
            changed: tuple[str, ...] = ()
        else:
            problems = ()
            changed = definitions.generate(root, yard.run, yard.toolbox)
            done(f"wrote {', '.join(changed)}" if changed else "nothing changed")
    if problems:
        raise ProblemsFound(problems)
    return changed


def dashboards(yard: Yard, *, check: bool) -> tuple[str, ...]:
    """`dashboards`: write Grafana's dashboards, or only compare them; returns the files that changed.

    Raises:
        ProblemsFound: `check` found files that are not what the pages give.
    """
    from slipway.dashboards import files

    if not check:
        return files.generate(yard.workspace)
    if problems := files.check(yard.workspace):
        raise ProblemsFound(problems)
    return ()
