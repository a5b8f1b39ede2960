"""Files that both sides of a fork write, merged by what they mean. Pure, but for the merge of lines that is passed in.

What one side owns, or what a task writes, is made equal in all three versions; only the rest is left to a merge of lines.
Versions take the higher number, so that no merge lowers one; `./inv version` raises it further where the registry asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from slipway.config import edit
from slipway.core.errors import WorkspaceError
from slipway.core.model import CHANGES
from slipway.tools.git_merge import Sides
from slipway.util import yaml
from slipway.util.yaml_edit import SourceText
from slipway.versioning import changelog
from slipway.versioning.changelog import Changelog, Section
from slipway.versioning.semver import higher
from slipway.workspace import editing, removal

Lines = Callable[[bytes, bytes, bytes], bytes | None]
"""(base, ours, theirs) → one text, or None when both sides changed the same lines."""

GENERATED = re.compile(
    r"charts/[^/]+/README\.md|charts/grafana/files/dashboards/.+|tests/umbrella/golden/.+|locks/.+|tools/crds/generated/.+"
)
"""Written by tasks: the release's version is taken, and what is generated from the fork is generated again."""
OPERATORS = re.compile(r"deploy/.+")
"""Written by the fork's own releases."""


class Undecided(Exception):
    """Both sides changed the same thing; a person decides."""


def settled(path: str, sides: Sides, lines: Lines) -> bytes | None:
    """What a path has after the merge; None when it is gone.

    Raises:
        Undecided: a person decides.
    """
    if GENERATED.fullmatch(path):
        return sides.theirs
    if OPERATORS.fullmatch(path):
        return sides.ours
    if sides.ours is None and path.startswith("values/"):
        return None
    if sides.base is None or sides.ours is None or sides.theirs is None:
        raise Undecided
    merge = next((found for form, found in FORMS.items() if re.fullmatch(form, path)), None)
    if merge is None:
        raise Undecided
    try:
        merged = merge(sides.base, sides.ours, sides.theirs, lines)
    except WorkspaceError as error:
        raise Undecided from error
    if merged is None:
        raise Undecided
    return merged


def chart_yaml(base: bytes, ours: bytes, theirs: bytes, lines: Lines) -> bytes | None:
    """Chart.yaml: the higher version, the release's versions of dependencies, and the operator's own members."""
    version = higher(str(data_of(ours)["version"]), str(data_of(theirs)["version"]))
    known = {**versions_of(ours), **versions_of(theirs)}
    own = [entry for key, entry in entries_of(ours).items() if key not in entries_of(base) | entries_of(theirs)]

    def equal(text: bytes) -> bytes:
        for entry in own:
            text = removal.remove_dependency(text, editing.key_of(entry), WHERE)
        text = editing.set_version(text, version, WHERE)
        for name in versions_of(text):
            text = editing.set_dependency_version(text, name, known[name], WHERE)
        return text

    merged = lines(*with_equal_changes(equal(base), equal(ours), equal(theirs)))
    for entry in own if merged is not None else ():
        assert merged is not None
        merged = editing.add_dependency(merged, {key: str(value) for key, value in entry.items()}, WHERE)
    return merged


def with_equal_changes(base: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, bytes, bytes]:
    """The three with the same annotation `artifacthub.io/changes`, which `./inv version` writes from the changelog."""
    texts = (base, ours, theirs)
    listed = next((found for text in (theirs, ours, base) if (found := changes_of(text))), ())
    if not listed:
        return texts
    first, second, third = (editing.set_changes(text, listed, WHERE) for text in texts)
    return first, second, third


def changes_of(text: bytes) -> Sequence[editing.Change]:
    """The items of the annotation."""
    annotations = data_of(text).get("annotations")
    value = annotations.get(CHANGES) if isinstance(annotations, dict) else None
    items = yaml.parse(str(value).encode(), CHANGES).data if value else None
    return [
        editing.Change(kind=str(item["kind"]), description=str(item["description"]))
        for item in (items if isinstance(items, list) else ())
    ]


def umbrella_values(base: bytes, ours: bytes, theirs: bytes, lines: Lines) -> bytes | None:
    """An umbrella's values.yaml: the operator's own members beside those of the release."""
    added = [key for key in data_of(ours) if key not in data_of(base) | data_of(theirs)]
    rest = ours
    for key in added:
        rest = removal.remove_key(rest, key, WHERE)
    merged = lines(base, rest, theirs)
    for key in added if merged is not None else ():
        assert merged is not None
        source = SourceText.read(merged, WHERE)
        block = removal.lines_of_key(ours, key, WHERE)
        merged = source.spliced([source.insert_in_order(source.entries(), key, block, 0)])
    return merged


def history(base: bytes, ours: bytes, theirs: bytes, lines: Lines) -> bytes | None:
    """CHANGELOG.md: the sections of both, newest first; a version that both have has the items of both."""
    mine, other = (changelog.parse(text.decode("utf-8")) for text in (ours, theirs))
    sections: dict[str, Section] = {section.version: section for section in other.sections}
    for section in mine.sections:
        if (there := sections.get(section.version)) is not None and there.lines != section.lines:
            groups = changelog.joined([section.groups(), there.groups()], ())
            sections[section.version] = replace(section, lines=changelog.lines_of(groups))
        else:
            sections[section.version] = section
    order = sorted(sections.values(), key=changelog.precedence, reverse=True)
    return changelog.render(Changelog(head=other.head, sections=tuple(order), newline=other.newline)).encode()


def settings(base: bytes, ours: bytes, theirs: bytes, lines: Lines) -> bytes | None:
    """pyproject.toml: the settings that the operator changed, and all else by lines."""
    mine = ours.decode("utf-8")
    changed = edit.changed_settings(base.decode("utf-8"), mine)
    equal = [edit.with_settings_of(text.decode("utf-8"), mine, changed).encode() for text in (base, theirs)]
    return lines(equal[0], ours, equal[1])


FORMS: Mapping[str, Callable[[bytes, bytes, bytes, Lines], bytes | None]] = {
    r"(charts|umbrella)/[^/]+/Chart\.yaml": chart_yaml,
    r"(charts|umbrella)/[^/]+/CHANGELOG\.md": history,
    r"umbrella/[^/]+/values\.yaml": umbrella_values,
    r"pyproject\.toml": settings,
}
"""Form of a path → how its versions are merged."""
WHERE = "merge"


def data_of(text: bytes) -> dict[str, object]:
    """A YAML mapping."""
    return dict(yaml.parse(text, WHERE).mapping)


def entries_of(text: bytes) -> dict[str, dict[str, object]]:
    """Key → entry of each dependency of a Chart.yaml."""
    return {editing.key_of(entry): entry for entry in editing.dependencies(data_of(text))}


def versions_of(text: bytes) -> dict[str, str]:
    """Name → version of each dependency."""
    return {str(entry["name"]): str(entry["version"]) for entry in entries_of(text).values()}
