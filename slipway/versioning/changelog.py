"""CHANGELOG.md of a chart, in the form of keepachangelog.com 1.1.0. Pure: text in, text out.

A version that was never published has one section: the items under `[Unreleased]`, under earlier versions that were not
published either, and what a maintainer wrote there by hand is kept and joined with the new items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from slipway.versioning.levels import ChangeKind

HEADING = re.compile(r"##\s+\[?(?P<version>[^\]\s]+)\]?(?:\s+-\s+(?P<day>\S+))?(?P<rest>.*)")
UNRELEASED = "unreleased"
ARROW = " → "
ACCEPTED = "Accepted"
"""The part with the dangers that a person accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a changelog."""

    kind: ChangeKind
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a changelog about one version."""

    version: str
    day: str = ""
    """ISO date; empty when the heading has none."""
    rest: str = ""
    """The rest of the heading's line, such as `[YANKED]`."""
    lines: tuple[str, ...] = ()
    """Below the heading, without line endings."""

    def groups(self) -> dict[str, list[str]]:
        """Title of each `###` part → its items, each with its continuation lines; text before the first under ``."""
        found: dict[str, list[str]] = {}
        title = ""
        for line in self.lines:
            if line.startswith("### "):
                title = line[4:].strip()
                found.setdefault(title, [])
            elif not line.strip():
                continue
            elif line[:1].isspace() and found.get(title):
                found[title][-1] += f"\n{line.rstrip()}"
            else:
                found.setdefault(title, []).append(line.rstrip())
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """A whole file."""

    head: str
    """Everything above the first version, without its last line ending."""
    sections: tuple[Section, ...]
    newline: str = "\n"

    def section(self, version: str) -> Section | None:
        """The section of a version."""
        return next((section for section in self.sections if section.version == version), None)


def parse(text: str) -> Changelog:
    """A file's text; everything that is not understood stays where it is."""
    newline = "\r\n" if "\r\n" in text else "\n"
    head: list[str] = []
    sections: list[Section] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        found = HEADING.fullmatch(line)
        if found:
            day, rest = found.group("day") or "", found.group("rest").strip()
            sections.append(Section(version=found.group("version"), day=day, rest=rest))
        elif sections:
            sections[-1] = replace(sections[-1], lines=(*sections[-1].lines, line))
        else:
            head.append(line)
    return Changelog(head="\n".join(head).rstrip(), sections=tuple(sections), newline=newline)


def precedence(section: Section) -> tuple[bool, object]:
    """Orders sections: what is not released comes last, so that it stands first in a file."""
    import semver

    released = semver.Version.is_valid(section.version)
    return not released, semver.Version.parse(section.version) if released else 0


def render(changelog: Changelog) -> str:
    """The file's text; one blank line between parts, a line ending at the end."""
    parts = [changelog.head] if changelog.head else []
    for section in changelog.sections:
        day = f" - {section.day}" if section.day else ""
        rest = f" {section.rest}" if section.rest else ""
        body = "\n".join(section.lines).strip("\n")
        parts.append(f"## [{section.version}]{day}{rest}" + (f"\n\n{body}" if body.strip() else ""))
    return ("\n\n".join(parts) + "\n").replace("\n", changelog.newline)


def head_of(chart: str) -> str:
    """The first lines of a new file."""
    return (
        "# Changelog\n\n"
        f"What changed in the chart `{chart}`, newest first. It is written from the values and the rendered objects of\n"
        "the last published version and of the present one; text that is added by hand stays."
    )


def release(text: str, *, chart: str, version: str, day: date, items: Sequence[Item], published: Iterable[str]) -> str:
    """The changelog with a section for a version that is not published yet.

    Args:
        text: of the file; empty for a new one.
        chart: name of the chart.
        version: the new version.
        day: when it was raised; a section that is there keeps its own.
        items: what changed.
        published: versions whose sections are history; every section above the newest of them is joined into the new one.

    Returns:
        The whole text; the same text when everything is in it.
    """
    changelog = parse(text) if text.strip() else Changelog(head=head_of(chart), sections=())
    history = set(published)
    first = next((i for i, one in enumerate(changelog.sections) if one.version in history), len(changelog.sections))
    pending = changelog.sections[:first]
    if first == len(changelog.sections) and history:
        # None of the published versions is in the file: only what is certainly new may be joined.
        pending = tuple(one for one in pending if one.version == version or one.version.lower() == UNRELEASED)
    kept = tuple(one for one in changelog.sections if one not in pending and one.version != version)
    groups = joined([section.groups() for section in pending], items)
    present = next((one for one in pending if one.version == version), None)
    section = Section(
        version=version,
        day=present.day if present and present.day else day.isoformat(),
        rest=present.rest if present else "",
        lines=lines_of(groups),
    )
    made = render(replace(changelog, sections=(section, *kept)))
    return text if same(text, made) else made


def with_accepted(text: str, *, chart: str, version: str, entries: Sequence[str]) -> str:
    """The changelog with the dangers that a person accepted when a version was pinned; each is there once.

    Args:
        text: of the file; empty for a new one.
        chart: name of the chart.
        version: that was pinned; it gets a section if it has none.
        entries: one line for each danger.
    """
    changelog = parse(text) if text.strip() else Changelog(head=head_of(chart), sections=())
    section = changelog.section(version) or Section(version=version)
    groups = section.groups()
    mine = groups.setdefault(ACCEPTED, [])
    mine.extend(line for entry in entries if (line := f"- {entry}") not in mine)
    made = replace(section, lines=lines_of(groups))
    others = tuple(one for one in changelog.sections if one.version != version)
    place = next((i for i, one in enumerate(changelog.sections) if one.version == version), 0)
    return render(replace(changelog, sections=(*others[:place], made, *others[place:])))


def joined(present: Sequence[Mapping[str, Sequence[str]]], items: Sequence[Item]) -> dict[str, list[str]]:
    """Parts of several sections and new items as one section's parts."""
    groups: dict[str, list[str]] = {}
    for part in present:
        for title, lines in part.items():
            mine = groups.setdefault(title, [])
            mine.extend(line for line in lines if line not in mine)
    for item in items:
        title, line = item.kind.capitalize(), f"- {item.description}"
        mine = groups.setdefault(title, [])
        if line in mine:
            continue
        stem = line.rpartition(ARROW)[0]
        older = [index for index, other in enumerate(mine) if stem and other.rpartition(ARROW)[0] == stem]
        if older:
            # `image 1 → 2` became `image 1 → 3` before anyone saw the 2.
            mine[older[0]] = line
        else:
            mine.append(line)
    return groups


def lines_of(groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Parts in the order of Keep a Changelog, then others as they came."""
    known = ["", *(kind.capitalize() for kind in ChangeKind)]
    order = [*(title for title in known if title in groups), *(title for title in groups if title not in known)]
    lines: list[str] = []
    for title in order:
        if not groups[title]:
            continue
        lines += ([""] if lines else []) + ([f"### {title}", ""] if title else [])
        lines += [line for entry in groups[title] for line in entry.split("\n")]
    return tuple(lines)


def items_of(text: str, version: str) -> tuple[Item, ...]:
    """The items of a version, with the kinds that Artifact Hub knows."""
    section = parse(text).section(version)
    kinds = {kind.capitalize(): kind for kind in ChangeKind}
    return tuple(
        Item(kind=kinds[title], description=" ".join(line[2:].split()))
        for title, lines in (section.groups() if section else {}).items()
        for line in lines
        if title in kinds and line[:2] in {"- ", "* "}
    )


def same(before: str, after: str) -> bool:
    """Whether two texts differ in blank lines and line endings only."""
    return [line for line in before.splitlines() if line.strip()] == [
        line for line in after.splitlines() if line.strip()
    ]
