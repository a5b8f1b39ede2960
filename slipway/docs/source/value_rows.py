"""A chart's values as table rows: key, type, default and description. Pure.

Types and descriptions come from the schema; the comment above a key of values.yaml is appended to its description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.markdown import EMPTY, prose
from slipway.docs.source.schema import Map, alternatives, child, resolve, schema_type
from slipway.util.mapping import dig
from slipway.util.yaml import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRow:
    """A key of the values."""

    path: Path
    type: str
    default: object
    description: str
    note: str = ""
    """The comment above the key in values.yaml."""

    @property
    def key(self) -> str:
        """The dotted path."""
        return dotted(self.path)


def dotted(path: Path) -> str:
    """`a.b.c`; a key that contains a dot is quoted."""
    return ".".join(f'"{part}"' if "." in part else part for part in path)


def description(row: ValueRow) -> str:
    """The schema's description and the comment, unless both are equal."""
    text = prose(row.description) if row.description else ""
    note = prose(row.note) if row.note else ""
    if note.rstrip(".") == text.rstrip("."):
        note = ""
    return " ".join(part for part in (text, f"*{note}*" if note else "") if part) or EMPTY


def rows(values: Map, schema: Map, notes: Mapping[Path, str]) -> Iterator[ValueRow]:
    """A row for each leaf of the values, in file order.

    Args:
        values: the chart's values.yaml.
        schema: its bundled schema.
        notes: path of a key → the comment above it.
    """
    definitions = dig(schema, "definitions")
    walk = Walk(definitions=definitions, notes=notes)
    yield from walk.rows((), values, resolve(schema, definitions), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A simultaneous walk through values and their schema."""

    definitions: Map
    notes: Mapping[Path, str]

    def rows(self, path: Path, data: object, schema: Map, note: str) -> Iterator[ValueRow]:
        """The rows below a path; `note` is the comment of the parent maps."""
        # A value with alternative types, such as an environment variable, is a single row.
        if path and (len(alternatives(schema)) > 1 or not isinstance(data, Mapping) or not data):
            kind, text = schema_type(schema, self.definitions), str(schema.get("description", ""))
            yield ValueRow(path=path, type=kind, default=data, description=text, note=note)
            return
        for position, (key, item) in enumerate(dig(data).items()):
            here = (*path, str(key))
            # The comment above a map is shown at its first leaf.
            comment = sentences(note if position == 0 else "", self.notes.get(here, ""))
            yield from self.rows(here, item, child(schema, str(key), self.definitions), comment)


def sentences(*parts: str) -> str:
    """Texts joined with a full stop between them."""
    found = [part for part in parts if part]
    return " ".join(part if part[-1] in ".!?:;" or part is found[-1] else f"{part}." for part in found)


def comments(text: str, lines: Mapping[Path, int]) -> dict[Path, str]:
    """The comment lines directly above each key of a YAML file.

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
