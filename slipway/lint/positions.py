"""Where a value is set."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.workspace.values import Layer, Path, top_layer


def value_position(layers: Sequence[Layer], path: Path, default: str = "") -> str:
    """`file:line` of the highest layer that sets a value; the default when none does."""
    layer = top_layer(layers, path)
    return layer.where(path) if layer else default
