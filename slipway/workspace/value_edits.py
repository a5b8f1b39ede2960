"""Edits of a values file at any depth that leave every other byte as it was. Pure: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.util import yaml
from slipway.util.yaml_edit import Node, SourceText, Splice, refusal
from slipway.workspace.editing import checked, scalar
from slipway.workspace.removal import line_start, lines_of
from slipway.workspace.values import ABSENT, Path, same, value_at

MODELINE = "# yaml-language-server: $schema="
"""A comment that names the schema of a file. Source: the README of redhat-developer/yaml-language-server."""


def with_value(text: bytes, path: Path, value: object, where: str, *, comment: str = "") -> bytes:
    """A values file that sets a value; as it is when it does already.

    Args:
        text: of the file.
        path: keys from the root.
        value: text, a number, a boolean, or a list or mapping of these; text with line breaks becomes a literal block.
        where: how errors call the file.
        comment: written above the first key that is new.

    Raises:
        WorkspaceError: it cannot be edited by a program.
    """
    data = yaml.parse(text, where).mapping
    if (found := value_at(data, path)) is not ABSENT and same(found, value):
        return text
    source = SourceText.read(text, where)
    node = source.node(*path)
    splice = insertion(source, path, value, comment) if node is None else replacement(source, path, value)
    return checked(text, source.spliced([splice]), lambda changed: put(changed, path, value), where)


def is_line(value: object) -> bool:
    """Whether a value is written in one line, behind its key."""
    return not isinstance(value, Mapping | list | tuple) and "\n" not in str(value)


def is_scalar(node: Node) -> bool:
    """Whether a node is text or a number on one line."""
    present = node.start_mark.index != node.end_mark.index
    return bool(node.id == "scalar" and node.style not in {"|", ">"} and present)


def replacement(source: SourceText, path: Path, value: object) -> Splice:
    """Another value for a key; the comments above the key and behind a short value stay."""
    node: Node = source.node(*path)
    in_braces = source.is_flow(mapping_node(source, path[:-1]))
    if is_line(value) and is_scalar(node):
        return source.scalar_splice(rendered(value) if in_braces else one_line(value), *path)
    if in_braces:
        return Splice(start=int(node.start_mark.index), end=int(node.end_mark.index), text=rendered(value))
    indent = " " * source.column(*path)
    lines = [f"{indent}{line}".rstrip() for line in block_lines(path[-1:], value, source.indent_step)]
    start, end = line_start(source, source.key(*path)), max(source.content_end(node), source.key_end(*path))
    return Splice(start=start, end=end, text=source.newline.join(lines))


def mapping_node(source: SourceText, path: Path) -> Node:
    """The node of the mapping at a path; the root for an empty one."""
    return source.node(*path) if path else source.root


def insertion(source: SourceText, path: Path, value: object, comment: str) -> Splice:
    """A key that is new, in the deepest mapping of its path that is there."""
    depth = next((depth for depth in range(len(path) - 1, 0, -1) if is_there(source, path[:depth])), 0)
    parent: Node = mapping_node(source, path[:depth])
    rest = path[depth:]
    step = source.indent_step
    if depth and source.is_flow(parent):
        pair = rendered_pair(rest, value)
        if parent.value:
            return source.flow_insert(parent, pair)
        at = int(parent.start_mark.index) + 1
        return Splice(start=at, end=at, text=pair)
    lines = [*([f"# {comment}"] if comment else []), *block_lines(rest, value, step)]
    if not depth:
        return source.append_lines(lines)
    if parent.id != "mapping":
        raise refusal(source.where, f"{'.'.join(path[:depth])} is no mapping")
    indent = " " * source.first_column(parent)
    return source.lines_after(source.content_end(parent), [f"{indent}{line}" for line in lines])


def is_there(source: SourceText, path: Path) -> bool:
    """Whether a path has a value that keys can be added to; a key without a value is written anew."""
    node = source.node(*path)
    if node is None:
        return False
    if node.id == "scalar" and source.is_null(node):
        raise refusal(source.where, f"{'.'.join(path)} has no value")
    return True


def block_lines(path: Path, value: object, step: int) -> list[str]:
    """The lines of a nested key."""
    heads = [f"{' ' * step * depth}{written_key(key)}:" for depth, key in enumerate(path)]
    if isinstance(value, str) and "\n" in value:
        indent = " " * step * len(path)
        return [*heads[:-1], f"{heads[-1]} |", *(f"{indent}{line}".rstrip() for line in value.splitlines())]
    return [*heads[:-1], f"{heads[-1]} {one_line(value)}"]


def written_key(key: str) -> str:
    """A key of a line of its own."""
    return yaml.text_of({key: 0}).rpartition(":")[0]


def one_line(value: object) -> str:
    """A value behind a key of its own line, without quotes where none are needed."""
    if not isinstance(value, str):
        return rendered(value)
    return yaml.text_of({"": value}).partition(": ")[2].rstrip("\n")


def rendered_pair(path: Path, value: object) -> str:
    """A nested key in braces."""
    first, *rest = path
    return (
        f"{scalar(first)}: {{{rendered_pair(tuple(rest), value)}}}" if rest else f"{scalar(first)}: {rendered(value)}"
    )


def rendered(value: object) -> str:
    """A value in braces, or on one line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(str(key))}: {rendered(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(rendered, value))}]"
    return scalar(value) if isinstance(value, str) else str(value)


def put(data: dict[str, object], path: Path, value: object) -> None:
    """Set a value in nested mappings."""
    *parents, last = path
    for key in parents:
        below = data.setdefault(key, {})
        if not isinstance(below, dict):
            return
        data = below
    data[last] = value


def without_value(text: bytes, path: Path, where: str) -> bytes:
    """A values file without a value, and without the mappings that would be empty then; as it is when it has none.

    Raises:
        WorkspaceError: it cannot be edited by a program.
    """
    data = yaml.parse(text, where).mapping
    if value_at(data, path) is ABSENT:
        return text
    while len(path) > 1 and len(mapping_at(data, path[:-1])) == 1:
        path = path[:-1]
    source = SourceText.read(text, where)
    return checked(text, source.spliced([removed(source, path)]), lambda changed: drop(changed, path), where)


def mapping_at(data: object, path: Path) -> Mapping[str, object]:
    """The mapping at a path that exists."""
    found = value_at(data, path)
    return found if isinstance(found, Mapping) else {}


def removed(source: SourceText, path: Path) -> Splice:
    """A key with its value, replaced by nothing."""
    parent = mapping_node(source, path[:-1])
    names = [str(key.value) for key, _ in parent.value]
    number = names.index(path[-1])
    key, value = parent.value[number]
    if source.is_flow(parent):
        if number + 1 < len(names):
            return Splice(
                start=int(key.start_mark.index), end=int(parent.value[number + 1][0].start_mark.index), text=""
            )
        start = int(parent.value[number - 1][1].end_mark.index) if number else int(key.start_mark.index)
        return Splice(start=start, end=int(value.end_mark.index), text="")
    missing = value.id == "scalar" and value.start_mark.index == value.end_mark.index
    return lines_of(source, line_start(source, key), source.content_end(key if missing else value))


def drop(data: dict[str, object], path: Path) -> None:
    """Remove a value from nested mappings."""
    for key in path[:-1]:
        below = data[key]
        assert isinstance(below, dict)
        data = below
    del data[path[-1]]


def without_marked(text: bytes, mark: str) -> bytes:
    """A values file without the lines that end in a comment."""
    lines = text.decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.rstrip().endswith(mark)).encode()


def with_modeline(text: bytes, schema: str) -> bytes:
    """A file whose first line names its schema for editors; as it is when it names one already."""
    if any(line.startswith(MODELINE) for line in head_of(text)):
        return text
    return f"{MODELINE}{schema}\n".encode() + text


def head_of(text: bytes) -> Sequence[str]:
    """The comments that a file begins with."""
    lines = text.decode("utf-8").splitlines()
    return lines[: next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))]
