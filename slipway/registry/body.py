"""JSON that somebody else wrote: bounded, and never another error than ValueError. Pure."""

from __future__ import annotations

import json

MAX_JSON_BYTES = 8 * 1024 * 1024
"""Twice what a registry accepts as a manifest. Source: OCI distribution specification 1.1, Pushing manifests."""


def parsed(body: bytes | str) -> object:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, nested too deeply, or too long.
    """
    if len(body) > MAX_JSON_BYTES:
        raise ValueError("too long")
    try:
        value: object = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value
