"""Arithmetic of semantic versions. Pure.

Source: semver.org 2.0.0. 0.x is counted like any other version: a breaking change of 0.4.2 leads to 1.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from slipway.core.model import Published
from slipway.versioning.levels import Level
from slipway.workspace import graph

if TYPE_CHECKING:
    from semver import Version


def known_versions(tags: Iterable[str], there: Published | None) -> tuple[str, ...]:
    """Every published version, in the order of their precedence; tags that are no versions are passed over."""
    import semver

    found = {tag for tag in tags if graph.SEMVER.fullmatch(tag)} | ({there.version} if there else set())
    return tuple(sorted(found, key=semver.Version.parse))


def above(version: str, versions: Iterable[str]) -> str:
    """The highest of the published versions, if it is above this one; empty when this one goes up."""
    known = [tag for tag in versions if graph.SEMVER.fullmatch(tag)]
    if not known:
        return ""
    import semver

    highest = max(known, key=semver.Version.parse)
    return highest if semver.Version.parse(highest) > semver.Version.parse(version) else ""


def baseline(versions: Sequence[str]) -> str:
    """The published version to compare with: the highest, a prerelease only when there is nothing else.

    A prerelease promises nothing, so the change is measured from the last version that did.
    """
    import semver

    ordered = sorted(versions, key=semver.Version.parse)
    stable = [version for version in ordered if not semver.Version.parse(version).prerelease]
    return (stable or ordered)[-1]


def next_version(present: str, published: Sequence[str], level: Level) -> str:
    """The version that a changed chart needs.

    Above everything published, and at least `level` above the last published version that is no prerelease. A present
    version that is there already stays. A prerelease stays a prerelease: 2.0.0-rc.1 → 2.0.0-rc.2, as long as 2.0.0 is
    far enough.

    Args:
        present: as Chart.yaml has it; a semantic version.
        published: every published version; at least one.
        level: what the evidence asks for.
    """
    import semver

    parse = semver.Version.parse
    last, here = parse(baseline(published)), parse(present)
    top = max(here, *(parse(version) for version in published))
    wanted = last.finalize_version() if last.prerelease else raised(last, level)
    far_enough = top.finalize_version() >= wanted
    if str(top) not in published:
        if far_enough:
            return str(top)
        return f"{wanted}-{prerelease_word(top)}.1" if top.prerelease else str(wanted)
    if top.prerelease:
        return str(top.bump_prerelease()) if far_enough else f"{wanted}-{prerelease_word(top)}.1"
    return str(raised(top, level))


def higher(one: str, other: str) -> str:
    """The version with the higher precedence; a text that is no version is lower than any."""
    import semver

    found = [text for text in (one, other) if graph.SEMVER.fullmatch(text)]
    return max(found, key=semver.Version.parse, default=one)


def raised(version: Version, level: Level) -> Version:
    """A version with one part raised."""
    return {Level.MAJOR: version.bump_major, Level.MINOR: version.bump_minor, Level.PATCH: version.bump_patch}[level]()


def prerelease_word(version: Version) -> str:
    """The first part of a prerelease that is a word: `rc` of 2.0.0-rc.1."""
    parts = str(version).partition("-")[2].split(".")
    return next((part for part in parts if not part.isdigit()), "rc")
