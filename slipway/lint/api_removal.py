"""API versions that the next minor version of Kubernetes will not serve, as Kubernetes announces them in its own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

from slipway.lint.kube_schemas import Gvk

FILE = Path(__file__).with_name("api_lifecycle.json")
"""Written by `./inv crds` from the module k8s.io/api that tools/crds/go.mod pins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The announced end of a kind's API version; versions are minor versions of Kubernetes: `1.38`."""

    removed: str
    deprecated: str = ""
    replacement: str = ""
    """`group/version Kind`."""


@once
def removals() -> Mapping[Gvk, Removal]:
    """Every API version whose end is announced."""
    found = {}
    for entry in json.loads(FILE.read_text(encoding="utf-8")):
        group, _, version = entry["apiVersion"].rpartition("/")
        found[group, version, entry["kind"]] = Removal(
            removed=entry["removed"],
            deprecated=entry.get("deprecated", ""),
            replacement=entry.get("replacement", ""),
        )
    return found


def next_minor(minor: str) -> str:
    """`1.37` → `1.38`."""
    major, _, number = minor.partition(".")
    return f"{major}.{int(number) + 1}"
