"""Edits of a YAML text that keep everything else as it is: nodes with their offsets, and splices. Pure.

Offsets count characters of the decoded text. Only plain block style with ordinary keys is edited; anchors, aliases and
tags at the place of an edit are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import decode

Node = Any
"""A node of ruamel.yaml's composer: `value`, `style`, `flow_style`, `start_mark`, `end_mark`. Its types are not public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """Replace the characters from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key or list item that others are ordered by: its name, and the node at which it starts."""

    name: str
    node: Node
    value: Node = None


def refusal(where: str, fact: str) -> WorkspaceError:
    """A file that must be edited by hand."""
    return WorkspaceError(
        Problem(
            where=where,
            fact="cannot be edited by a program",
            evidence=(fact,),
            hint="write the file in plain block style, without anchors and tags, and run again",
            rule="edit.refused",
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A text with its node tree."""

    text: str
    root: Node
    where: str

    @classmethod
    def read(cls, text: bytes, where: str) -> SourceText:
        """Compose the node tree.

        Raises:
            WorkspaceError: it is not one YAML mapping.
        """
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            decoded = decode(text, where, keep_bom=True)
            root: Node = YAML(typ="safe", pure=True).compose(decoded)
        except YAMLError as error:
            raise refusal(where, str(error).splitlines()[0]) from error
        if root is not None and root.id != "mapping":
            raise refusal(where, "it is not a mapping")
        return cls(text=decoded, root=root, where=where)

    # Finding

    def node(self, *path: str | int) -> Node | None:
        """The value at a path of keys and indices, or None."""
        node: Node = self.root
        for step in path:
            if node is None or node.id != ("sequence" if isinstance(step, int) else "mapping"):
                return None
            if isinstance(step, int):
                node = node.value[step] if step < len(node.value) else None
            else:
                node = next((value for key, value in node.value if key.value == step), None)
        return node

    def key(self, *path: str) -> Node:
        """The key node at the end of a path that exists."""
        parent: Node = self.node(*path[:-1])
        return next(key for key, _ in parent.value if key.value == path[-1])

    def key_end(self, *path: str) -> int:
        """Just after the colon of a key."""
        return self.text.index(":", self.key(*path).end_mark.index) + 1

    def column(self, *path: str) -> int:
        """Column of a key."""
        return int(self.key(*path).start_mark.column)

    def first_column(self, mapping: Node) -> int:
        """Column of a mapping's keys."""
        return int(mapping.value[0][0].start_mark.column)

    def sequence_column(self, sequence: Node) -> int:
        """Column of a block list's dashes.

        Raises:
            WorkspaceError: it is written in brackets.
        """
        if sequence.flow_style:
            raise refusal(self.where, "a list is written in brackets")
        return int(sequence.start_mark.column)

    def items(self, sequence: Node) -> list[Node]:
        """The items of a list."""
        return list(sequence.value)

    def entries(self) -> list[Entry]:
        """The keys of the root."""
        pairs = self.root.value if self.root is not None else []
        return [Entry(name=str(key.value), node=key, value=value) for key, value in pairs]

    def is_null(self, node: Node) -> bool:
        """A key without a value, or with an empty mapping or list in brackets."""
        if node.id == "scalar":
            return node.style is None and node.value in {"", "~", "null", "Null", "NULL"}
        return not node.value

    def is_flow(self, node: Node) -> bool:
        """A mapping in braces."""
        return bool(node.id == "mapping" and node.flow_style)

    @property
    def newline(self) -> str:
        """The line ending of the first line."""
        found = re.search(r"\r?\n", self.text)
        return found.group() if found else "\n"

    @property
    def indent_step(self) -> int:
        """Indentation of the first nested block mapping, 2 when there is none."""
        for _, value in self.root.value if self.root is not None else ():
            if value.id == "mapping" and not value.flow_style and value.value:
                return self.first_column(value) - int(self.root.start_mark.column)
        return 2

    def content_end(self, node: Node) -> int:
        """The end of a node, without the blank lines and comments that follow it."""
        if node.id == "scalar":
            start, end = node.start_mark.index, node.end_mark.index
            return start + len(self.text[start:end].rstrip()) if node.style in {"|", ">"} else int(end)
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        if node.id == "sequence":
            return self._empty_or_end(last, node.start_mark.index)
        key, value = last
        return self._empty_or_end(value, key.end_mark.index)

    def _empty_or_end(self, value: Node, before: int) -> int:
        if value.id == "scalar" and value.start_mark.index == value.end_mark.index:
            # A missing value is marked where the next token starts: go back to its colon or dash.
            return max(before, self._code_end(before, int(value.start_mark.index)))
        return self.content_end(value)

    def _code_end(self, start: int, end: int) -> int:
        marks = [found.end() for found in re.finditer(r"[:-](?=\s|$)", self.text[start:end].split("#", 1)[0])]
        return start + (marks[-1] if marks else 0)

    # Splices

    def spliced(self, splices: Sequence[Splice]) -> bytes:
        """The text with these replacements."""
        text = self.text
        for splice in sorted(splices, key=lambda splice: splice.start, reverse=True):
            text = text[: splice.start] + splice.text + text[splice.end :]
        return text.encode("utf-8")

    def scalar_splice(self, rendered: str, *path: str | int) -> Splice:
        """Another text for a scalar, in the quotes that it had.

        Raises:
            WorkspaceError: it is missing, is not a scalar, or carries an anchor, alias or tag.
        """
        node = self.node(*path)
        if node is None or node.id != "scalar" or node.start_mark.index == node.end_mark.index:
            raise refusal(self.where, f"{'.'.join(map(str, path))} has no text")
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        old = self.text[start:end]
        self._refuse_decoration(old)
        if node.style == "'" and not rendered.startswith('"'):
            rendered = f"'{rendered}'"
        elif node.style == '"' and not rendered.startswith('"'):
            rendered = f'"{rendered}"'
        return Splice(start=start, end=start + len(old.rstrip()), text=rendered)

    def block_splice(self, header: str, body: Sequence[str], *path: str) -> Splice:
        """A literal block in the place of a scalar."""
        node = self.node(*path)
        if node is None or node.id != "scalar":
            raise refusal(self.where, f"{'.'.join(path)} is not text")
        text = self.newline.join([header, *body])
        if self.is_null(node) and node.start_mark.index == node.end_mark.index:
            at = self.key_end(*path)
            return Splice(start=at, end=at, text=f" {text}")
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        old = self.text[start:end]
        self._refuse_decoration(old)
        if node.style in {"|", ">"}:
            end = start + len(old.rstrip())
            comment = old.splitlines()[0].partition(" #")[2]
        else:
            comment = self.text[end : self._line_end(end)].strip().removeprefix("#")
            end = self._line_end(end, with_break=False)
        if comment:
            # A block cannot carry a comment at its end, only behind its sign.
            text = self.newline.join([f"{header} #{comment}", *body])
        return Splice(start=start, end=end, text=text + ("" if self.text[end:] else self.newline))

    def flow_insert(self, mapping: Node, pair: str) -> Splice:
        """One more pair at the end of a mapping in braces."""
        at = self.content_end(mapping) - 1
        before = self.text[:at].rstrip()
        return Splice(start=len(before), end=len(before), text=f" {pair}" if before.endswith(",") else f", {pair}")

    def replace_empty(self, key: str, lines: Sequence[str]) -> Splice:
        """Lines in the place of a missing value, `[]` or `{}`."""
        at = self.key_end(key)
        node = self.node(key)
        end = int(node.end_mark.index) if node is not None and node.id != "scalar" else at
        if node is not None and node.id == "scalar" and node.value:
            end = int(node.end_mark.index)
        tail = self.text[end : self._line_end(end, with_break=False)].rstrip()
        text = tail + "".join(self.newline + line for line in lines)
        end += len(tail)
        return Splice(start=at, end=end, text=text + ("" if self.text[end:] else self.newline))

    def lines_after(self, position: int, lines: Sequence[str]) -> Splice:
        """Whole lines below the line of a position."""
        at = self._line_end(position)
        block = "".join(line + self.newline for line in lines)
        return Splice(start=at, end=at, text=block if self._ends_line(at) else self.newline + block)

    def append_lines(self, lines: Sequence[str]) -> Splice:
        """Whole lines below the last content of the root; what follows it (comments, `...`) stays last."""
        if self.root is None or not self.root.value:
            at = len(self.text)
            block = "".join(line + self.newline for line in lines)
            return Splice(start=at, end=at, text=block if self._ends_line(at) else self.newline + block)
        if self.root.flow_style:
            raise refusal(self.where, "it is written in braces")
        return self.lines_after(self.content_end(self.root), lines)

    def insert_in_order(self, entries: Sequence[Entry], name: str, lines: Sequence[str], indent: int) -> Splice:
        """Lines among entries in name order: before the first greater one and its comment, else after the last."""
        block = [" " * indent + line for line in lines]
        gap = self._blank_between(entries)
        for entry in entries:
            if entry.name > name:
                at = self._with_comments(self._line_start(int(entry.node.start_mark.index)))
                text = "".join(line + self.newline for line in block) + (self.newline if gap else "")
                return Splice(start=at, end=at, text=text)
        last = entries[-1]
        end = self.content_end(last.value if last.value is not None else last.node)
        return self.lines_after(end, [*([""] if gap else []), *block])

    def _refuse_decoration(self, old: str) -> None:
        if old[:1] in {"&", "*", "!"}:
            raise refusal(self.where, f"{old.split(maxsplit=1)[0]!r} is at the place of the edit")

    def _blank_between(self, entries: Sequence[Entry]) -> bool:
        starts = [self._with_comments(self._line_start(int(entry.node.start_mark.index))) for entry in entries[1:]]
        return bool(starts) and all(not self._line_above(start).strip() for start in starts)

    def _line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def _line_end(self, position: int, *, with_break: bool = True) -> int:
        found = self.text.find("\n", position)
        if found < 0:
            return len(self.text)
        return found + 1 if with_break else found - (self.text[found - 1 : found] == "\r")

    def _ends_line(self, position: int) -> bool:
        return position == 0 or self.text[position - 1] == "\n" or self.text[:position] == "\ufeff"

    def _line_above(self, start: int) -> str:
        return self.text[self._line_start(start - 1) : start] if start else ""

    def _with_comments(self, start: int) -> int:
        """The start of the comment lines directly above a line."""
        while start and self._line_above(start).lstrip().startswith("#"):
            start = self._line_start(start - 1)
        return start
