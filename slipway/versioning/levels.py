"""How large a change is, and the facts that say so. Pure values."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.text import suggest

MAX_NAMED = 6
"""Objects that one line names before it only counts."""


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
class Image:
    """An image reference; a part that is not known is empty."""

    repository: str = ""
    tag: str = ""
    digest: str = ""

    def matches(self, other: Image) -> bool:
        """Whether both may be one image: what both know is equal."""
        pairs = ((self.repository, other.repository), (self.tag, other.tag), (self.digest, other.digest))
        return all(mine == theirs or not mine or not theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """An image that is replaced by another one."""

    before: Image
    after: Image

    def matches(self, other: ImageChange) -> bool:
        """Whether both may be one change."""
        return self.before.matches(other.before) and self.after.matches(other.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The rendered object that a difference is about."""

    kind: str
    name: str
    container: str = ""
    only_container: bool = False
    """Whether the container has no need to be named."""

    @property
    def label(self) -> str:
        """Its name, with the container where there are several."""
        return f"{self.name}, {self.container}" if self.container and not self.only_container else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One difference from the published chart, and the level that it requires."""

    level: Level
    kind: ChangeKind
    fact: str
    """What differs, without its subject."""
    subject: Subject | None = None
    """The rendered object; None for a difference of files, values or dependencies."""
    others: tuple[Evidence, ...] = ()
    """The same difference of other objects."""
    path: tuple[str, ...] = ()
    """Of the value."""
    image: ImageChange | None = None
    render: str = ""
    """The set of values that shows it; empty for the chart's defaults."""
    via: str = ""
    """The vendored charts that bring it; empty when the chart's own files do."""

    @property
    def description(self) -> str:
        """The line of a changelog."""
        prefix = f"{self.render}: " if self.render else ""
        if self.subject is None:
            return f"{prefix}{self.fact}"
        if not self.others:
            return f"{prefix}{self.subject}: {self.fact}"
        names = [item.subject.label for item in (self, *self.others) if item.subject]
        return f"{prefix}{len(names)} {plural(self.subject.kind)} ({listed(names)}): {self.fact}"


def plural(kind: str) -> str:
    """More than one object of a kind."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}{'es' if kind.endswith('s') else 's'}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"


def required_level(evidence: Iterable[Evidence]) -> Level:
    """The level that a set of differences needs; patch when there is none to see."""
    return max((item.level for item in evidence), default=Level.PATCH)


def note_of(text: str) -> tuple[ChangeKind, str]:
    """A maintainer's note; `fixed: …` and the other kinds choose its heading.

    Raises:
        WorkspaceError: it says nothing.
    """
    found = re.fullmatch(rf"\s*({'|'.join(ChangeKind)})\s*:\s*(.*)", text, re.IGNORECASE | re.DOTALL)
    kind, text = (ChangeKind(found.group(1).lower()), found.group(2)) if found else (ChangeKind.CHANGED, text)
    text = " ".join(text.split())
    if not text:
        raise WorkspaceError(Problem(where="--note", fact="says nothing", hint='--note "fixed: what was wrong"'))
    return kind, text


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
