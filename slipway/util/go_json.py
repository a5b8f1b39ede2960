"""JSON as Go's encoding/json writes it: what Helm hashes, and what it puts into a registry. Pure."""

from __future__ import annotations

import json

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def encode(value: object) -> bytes:
    """Compact JSON with Go's escapes; the order of mappings is kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES).encode("utf-8")
