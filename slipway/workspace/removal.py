"""Edits that take a member out of an umbrella and leave every other byte as it was. Pure: bytes in, bytes out."""

from __future__ import annotations

from slipway.util import yaml
from slipway.util.yaml_edit import Entry, Node, SourceText, Splice
from slipway.workspace.editing import checked, dependencies


def remove_dependency(text: bytes, key: str, where: str) -> bytes:
    """Chart.yaml without a dependency, named by its alias if it has one; as it is when it has no such entry.

    Raises:
        WorkspaceError: the list cannot be edited by a program.
    """
    present = dependencies(dict(yaml.parse(text, where).mapping))
    names = [str(one.get("alias") or one.get("name")) for one in present]
    if key not in names:
        return text
    rest = [one for name, one in zip(names, present, strict=True) if name != key]

    def change(data: dict[str, object]) -> None:
        data["dependencies"] = rest

    source = SourceText.read(text, where)
    node: Node = source.node("dependencies")
    source.sequence_column(node)
    if not rest:
        start, end = line_start(source, source.key("dependencies")), source.content_end(node)
        return checked(
            text, source.spliced([lines_of(source, start, end)]), lambda data: data.pop("dependencies"), where
        )
    items = source.items(node)
    splices = [
        lines_of(source, line_start(source, item), source.content_end(item))
        for name, item in zip(names, items, strict=True)
        if name == key
    ]
    return checked(text, source.spliced(splices), change, where)


def remove_key(text: bytes, key: str, where: str) -> bytes:
    """A values file without a key of its root and the comment directly above it; as it is when it does not have it.

    Raises:
        WorkspaceError: it cannot be edited by a program.
    """
    if key not in yaml.parse(text, where).mapping:
        return text
    source = SourceText.read(text, where)
    return checked(text, source.spliced([whole(source, key)]), lambda data: data.pop(key), where)


def lines_of_key(text: bytes, key: str, where: str) -> list[str]:
    """The lines that `remove_key` takes out."""
    source = SourceText.read(text, where)
    taken = whole(source, key)
    return source.text[taken.start : taken.end].splitlines()


def whole(source: SourceText, key: str) -> Splice:
    """A key of the root with its value and the comment directly above it, replaced by nothing."""
    (entry,) = (one for one in source.entries() if one.name == key)
    start = with_comments(source, line_start(source, entry.node))
    return lines_of(source, start, source.content_end(entry.node if is_missing(entry) else entry.value))


def is_missing(entry: Entry) -> bool:
    """A key without a value."""
    return bool(entry.value.id == "scalar" and entry.value.start_mark.index == entry.value.end_mark.index)


def line_start(source: SourceText, node: Node) -> int:
    """Where the line of a node starts."""
    return source.text.rfind("\n", 0, int(node.start_mark.index)) + 1


def with_comments(source: SourceText, start: int) -> int:
    """Where the comment lines directly above a line start."""
    while start and source.text[source.text.rfind("\n", 0, start - 1) + 1 : start].startswith("#"):
        start = source.text.rfind("\n", 0, start - 1) + 1
    return start


def lines_of(source: SourceText, start: int, end: int) -> Splice:
    """Whole lines, from the start of one to the end of that of a position."""
    found = source.text.find("\n", end)
    return Splice(start=start, end=len(source.text) if found < 0 else found + 1, text="")
