"""YAML read once, with the line of every key.

PyYAML's C loader gives the same YAML 1.1 data that Helm's parser sees, and marks from which errors get their line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import decode

Path = tuple[str, ...]
"""Keys from the root of a document; list items by their index."""

MAX_NESTING = 64
"""Levels; far more than any file here has, and few enough for recursive functions."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document: its data and the line of each key."""

    where: str
    data: object
    lines: Mapping[Path, int]
    """Path of a key → its line, counted from 1."""

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
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return f"{self.where}:{self.lines[path[:end]]}"
        return self.where


def parse(text: bytes, where: str) -> Document:
    """Read one document.

    Raises:
        WorkspaceError: not YAML, not UTF-8, more than one document, or a key that is duplicated; with file and line.
    """
    loader = None
    try:
        loader = _Loader(decode(text, where))
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        problems: list[Problem] = []
        if node is not None:
            _walk(node, (), where, lines, problems)
        if problems:
            raise WorkspaceError(problems)
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{where}:{mark.line + 1}" if mark else where
        raise WorkspaceError(
            Problem(where=line, fact=f"is not YAML: {error.problem or error.context}", rule="yaml.syntax")
        ) from error
    except yaml.reader.ReaderError as error:
        number = text.count(b"\n", 0, error.position) + 1
        fact = f"is not YAML: {error.reason} (U+{int(error.character):04X})"
        raise WorkspaceError(Problem(where=f"{where}:{number}", fact=fact, rule="yaml.syntax")) from error
    except (yaml.YAMLError, ValueError) as error:
        fact = str(error).splitlines()[0]
        raise WorkspaceError(Problem(where=where, fact=f"is not YAML: {fact}", rule="yaml.syntax")) from error
    finally:
        if loader is not None:
            loader.dispose()
    return Document(where=where, data=data, lines=lines)


def _walk(node: yaml.Node, path: Path, where: str, lines: dict[Path, int], problems: list[Problem]) -> None:
    if len(path) > MAX_NESTING:
        problem = f"more than {MAX_NESTING} levels of nesting, or an alias inside its own anchor"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            line = key.start_mark.line + 1
            if here in lines:
                problems.append(
                    Problem(
                        where=f"{where}:{line}",
                        fact=f"key {key.value!r} is duplicated",
                        evidence=(f"first at line {lines[here]}; YAML would silently keep the last one",),
                        rule="yaml.duplicate-key",
                    )
                )
            lines[here] = line
            _walk(value, here, where, lines, problems)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*path, str(index))
            lines[here] = item.start_mark.line + 1
            _walk(item, here, where, lines, problems)


def dump(data: object) -> bytes:
    """YAML with sorted keys and block style: the same data gives the same bytes."""
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=2**20)
    return text.encode("utf-8") if isinstance(text, str) else bytes(text)


def load_all(text: str) -> list[object]:
    """Every document of a rendered stream; empty documents are left out."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
