"""YAML as Helm and kubectl read it, with the line of every key; or refused where readers differ.

The one place that reads and writes YAML: `yaml_scalars` has the rules of Go's parser, `yaml_read` the limits, and
`yaml_write` the quotes that keep text what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import decode
from slipway.util.yaml_read import MAX_NESTING, Duplicate, NotYaml, Path, Reader
from slipway.util.yaml_write import NotWritable, dump, text_of

__all__ = ["MAX_NESTING", "Document", "NotWritable", "NotYaml", "Path", "dump", "load_all", "parse", "text_of"]

MAX_BYTES = 2**20
"""Of a text that people write: the largest of this repository has 30 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document: its data and the line of each key."""

    where: str
    data: object
    lines: Mapping[Path, int]
    """Path of a key → its line, counted from 1; what an alias stands for has no lines of its own."""

    @property
    def mapping(self) -> Mapping[str, object]:
        """The data as a mapping; an empty document is an empty mapping.

        Raises:
            WorkspaceError: the document is a list or a scalar.
        """
        if self.data is None:
            return {}
        if not isinstance(self.data, dict):
            kind = type(self.data).__name__
            raise WorkspaceError(
                Problem(where=self.where, fact=f"must be a mapping, not a {kind}", rule="yaml.mapping")
            )
        return self.data

    def at(self, *path: str) -> str:
        """`file:line` of a key, or of the nearest parent that has one."""
        line = self.line(*path)
        return f"{self.where}:{line}" if line else self.where

    def line(self, *path: str) -> int:
        """The line of a key, or of the nearest parent that has one; 0 for none."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 0)


def parse(text: bytes, where: str) -> Document:
    """Read one document.

    Raises:
        WorkspaceError: not YAML, not UTF-8, too large, more than one document, a key that is duplicated, or a value that
            readers take for different things; with file and line.
    """
    if len(text) > MAX_BYTES:
        fact = f"has {len(text):,} bytes of YAML, more than {MAX_BYTES:,}"
        raise WorkspaceError(Problem(where=where, fact=fact, hint="split it, or move data to files/", rule="yaml.size"))
    reader = Reader(decode(text, where), float64=True)
    try:
        data = reader.single()
    except NotYaml as error:
        place = f"{where}:{error.line}"
        raise WorkspaceError(Problem(where=place, fact=error.fact, hint=error.hint, rule=error.rule)) from error
    if reader.duplicates:
        raise WorkspaceError(duplicate_problem(item, where) for item in reader.duplicates)
    return Document(where=where, data=data, lines=reader.lines)


def duplicate_problem(item: Duplicate, where: str) -> Problem:
    """The problem of a key that is there twice."""
    return Problem(
        where=f"{where}:{item.line}",
        fact=f"key {item.key!r} is duplicated",
        evidence=(f"first at line {item.first}; YAML would silently keep the last one",),
        rule="yaml.duplicate-key",
    )


def load_all(text: str) -> list[object]:
    """Every document of a stream that a program wrote; empty documents are left out.

    Raises:
        NotYaml: not YAML, a key that is duplicated, or a value that readers take for different things; with the line.
    """
    reader = Reader(text)
    found = []
    for document in reader.documents():
        if reader.duplicates:
            first = reader.duplicates[0]
            raise NotYaml(first.line, f"key {first.key!r} is duplicated", rule="yaml.duplicate-key")
        if document is not None:
            found.append(document)
    return found
