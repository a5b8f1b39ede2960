"""The documents of what helm writes, each parsed once: an umbrella renders most of them alike in each environment."""

from __future__ import annotations

import functools
import re

from slipway.util import yaml

SPLIT = re.compile(r"^---[ \t]*$", re.MULTILINE)
SOURCE = re.compile(r"^# Source: (.+)$", re.MULTILINE)

KEEPING = re.compile(r"[|>][0-9]?\+")
"""The head of a block that keeps the empty lines at its end."""

KEPT = 8192
"""Documents in memory."""


def data_of(document: str) -> object:
    """The data of a document; equal documents share it, so nobody changes it.

    Raises:
        NotYaml: it is not YAML, or readers take it for different things.
    """
    bare = without_source(document)
    try:
        return _data(without_margins(bare))
    except yaml.NotYaml:
        return _data(bare)  # again, to name its own lines


def without_source(document: str) -> str:
    """The same lines, without the name of their template."""
    return SOURCE.sub("#", document, count=1) if document.lstrip("\n").startswith("# Source: ") else document


def without_margins(document: str) -> str:
    """The same data: a definition in `crds/` is rendered as it is written there, but for the lines around it."""
    inner = document.lstrip("\n").removeprefix("#\n")
    return inner if KEEPING.search(inner) or not inner.endswith("\n") else inner.rstrip("\n") + "\n"


@functools.lru_cache(maxsize=KEPT)
def _data(document: str) -> object:
    documents = yaml.load_all(document)
    return documents[0] if documents else None
