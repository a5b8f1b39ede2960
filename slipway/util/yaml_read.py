"""The events of a YAML text → data as Helm and kubectl have it, with the line of every key, within limits. Pure.

PyYAML's C scanner gives the events, whose syntax is that of Go's parser: both are libyaml. What they mean is decided
here, so that no depth, alias or merge can cost more than the limits allow.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import yaml

from slipway.util.yaml_scalars import Unreadable, inexact, key_of, resolved

Path = tuple[str, ...]
"""Keys from the root of a document; list items by their index."""

MAX_NESTING = 64
"""Levels; far more than any file here has, and few enough for recursive functions."""

MAX_ALIASED = 10_000
"""Values that aliases and merge keys may stand for, each counted as often as it is used."""
FEW_ALIASED = 900
MOST_ALIASED = 50
"""Above the first number, at most so many for each value that is written out; Go's parser refuses at 99."""

QUOTE = "put it in quotes"

Event = Any
"""An event of PyYAML; its types are not public."""

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotYaml(ValueError):
    """A text that cannot be read as one value, or not alike by all readers."""

    def __init__(self, line: int, fact: str, hint: str = "", rule: str = "yaml.syntax") -> None:
        super().__init__(f"line {line}: {fact}")
        self.line, self.fact, self.hint, self.rule = line, fact, hint, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A key that is there twice."""

    key: str
    line: int
    first: int


@dataclass(slots=True, kw_only=True)
class Anchored:
    """What an anchor names; without a value while it is being read."""

    value: object = None
    size: int = 0
    complete: bool = False


@dataclass(slots=True)
class Reader:
    """One stream."""

    text: str
    float64: bool = False
    """Whether integers that a float64 does not hold exactly are refused: Helm reads values so, kubectl does not."""
    lines: dict[Path, int] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    anchors: dict[str, Anchored] = field(default_factory=dict)
    size: int = 0
    aliased: int = 0
    _parser: Any = None

    def single(self) -> object:
        """The data of the only document.

        Raises:
            NotYaml: see `value`; or there is another document.
        """
        documents = self.documents()
        for found in documents:
            if (following := self.event()).__class__ is not yaml.StreamEndEvent:
                line = following.start_mark.line + 1
                raise NotYaml(line, "is not YAML: expected a single document in the stream", "keep one document")
            documents.close()
            return found
        return None

    def documents(self) -> Generator[object]:
        """The data of each document; `lines` and `duplicates` are those of the last one.

        Raises:
            NotYaml: see `value`.
        """
        if (position := self.text.find("\ufeff")) >= 0:
            line = self.text.count("\n", 0, position) + 1
            fact = "has a byte order mark that is not at the start of the file, which readers of YAML treat differently"
            raise NotYaml(line, fact, "remove it (U+FEFF)")
        self._parser = _Parser(self.text)
        try:
            self.event()
            while (start := self.event()).__class__ is not yaml.StreamEndEvent:
                if start.version or start.tags:
                    raise NotYaml(start.start_mark.line + 1, "begins with a directive", "remove the line with %")
                self.anchors, self.lines, self.duplicates = {}, {}, []
                self.size = self.aliased = 0
                found = self.value(self.event(), (), 0)
                self.event()
                yield found
        finally:
            self._parser.dispose()

    def event(self) -> Event:
        """The next event."""
        try:
            return self._parser.get_event()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            fact = f"is not YAML: {error.problem or error.context}"
            raise NotYaml(mark.line + 1 if mark else 1, fact) from error
        except yaml.reader.ReaderError as error:
            number = self.text.count("\n", 0, error.position) + 1
            fact = f"is not YAML: {error.reason} (U+{int(error.character):04X})"
            raise NotYaml(number, fact) from error

    def value(self, event: Event, path: Path, depth: int) -> object:
        """The value that begins with an event.

        Raises:
            NotYaml: not YAML, beyond a limit, or not read alike by all readers; with its line.
        """
        kind = event.__class__
        self.size += 1
        if kind is yaml.ScalarEvent:
            value = self.scalar(event)
            if event.anchor is not None:
                self.anchors[event.anchor] = Anchored(value=value, size=1, complete=True)
            return value
        if kind is yaml.AliasEvent:
            return self.alias(event).value
        if depth >= MAX_NESTING:
            raise NotYaml(event.start_mark.line + 1, f"is not YAML: more than {MAX_NESTING} levels of nesting")
        if event.tag is not None:
            raise tagged(event)
        if event.anchor is None:
            return self.collection(event, path, depth)
        anchored = self.anchors[event.anchor] = Anchored()
        before = self.size + self.aliased
        anchored.value = self.collection(event, path, depth)
        anchored.size, anchored.complete = self.size + self.aliased - before + 1, True
        return anchored.value

    def collection(self, event: Event, path: Path, depth: int) -> object:
        """A mapping or a list."""
        if event.__class__ is yaml.MappingStartEvent:
            return self.mapping(path, depth + 1)
        found: list[object] = []
        while (item := self.event()).__class__ is not yaml.SequenceEndEvent:
            here = (*path, str(len(found)))
            self.lines[here] = item.start_mark.line + 1
            found.append(self.value(item, here, depth + 1))
        return found

    def mapping(self, path: Path, depth: int) -> dict[str, object]:
        """A mapping; a merge key adds what is not written out."""
        found: dict[str, object] = {}
        written: dict[str, int] = {}
        merged = 0
        while (event := self.event()).__class__ is not yaml.MappingEndEvent:
            line = event.start_mark.line + 1
            if event.__class__ is yaml.ScalarEvent and event.value == "<<" and event.implicit[0]:
                if merged:
                    raise NotYaml(line, "has a second merge key '<<'", "give the first one a list of aliases")
                merged = line
                self.merge(found, written, line, path, depth)
                continue
            key = self.key(event)
            here = (*path, key)
            if key in written:
                self.duplicates.append(Duplicate(key=key, line=line, first=written[key]))
            written.setdefault(key, line)
            self.lines[here] = line
            found[key] = self.value(self.event(), here, depth)
        return found

    def merge(self, found: dict[str, object], written: dict[str, int], line: int, path: Path, depth: int) -> None:
        """Add the keys of `<<`: one mapping, or a list of which earlier ones win."""
        given = self.value(self.event(), (*path, "<<"), depth)
        several = given if isinstance(given, list) else [given]
        for item in reversed(several):
            if not isinstance(item, dict):
                raise NotYaml(line, "the value of '<<' is not a mapping", "write the keys, or an alias of a mapping")
            if both := sorted(item.keys() & written.keys()):
                fact = f"'<<' stands below the key {both[0]!r}, which it has too: Helm takes the one of '<<'"
                raise NotYaml(line, fact, "write '<<' as the first key of the mapping")
            self.spend(len(item), line)
            found.update(item)

    def key(self, event: Event) -> str:
        """A key, which is text whatever it looks like."""
        line = event.start_mark.line + 1
        self.size += 1
        if event.__class__ is not yaml.ScalarEvent:
            raise NotYaml(line, "a key is not text", "write the key as text", "yaml.key")
        if event.tag is not None:
            raise tagged(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchored(value=event.value, size=1, complete=True)
        text: str = event.value
        if not event.implicit[0]:
            return text
        if (key := key_of(text)) is None:
            raise NotYaml(line, f"the key {text or 'null'} is not read as this text", QUOTE, "yaml.key")
        return key

    def scalar(self, event: Event) -> object:
        """The value of a scalar."""
        if event.tag is not None:
            raise tagged(event)
        if not event.implicit[0]:
            return event.value
        try:
            value = resolved(event.value)
        except Unreadable as error:
            line = event.start_mark.line + 1
            raise NotYaml(line, f"{event.value} {error.fact}", QUOTE, "yaml.number") from None
        if self.float64 and inexact(event.value, value):
            fact = f"{event.value} is an integer that Helm does not hold exactly: more than 2^53"
            raise NotYaml(event.start_mark.line + 1, fact, QUOTE, "yaml.number")
        return value

    def alias(self, event: Event) -> Anchored:
        """What an alias stands for."""
        line = event.start_mark.line + 1
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            raise NotYaml(line, f"is not YAML: found undefined alias {event.anchor!r}")
        if not anchored.complete:
            raise NotYaml(line, f"is not YAML: the alias *{event.anchor} is inside its own anchor", "write the value")
        self.spend(anchored.size, line)
        return anchored

    def spend(self, size: int, line: int) -> None:
        """Count what aliases stand for."""
        self.aliased += size
        many = self.aliased > FEW_ALIASED and self.aliased > MOST_ALIASED * self.size
        if self.aliased > MAX_ALIASED or many:
            fact = f"is not YAML: aliases stand for {self.aliased:,} values"
            raise NotYaml(line, fact, "write the values without aliases", "yaml.aliases")


def tagged(event: Event) -> NotYaml:
    """The problem of a tag."""
    shown = str(event.tag).replace("tag:yaml.org,2002:", "!!")
    fact = f"has the tag {shown}, which readers of YAML treat differently"
    hint = "remove the tag, and put text in quotes" if event.__class__ is yaml.ScalarEvent else "remove the tag"
    return NotYaml(event.start_mark.line + 1, fact, hint, "yaml.tag")
