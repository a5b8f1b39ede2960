"""What the doctor reports: one row for each fact about the machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of a row."""

    OK = "ok"
    LATER = "later"
    """Missing; the task that requires it makes it."""
    WRONG = "wrong"
    """Has to be fixed before tasks work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReport:
    """One fact about the machine."""

    name: str
    state: State
    wanted: str = ""
    """Version or amount; empty when any will do."""
    found: str = ""
    source: str = ""
    """`built`, `PATH`, `installed`, `missing`, …"""
    path: str = ""
    fix: str = ""
    """The command that fixes it; empty when nothing is wrong."""
