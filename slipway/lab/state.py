"""State of a lab, which its supervisor writes to `state.json`: one small file, replaced atomically at every change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from slipway.util.files import write_atomic

FILE = "state.json"


class Phase(StrEnum):
    """Phase of a component, or of the whole lab."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    """A job that ended with 0."""
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """One component."""

    phase: Phase = Phase.WAITING
    pid: int = 0
    seconds: float = 0.0
    """From its start until it was ready."""
    key: str = ""
    """Of the component that was started under this name."""
    restarts: int = 0
    """Restarts after it exited by itself."""
    output: tuple[str, ...] = ()
    """Exit reason and last log lines, after a failure or a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The lab."""

    pid: int
    """Of the supervisor."""
    phase: Phase
    parts: Mapping[str, ComponentState] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[str, ...]:
        """The components that failed."""
        return tuple(name for name, part in self.parts.items() if part.phase is Phase.FAILED)


def write(folder: Path, state: State) -> None:
    """Replace the file."""
    write_atomic(folder / FILE, json.dumps(asdict(state), indent=2) + "\n")


def read(folder: Path) -> State | None:
    """The last state; None when there is none, or the file is not valid."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        parts = {
            name: ComponentState(**{**part, "phase": Phase(part["phase"]), "output": tuple(part["output"])})
            for name, part in data["parts"].items()
        }
        return State(pid=data["pid"], phase=Phase(data["phase"]), parts=parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
