"""Which updates were rehearsed without an objection of an API server: a record below `build/cache`."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.context import Context
from slipway.core.model import ChartName, Digest
from slipway.gitops.pins import current_pins
from slipway.util import cache


def remember(context: Context, environment: str, umbrellas: Iterable[ChartName]) -> None:
    """Note that the update from what is pinned to the working tree was rehearsed."""
    held = current_pins(context.config, environment)
    for name in umbrellas:
        before = held[name].manifest if name in held else None
        record_of(context).put(key_of(environment, name, before, context.digests[name]), "")


def was_rehearsed(
    context: Context, environment: str, name: ChartName, before: Digest | None, after: Digest | None
) -> bool:
    """Whether an update was rehearsed here.

    Args:
        context: the wiring.
        environment: whose values.
        name: the umbrella.
        before: the manifest that is pinned; None when nothing is.
        after: the input digest of what it is updated to.
    """
    return record_of(context).get(key_of(environment, name, before, after)) is not None


def record_of(context: Context) -> cache.Cache:
    """The area of the cache."""
    return cache.Cache(folder=context.config.build / "cache" / "rehearsed")


def key_of(environment: str, name: ChartName, before: Digest | None, after: Digest | None) -> str:
    """The name of an entry."""
    return cache.key_of(environment, name, before, after)
