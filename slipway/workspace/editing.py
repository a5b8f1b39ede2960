"""Edits of Chart.yaml and values.yaml that leave every other byte as it was. Pure: bytes in, bytes out.

ruamel.yaml gives the start and end of each node; the edit is a splice of the text at those marks, so comments, quoting,
order, blank lines and line endings stay. Every edit is read back before it is returned: the data must be what was there
with exactly the wanted change, or the edit is refused.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import CHANGES
from slipway.util import yaml, yaml_edit
from slipway.util.yaml_edit import Entry, SourceText, Splice
from slipway.util.yaml_scalars import needs_quotes

PLAIN = re.compile(
    r"\d+(\.\d+\.\d+[A-Za-z0-9.-]*|[A-Za-z]+)|(oci|file|https?)://[A-Za-z0-9._:/-]+|[A-Za-z/][A-Za-z0-9 ._/@+()-]+"
)
"""Text that no YAML parser takes for anything else, also inside braces; the words of `yes`, `null` and so on excepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item of the annotation `artifacthub.io/changes`."""

    kind: str
    """added, changed, deprecated, removed, fixed or security. SourceText: Artifact Hub's annotations for Helm charts."""
    description: str


def set_version(text: bytes, version: str, where: str) -> bytes:
    """Chart.yaml with another version.

    Raises:
        WorkspaceError: it has none, or cannot be edited.
    """
    return _set_key(text, "version", version, where, after="name")


def set_dependency_version(text: bytes, name: str, version: str, where: str) -> bytes:
    """Chart.yaml with another version of a dependency, under every alias that it has.

    Raises:
        WorkspaceError: there is no such dependency, or it cannot be edited.
    """

    def change(data: dict[str, object]) -> None:
        for entry in dependencies(data):
            if entry.get("name") == name:
                entry["version"] = version

    source = SourceText.read(text, where)
    splices = [
        source.scalar_splice(scalar(version), "dependencies", index, "version")
        for index, entry in enumerate(dependencies(dict(yaml.parse(text, where).mapping)))
        if entry.get("name") == name
    ]
    if not splices:
        raise WorkspaceError(Problem(where=where, fact=f"has no dependency {name!r}"))
    return checked(text, source.spliced(splices), change, where)


def set_changes(text: bytes, changes: Sequence[Change], where: str) -> bytes:
    """Chart.yaml whose annotation `artifacthub.io/changes` lists these changes and nothing else.

    Args:
        text: of Chart.yaml.
        changes: at least one.
        where: how errors call the file.

    Raises:
        WorkspaceError: it cannot be edited.
    """
    listed = [line for item in changes for line in (f"- kind: {item.kind}", f"  description: {_quoted(item)}")]
    value = "".join(f"{line}\n" for line in listed)

    def change(data: dict[str, object]) -> None:
        annotations = data.get("annotations")
        data["annotations"] = {**(annotations if isinstance(annotations, dict) else {}), CHANGES: value}

    source = SourceText.read(text, where)
    return checked(text, source.spliced([_changes_splice(source, listed, value)]), change, where)


def _changes_splice(source: SourceText, listed: Sequence[str], value: str) -> Splice:
    step = source.indent_step
    annotations = source.node("annotations")
    if annotations is None or source.is_null(annotations):
        block = _block(CHANGES, listed, step, step)
        if annotations is None:
            return source.append_lines(["annotations:", *block])
        return source.replace_empty("annotations", block)
    if source.node("annotations", CHANGES) is not None:
        if source.is_flow(annotations):
            return source.scalar_splice(quoted(value), "annotations", CHANGES)
        indent = source.column("annotations", CHANGES)
        header, *body = _block(CHANGES, listed, indent, step)
        return source.block_splice(header.partition(": ")[2], body, "annotations", CHANGES)
    if source.is_flow(annotations):
        pair = f"{json.dumps(CHANGES)}: {quoted(value)}"
        return source.flow_insert(annotations, pair)
    indent = source.first_column(annotations)
    return source.lines_after(source.content_end(annotations), _block(CHANGES, listed, indent, step))


def _block(key: str, listed: Sequence[str], indent: int, step: int) -> list[str]:
    body = [" " * (indent + step) + line for line in listed]
    return [f"{' ' * indent}{key}: |", *body]


def add_dependency(text: bytes, entry: Mapping[str, str], where: str) -> bytes:
    """Chart.yaml with one more dependency, in name order; as it is when the same entry is there.

    Args:
        text: of Chart.yaml.
        entry: `name`, `version`, `repository` and optionally `condition`, in the order in which they are written.
        where: how errors call the file.

    Raises:
        WorkspaceError: another entry of that name is there, or the list cannot be edited.
    """
    present = dependencies(dict(yaml.parse(text, where).mapping))
    for other in present:
        if key_of(other) == key_of(entry):
            if dict(entry) == other:
                return text
            raise WorkspaceError(Problem(where=where, fact=f"has a dependency {key_of(entry)!r} already"))

    def change(data: dict[str, object]) -> None:
        data["dependencies"] = [*dependencies(data), dict(entry)]

    def by_name(data: dict[str, object]) -> dict[str, object]:
        return {**data, "dependencies": sorted(dependencies(data), key=key_of)}

    source = SourceText.read(text, where)
    lines = [f"{'- ' if not index else '  '}{key}: {scalar(value)}" for index, (key, value) in enumerate(entry.items())]
    node = source.node("dependencies")
    if node is None:
        splice = source.append_lines(["dependencies:", *(" " * source.indent_step + line for line in lines)])
    elif not present:
        indented = [" " * source.indent_step + line for line in lines]
        splice = source.replace_empty("dependencies", indented)
    else:
        entries = [Entry(name=key_of(one), node=item) for one, item in zip(present, source.items(node), strict=True)]
        splice = source.insert_in_order(entries, key_of(entry), lines, source.sequence_column(node))
    return checked(text, source.spliced([splice]), change, where, normal=by_name)


def add_member(text: bytes, name: str, members: Sequence[str], comment: str, where: str) -> bytes:
    """An umbrella's values.yaml with `NAME: {enabled: true}` among its members in name order; as it is when it has it.

    Args:
        text: of values.yaml.
        name: key of the new member.
        members: keys of the present members; other keys are passed over.
        comment: written above the new key; none when empty.
        where: how errors call the file.

    Raises:
        WorkspaceError: it cannot be edited.
    """
    data = yaml.parse(text, where).mapping
    if name in data:
        return text

    def change(data: dict[str, object]) -> None:
        data[name] = {"enabled": True}

    source = SourceText.read(text, where)
    lines = [*([f"# {comment}"] if comment else []), f"{name}:", f"{' ' * source.indent_step}enabled: true"]
    entries = [entry for entry in source.entries() if entry.name in members]
    splice = source.insert_in_order(entries, name, lines, 0) if entries else source.append_lines(lines)
    return checked(text, source.spliced([splice]), change, where)


def _set_key(text: bytes, key: str, value: str, where: str, *, after: str) -> bytes:
    def change(data: dict[str, object]) -> None:
        data[key] = value

    source = SourceText.read(text, where)
    if source.node(key) is not None:
        splice = source.scalar_splice(scalar(value), key)
    elif (above := source.node(after)) is not None:
        splice = source.lines_after(source.content_end(above), [f"{key}: {scalar(value)}"])
    else:
        splice = source.append_lines([f"{key}: {scalar(value)}"])
    return checked(text, source.spliced([splice]), change, where)


def checked(
    text: bytes,
    edited: bytes,
    change: Callable[[dict[str, object]], object],
    where: str,
    normal: Callable[[dict[str, object]], dict[str, object]] = lambda data: data,
) -> bytes:
    """The edited text, after reading back that exactly the wanted change is in it."""
    wanted = []
    # A block of text on a last line without a line ending gets one when lines are written below it.
    for before in (text, text + b"\n"):
        wanted.append(copy.deepcopy(dict(yaml.parse(before, where).mapping)))
        change(wanted[-1])
    try:
        found = dict(yaml.parse(edited, where).mapping)
    except WorkspaceError as error:
        raise yaml_edit.refusal(where, error.problems[0].fact) from error
    if normal(found) not in [normal(data) for data in wanted]:
        raise yaml_edit.refusal(where, "the edit would change more than it should")
    return edited


def dependencies(data: Mapping[str, object]) -> list[dict[str, object]]:
    """The entries of Chart.yaml's `dependencies`."""
    entries = data.get("dependencies")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def key_of(entry: Mapping[str, object]) -> str:
    """The key under which a dependency's values are: its alias, else its name."""
    return str(entry.get("alias") or entry.get("name"))


def _quoted(item: Change) -> str:
    return quoted(" ".join(item.description.split()))


def scalar(value: str) -> str:
    """A string as YAML: plain when every parser reads it back as itself, else in double quotes."""
    plain = PLAIN.fullmatch(value) and value == value.strip() and not needs_quotes(value)
    return value if plain else quoted(value)


def quoted(value: str) -> str:
    """A string in double quotes, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=not value.isprintable())
