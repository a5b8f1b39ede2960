"""What new pins would endanger, asked before anything is published or written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from slipway.build.builder import Built
from slipway.context import Context
from slipway.core.model import ChartKind, ChartName, Pin
from slipway.delivery import pinned
from slipway.gitops.pins import current_pins
from slipway.release.dangers.find import dangers
from slipway.release.dangers.kinds import Danger
from slipway.release.diff import objects_of, render_umbrella
from slipway.release.plan import Plan

Dangers = Mapping[ChartName, tuple[Danger, ...]]
"""Umbrella → its dangers; without the umbrellas that have none."""


def of_release(context: Context, environment: str, before: Plan, built: Mapping[ChartName, Built]) -> Dangers:
    """What the umbrellas of a plan endanger in an environment that runs earlier ones.

    Args:
        context: the wiring.
        environment: whose pins are replaced.
        before: the plan.
        built: the charts that it publishes; another umbrella, which is published and not pinned yet, is built here.

    Raises:
        BuildError: an umbrella does not render, or its pinned package cannot be pulled.
    """
    held = current_pins(context.config, environment)
    moving = [
        item.chart
        for item in before.charts
        if context.workspace.charts[item.chart].kind is ChartKind.UMBRELLA
        and (pin := held.get(item.chart)) is not None
        and (item.published is None or item.published.manifest != pin.manifest)
    ]
    with scratch_of(context) as scratch:
        found = {
            name: dangers(
                pinned.objects(context, held[name], environment, scratch),
                render_umbrella(context, built[name], environment)
                if name in built
                else objects_of(context, name, environment),
            )
            for name in moving
        }
    return {name: each for name, each in found.items() if each}


def of_pins(context: Context, environment: str, wanted: Mapping[ChartName, Pin]) -> Dangers:
    """What published umbrellas endanger in an environment that runs earlier ones.

    Raises:
        RegistryError: a package cannot be pulled, or does not render.
    """
    held = current_pins(context.config, environment)
    with scratch_of(context) as scratch:
        found = {
            name: dangers(*(pinned.objects(context, each, environment, scratch) for each in (held[name], pin)))
            for name, pin in sorted(wanted.items())
            if name in held and held[name].manifest != pin.manifest
        }
    return {name: each for name, each in found.items() if each}


@contextmanager
def scratch_of(context: Context) -> Iterator[Path]:
    """A folder for unpacked packages."""
    context.config.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".dangers-", dir=context.config.build) as scratch:
        yield Path(scratch)
