"""Pins without a release: an environment follows the registry, or the environment before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from slipway.context import Context
from slipway.core.errors import AlreadyPublished, Problem, RegistryError, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.gitops.pins import (
    check_environment,
    deploy_differences,
    previous_environment,
    promoted_pins,
    sweep,
    wanted_files,
    write_deploy_folder,
)
from slipway.release import plan, signing
from slipway.release.dangers.kinds import Danger
from slipway.release.release import LOCK, LOCK_WAIT_S, repeat
from slipway.release.survey import moved_pin, pins_after, plan_of

NO_DOUBTS: Mapping[ChartName, tuple[Danger, ...]] = MappingProxyType({})


def pin_environment(
    context: Context,
    environment: str,
    only: tuple[ChartName, ...],
    *,
    dry_run: bool,
    accepted: Collection[str] = (),
    doubts: Mapping[ChartName, tuple[Danger, ...]] = NO_DOUBTS,
    command: str = "",
) -> tuple[str, ...]:
    """Write an environment's deploy folder; the first one follows the registry, a later one the one before it.

    Args:
        context: the wiring.
        environment: whose deploy folder is written.
        only: umbrellas; all when empty.
        dry_run: write nothing, and refuse no danger.
        accepted: names of dangers that a person accepts.
        doubts: dangers of a promotion, besides those of the objects.
        command: to repeat with `--accept`; that of `pin` when empty.

    Returns:
        Why it is written; empty when it is up to date.

    Raises:
        WorkspaceError: there is nothing to pin, or the environment is not configured.
        ProblemsFound: what would be pinned is not signed.
        RegistryError: a pinned version is not in the registry.
        AlreadyPublished: a pinned version has another manifest there.
        ProblemsFound: a danger is not accepted; nothing was written.
    """
    from slipway.util import filelock

    with filelock.hold(context.config.build / LOCK, wait_s=LOCK_WAIT_S, on_wait=context.progress.say):
        check_environment(context.config, environment)
        if environment == context.config.environments[0]:
            made = plan_of(context, only, environment)
            plan.refuse_conflicts(context.workspace, made)
            pins = pins_after(context, environment, made)
            if not pins:
                where = context.config.registry.base
                raise WorkspaceError(Problem(where=where, fact="has no umbrella to pin yet", hint="./inv release"))
        else:
            pins = promoted_pins(context.config, environment, only)
            require_published(context, previous_environment(context.config, environment), pins)
        asked = command or repeat("pin", environment, only)
        reasons = replace_pins(
            context, environment, pins, command=asked, dry_run=dry_run, accepted=accepted, doubts=doubts
        )
        sweep(context.config)
        return reasons


def replace_pins(
    context: Context,
    environment: str,
    pins: Mapping[ChartName, Pin],
    *,
    command: str,
    dry_run: bool = False,
    accepted: Collection[str] = (),
    doubts: Mapping[ChartName, tuple[Danger, ...]] = NO_DOUBTS,
) -> tuple[str, ...]:
    """Write these pins when they are signed and their dangers accepted; returns why, nothing when they are there already.

    Args:
        context: the wiring; its caller holds the lock of a release.
        environment: whose deploy folder is written.
        pins: all of them.
        command: to repeat with `--accept`.
        dry_run: write nothing, and refuse no danger.
        accepted: names of dangers that a person accepts.
        doubts: dangers besides those of the objects.

    Raises:
        ProblemsFound: a pin is not signed, or a danger is not accepted; nothing was written.
        RegistryError: a package cannot be pulled.
    """
    files = wanted_files(context.config, context.workspace, environment, pins)
    reasons = deploy_differences(context.config, environment, files)
    signing.require_signed(context, pins.values())
    if reasons and not dry_run:
        from slipway.release.dangers import gate
        from slipway.release.dangers.acceptance import record, refuse_unaccepted

        found = gate.of_pins(context, environment, pins)
        dangers = {name: (*doubts.get(name, ()), *found.get(name, ())) for name in {*doubts, *found}}
        refuse_unaccepted(dangers, environment, accepted, command)
        record(context, environment, dangers, {name: pin.version for name, pin in pins.items()})
        write_deploy_folder(context.config, environment, files)
    return reasons


def require_published(context: Context, environment: str, pins: Mapping[ChartName, Pin]) -> None:
    """Refuse to pin what Argo CD cannot pull, and what is no longer what was pinned before.

    Args:
        context: the wiring.
        environment: whose pins these are now.
        pins: what would be pinned.

    Raises:
        RegistryError: a version is not in the registry.
        AlreadyPublished: a version has another manifest there.
    """
    found = context.registry.published({name: item.version for name, item in pins.items()})
    missing, moved = [], []
    for name, item in sorted(pins.items()):
        there = found[name]
        if there is None:
            missing.append(
                Problem(
                    where=f"{context.config.registry.base}/{name}",
                    fact=f"version {item.version} is not published",
                    evidence=(f"the pin has {item.manifest}",),
                    hint="./inv release",
                )
            )
        elif there.manifest != item.manifest:
            moved.append(moved_pin(context, environment, item, there))
    if moved:
        raise AlreadyPublished(moved)
    if missing:
        raise RegistryError(missing)
