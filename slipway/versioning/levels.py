"""How large a change is, and the facts that say so. Pure values."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.text import suggest


@functools.total_ordering
class Level(Enum):
    """Which part of a version rises; ordered, patch is the least."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    def __str__(self) -> str:
        return self.value

    def __lt__(self, other: Level) -> bool:
        order = tuple(Level)
        return order.index(self) < order.index(other)

    @classmethod
    def parse(cls, text: str, where: str = "--level") -> Level | None:
        """A level from the command line; None for an empty text, which leaves it to the evidence.

        Raises:
            WorkspaceError: it is another word.
        """
        if not text:
            return None
        names = [level.value for level in cls]
        if text not in names:
            hint = suggest(text, names, otherwise="use")
            raise WorkspaceError(Problem(where=where, fact=f"there is no level {text!r}", hint=hint))
        return cls(text)


class ChangeKind(StrEnum):
    """Headings of a changelog, in their order. Source: keepachangelog.com 1.1.0 and Artifact Hub's `changes`."""

    ADDED = "added"
    CHANGED = "changed"
    DEPRECATED = "deprecated"
    REMOVED = "removed"
    FIXED = "fixed"
    SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One difference from the published chart, what it is worth, and how a changelog says it."""

    level: Level
    kind: ChangeKind
    description: str
    via: str = ""
    """The vendored charts that bring it; empty when the chart's own files do."""


def required_level(evidence: Iterable[Evidence]) -> Level:
    """The level that a set of differences needs; patch when there is none to see."""
    return max((item.level for item in evidence), default=Level.PATCH)


def note_of(text: str) -> tuple[ChangeKind, str]:
    """A maintainer's note; `fixed: …` and the other kinds choose its heading.

    Raises:
        WorkspaceError: it says nothing.
    """
    found = re.fullmatch(rf"\s*({'|'.join(ChangeKind)})\s*:\s*(.*)", text, re.IGNORECASE | re.DOTALL)
    kind, said = (ChangeKind(found.group(1).lower()), found.group(2)) if found else (ChangeKind.CHANGED, text)
    said = " ".join(said.split())
    if not said:
        raise WorkspaceError(Problem(where="--note", fact="says nothing", hint='--note "fixed: what was wrong"'))
    return kind, said


def app_level(old: str | None, new: str | None) -> Level | None:
    """What a change of an application's version is worth; None when it did not change.

    The first number that differs decides. Text without numbers at its start, such as `nightly`, is a patch.
    """
    if old == new:
        return None
    before, after = numbers(old or ""), numbers(new or "")
    if not before or not after:
        return Level.PATCH
    if before[0] != after[0]:
        return Level.MAJOR
    return Level.MINOR if (before[1:2] or (0,)) != (after[1:2] or (0,)) else Level.PATCH


def numbers(version: str) -> tuple[int, ...]:
    """The leading dotted numbers of a version or image tag: `v4.0.19.3001-ls2` → (4, 0, 19, 3001).

    A prefix of words is passed over (`release-5.1.4`); a bare number is a version, a hash is not.
    """
    found = re.match(r"(?:[A-Za-z_]+[-_]?)?(\d+(?:\.\d+)*)(?![A-Za-z0-9])", version)
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()
