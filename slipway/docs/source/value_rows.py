"""A chart's values as rows: key, type, default and description. Pure.

The types and descriptions are the schema's; what a comment in values.yaml says above a key is added to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.markdown import EMPTY, prose
from slipway.docs.source.schema import Map, alternatives, child, mapping, resolve, type_name
from slipway.util.yaml import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value that can be set."""

    path: Path
    type: str
    default: object
    description: str
    note: str = ""
    """The comment above it in values.yaml."""

    @property
    def key(self) -> str:
        """The path as people write it."""
        return dotted(self.path)


def dotted(path: Path) -> str:
    """`a.b.c`; a key with a dot of its own is quoted."""
    return ".".join(f'"{part}"' if "." in part else part for part in path)


def said(row: Row) -> str:
    """The schema's description, and what the comment adds to it."""
    description = prose(row.description) if row.description else ""
    note = prose(row.note) if row.note else ""
    if note.rstrip(".") == description.rstrip("."):
        note = ""
    return " ".join(part for part in (description, f"*{note}*" if note else "") if part) or EMPTY


def rows(values: Map, schema: Map, notes: Mapping[Path, str]) -> Iterator[Row]:
    """A row for each leaf of the values, in their order.

    Args:
        values: the chart's values.yaml.
        schema: its bundled schema.
        notes: path of a key → the comment above it.
    """
    definitions = mapping(schema.get("definitions"))
    walk = Walk(definitions=definitions, notes=notes)
    yield from walk.below((), values, resolve(schema, definitions), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A way through values and their schema at once."""

    definitions: Map
    notes: Mapping[Path, str]

    def below(self, path: Path, data: object, schema: Map, note: str) -> Iterator[Row]:
        """The rows of what lies under a path; `note` is what was said about the maps that begin with it."""
        # An entry that may be several things, such as a variable, is one row: its keys are no settings of their own.
        if path and (len(alternatives(schema)) > 1 or not isinstance(data, Mapping) or not data):
            kind, said = type_name(schema, self.definitions), str(schema.get("description", ""))
            yield Row(path=path, type=kind, default=data, description=said, note=note)
            return
        for position, (key, item) in enumerate(mapping(data).items()):
            here = (*path, str(key))
            # What is said about a map is said at its first leaf.
            said = sentences(note if position == 0 else "", self.notes.get(here, ""))
            yield from self.below(here, item, child(schema, str(key), self.definitions), said)


def sentences(*parts: str) -> str:
    """Texts one after the other, with a full stop between them."""
    said = [part for part in parts if part]
    return " ".join(part if part[-1] in ".!?:;" or part is said[-1] else f"{part}." for part in said)


def comments(text: str, lines: Mapping[Path, int]) -> dict[Path, str]:
    """The comment lines right above each key of a YAML file.

    Args:
        text: the file.
        lines: path → line, counted from 1.
    """
    source = text.splitlines()
    starts: dict[int, Path] = {}
    for path, line in lines.items():
        starts.setdefault(line, path)
    found: dict[Path, str] = {}
    for line, path in starts.items():
        above: list[str] = []
        index = line - 2
        while index >= 0 and source[index].strip().startswith("#"):
            above.append(source[index].strip().lstrip("#").removeprefix(" --").strip())
            index -= 1
        if above:
            found[path] = " ".join(reversed(above))
    return found
