"""The components of a lab as data: programs with their order and readiness probe.

The supervisor reads this and nothing else, so another set of components (a real kubelet in kwok's place) needs no other
supervisor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from slipway.tools.run import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One program of a lab: a server that runs until the lab ends, or a job that must succeed once."""

    name: str
    purpose: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's environment."""
    after: tuple[str, ...] = ()
    """Components that must be ready before this one starts."""
    ready: str = ""
    """`http://`, `https://` (any 2xx answer), `tcp://host:port` or `file:///path`; empty for a job, which is ready when it
    ended with 0."""
    netns: str = ""
    """File of the network namespace that the question is asked in; empty: this one."""
    ca: str = ""
    """File with the certificate that an `https://` question trusts."""
    startup_timeout_s: float = 60.0
    """How long it may take to become ready."""
    vital: bool = True
    """Whether the lab ends when it does."""
    carries: bool = False
    """Whether what starts after it, directly or not, ends with it and starts again after it."""

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return not self.ready

    @property
    def key(self) -> str:
        """Hash of all fields: a component that differs in any of them is another one."""
        return hashlib.sha256(to_json((self,)).encode()).hexdigest()[:12]

    def command(self, folder: Path) -> Command:
        """How it is started, in the lab's folder."""
        return Command(argv=self.argv, env=self.env, cwd=folder)


def to_json(components: Iterable[Component]) -> str:
    """The text that the supervisor reads."""
    return json.dumps([asdict(component) for component in components], indent=2) + "\n"


def from_json(text: str) -> tuple[Component, ...]:
    """The components of a text.

    Raises:
        ValueError, KeyError, TypeError: it is none of ours.
    """
    listed = json.loads(text)
    return tuple(Component(**{**item, "argv": tuple(item["argv"]), "after": tuple(item["after"])}) for item in listed)


def startable(components: Sequence[Component], ready: frozenset[str], begun: frozenset[str]) -> tuple[Component, ...]:
    """Those that are not begun and whose predecessors are all ready, in the order of the list."""
    return tuple(item for item in components if item.name not in begun and ready.issuperset(item.after))


def dependents(components: Sequence[Component], name: str) -> tuple[str, ...]:
    """Names of those that start after a component, directly or not."""
    found: set[str] = {name}
    while more := {item.name for item in components if found.intersection(item.after)} - found:
        found |= more
    return tuple(item.name for item in components if item.name in found - {name})


def stop_order(components: Sequence[Component]) -> tuple[tuple[str, ...], ...]:
    """Names in groups to stop one after the other: nothing stops before what was started on top of it.

    Raises:
        ValueError: the components wait for each other, or for one that is not there.
    """
    groups: list[tuple[str, ...]] = []
    ready: frozenset[str] = frozenset()
    while len(ready) < len(components):
        group = tuple(item.name for item in startable(components, ready, ready))
        if not group:
            left = ", ".join(item.name for item in components if item.name not in ready)
            fact = f"never startable: {left}"
            raise ValueError(fact)
        groups.append(group)
        ready |= frozenset(group)
    return tuple(reversed(groups))
