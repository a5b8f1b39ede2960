"""Two JSON schemas of values → evidence: what was allowed before and is refused now, and the reverse. Pure.

Draft-07. What cannot be proved to be no narrowing (another `not`, `if`, a rewritten `anyOf`) counts as one: a version that
rises too far costs nothing, one that hides a breaking change does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.util.mapping import shown, type_name
from slipway.versioning.levels import ChangeKind, Evidence, Level

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "not", "if", "then", "else", "dependencies", "contains")
MAX_DEPTH = 64

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One difference at one path; `*` matches any identifier."""

    path: tuple[str, ...]
    level: Level
    kind: ChangeKind
    fact: str

    @property
    def evidence(self) -> Evidence:
        """As an item of a changelog."""
        name = ".".join(self.path)
        if self.fact in {"removed", "added"}:
            fact = f"value `{name}` {self.fact}"
        else:
            fact = f"value `{name}`: {self.fact}" if name else f"values: {self.fact}"
        return Evidence(level=self.level, kind=self.kind, path=self.path, fact=fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The schema documents of one side, by file name, for references between them."""

    files: Mapping[str, Schema]

    def resolve(self, schema: object, file: str) -> tuple[Schema, str]:
        """A schema with its reference followed, and its file."""
        for _ in range(MAX_DEPTH):
            if isinstance(schema, bool):
                return ({} if schema else {"not": {}}), file
            if not isinstance(schema, Mapping):
                return {}, file
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema, file
            name, _, pointer = reference.partition("#")
            target = name.rpartition("/")[2] or file
            found: object = self.files.get(target)
            if found is None:
                return {"$ref": reference}, file
            for part in filter(None, pointer.split("/")):
                key = part.replace("~1", "/").replace("~0", "~")
                found = found.get(key) if isinstance(found, Mapping) else None
            schema, file = found, target
        return {}, file


def compare_schemas(old: Mapping[str, Schema], new: Mapping[str, Schema], root: str) -> Iterator[SchemaChange]:
    """What differs between the schema documents of two charts, seen from the document `root`.

    Args:
        old: file name → document.
        new: the same of the present chart.
        root: the document that values are checked against.
    """
    if canonical(old) == canonical(new):
        return
    comparison = _Comparison(old=Documents(files=old), new=Documents(files=new), open_pairs=frozenset(), done={})
    yield from comparison.compare(old.get(root, {}), root, new.get(root, {}), root, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    old: Documents
    new: Documents
    open_pairs: frozenset[tuple[int, int]]
    """Pairs that are being compared further up: a schema that refers to itself ends here."""
    done: dict[tuple[int, int], tuple[Schema, Schema, tuple[SchemaChange, ...]]]
    """Pairs that were compared, by identity, with their changes below them; it keeps them alive, so identities stay true."""

    def compare(
        self, old: object, old_file: str, new: object, new_file: str, path: tuple[str, ...]
    ) -> Iterator[SchemaChange]:
        before, old_file = self.old.resolve(old, old_file)
        after, new_file = self.new.resolve(new, new_file)
        pair = (id(before), id(after))
        if pair in self.open_pairs or len(self.open_pairs) > MAX_DEPTH or not (before or after):
            return
        if pair not in self.done:
            below = replace(self, open_pairs=self.open_pairs | {pair})
            found = tuple(below.all(before, old_file, after, new_file))
            self.done[pair] = (before, after, found)
        for change in self.done[pair][2]:
            yield replace(change, path=(*path, *change.path))

    def all(self, old: Schema, old_file: str, new: Schema, new_file: str) -> Iterator[SchemaChange]:
        yield from compare_types(old, new, ())
        yield from compare_choices(old, new, ())
        yield from compare_bounds(old, new, ())
        yield from self.objects(old, old_file, new, new_file, ())
        yield from self.parts(old, old_file, new, new_file, ())

    def objects(
        self, old: Schema, old_file: str, new: Schema, new_file: str, path: tuple[str, ...]
    ) -> Iterator[SchemaChange]:
        before, after = mapping(old, "properties"), mapping(new, "properties")
        for key in sorted({*before, *after}):
            here = (*path, key)
            if key not in after:
                if (rest := new.get("additionalProperties", True)) is False:
                    yield SchemaChange(path=here, level=Level.MAJOR, kind=ChangeKind.REMOVED, fact="removed")
                else:
                    yield from self.compare(before[key], old_file, rest, new_file, here)
            elif key not in before:
                rest = old.get("additionalProperties", True)
                if isinstance(rest, Mapping):
                    yield from self.compare(rest, old_file, after[key], new_file, here)
                else:
                    yield SchemaChange(path=here, level=Level.MINOR, kind=ChangeKind.ADDED, fact="added")
            else:
                yield from self.compare(before[key], old_file, after[key], new_file, here)
        yield from self.others(old, old_file, new, new_file, path)
        for key in sorted(set(strings(new, "required")) - set(strings(old, "required"))):
            yield narrowed((*path, key), "is required now")
        for key in sorted(set(strings(old, "required")) - set(strings(new, "required"))):
            if key in after:
                yield widened((*path, key), "is no longer required")

    def others(
        self, old: Schema, old_file: str, new: Schema, new_file: str, path: tuple[str, ...]
    ) -> Iterator[SchemaChange]:
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        here = (*path, "*")
        if before is not False and after is False:
            yield narrowed(path, "accepts no other keys now")
        elif before is False and after is not False:
            yield widened(path, "accepts other keys")
        elif before != after or isinstance(before, Mapping):
            yield from self.compare(before, old_file, after, new_file, here)
        old_patterns, new_patterns = mapping(old, "patternProperties"), mapping(new, "patternProperties")
        for pattern in sorted({*old_patterns, *new_patterns}):
            fallback_old, fallback_new = old_patterns.get(pattern, before), new_patterns.get(pattern, after)
            yield from self.compare(fallback_old, old_file, fallback_new, new_file, here)
        if "propertyNames" in old or "propertyNames" in new:
            yield from self.compare(
                old.get("propertyNames", {}), old_file, new.get("propertyNames", {}), new_file, here
            )

    def parts(
        self, old: Schema, old_file: str, new: Schema, new_file: str, path: tuple[str, ...]
    ) -> Iterator[SchemaChange]:
        items, more = old.get("items", {}), new.get("items", {})
        if isinstance(items, (Mapping, bool)) and isinstance(more, (Mapping, bool)):
            yield from self.compare(items, old_file, more, new_file, (*path, "[]"))
        elif items != more:
            yield narrowed((*path, "[]"), "another list of item types")
        for word in ("anyOf", "oneOf", "allOf"):
            before, after = branches(old, word), branches(new, word)
            texts = [canonical(part) for part in before], [canonical(part) for part in after]
            if len(before) == len(after):
                for left, right in zip(before, after, strict=True):
                    yield from self.compare(left, old_file, right, new_file, path)
            elif subset(*texts) if word != "allOf" else subset(*reversed(texts)):
                # No alternative at all allows everything, so the first one narrows.
                wider = bool(before) if word != "allOf" else True
                yield widened(path, f"{word} allows more") if wider else narrowed(path, f"has {word} now")
            elif word != "allOf" and not after:
                yield widened(path, f"{word} is gone")
            else:
                yield narrowed(path, f"{word} allows less, or something else")


def compare_types(old: Schema, new: Schema, path: tuple[str, ...]) -> Iterator[SchemaChange]:
    """Types that are no longer allowed, or newly."""
    before, after = types(old), types(new)
    lost = {one for one in before if one not in after and not (one == "integer" and "number" in after)}
    if lost:
        yield narrowed(path, f"no longer {' or '.join(sorted(lost))}")
    gained = {one for one in after if one not in before and not (one == "integer" and "number" in before)}
    if gained and not lost:
        yield widened(path, f"may be {' or '.join(sorted(gained))}")


def compare_choices(old: Schema, new: Schema, path: tuple[str, ...]) -> Iterator[SchemaChange]:
    """Closed lists of values."""
    before, after = choices(old), choices(new)
    if before == after:
        return
    if after is None:
        yield widened(path, "may be any value")
    elif before is None:
        yield narrowed(path, f"may only be {', '.join(shown(one) for one in after.values())}")
    else:
        if lost := [shown(before[key]) for key in before if key not in after]:
            yield narrowed(path, f"may no longer be {', '.join(lost)}")
        if gained := [shown(after[key]) for key in after if key not in before]:
            yield widened(path, f"may be {', '.join(gained)}")


def compare_bounds(old: Schema, new: Schema, path: tuple[str, ...]) -> Iterator[SchemaChange]:
    """Limits, patterns, and what can only be compared for being the same."""
    for words, grows in ((LOWER, 1), (UPPER, -1)):
        for word in words:
            before, after = old.get(word), new.get(word)
            if before == after:
                continue
            tighter = after is not None and (before is None or grows * (number(after) - number(before)) > 0)
            fact = f"{word} {shown(before)} → {shown(after)}".replace("null", "none")
            yield narrowed(path, fact) if tighter else widened(path, fact)
    for word in EXACT:
        if (word not in old and word not in new) or canonical(old.get(word)) == canonical(new.get(word)):
            continue
        if word in new and not (word == "uniqueItems" and new[word] is False):
            yield narrowed(path, f"has another {word}" if word in old else f"has a {word} now")
        elif word not in {"if", "then", "else"} or "if" not in old:
            yield widened(path, f"{word} is gone")
    if old.get("$ref") != new.get("$ref"):
        yield narrowed(path, f"refers to {shown(new.get('$ref'))}, which is not in the chart")


def narrowed(path: tuple[str, ...], fact: str) -> SchemaChange:
    """Something that was allowed is refused."""
    return SchemaChange(path=path, level=Level.MAJOR, kind=ChangeKind.CHANGED, fact=fact)


def widened(path: tuple[str, ...], fact: str) -> SchemaChange:
    """Something that was refused is allowed."""
    return SchemaChange(path=path, level=Level.MINOR, kind=ChangeKind.ADDED, fact=fact)


ALL_TYPES = frozenset({"null", "boolean", "number", "integer", "string", "array", "object"})


def types(schema: Schema) -> frozenset[str]:
    """The allowed types; those of its values for a closed list, all of them when the schema names none."""
    named = schema.get("type")
    listed = choices(schema)
    if named is None and listed is not None:
        return frozenset(type_name(value) for value in listed.values())
    if isinstance(named, str):
        return frozenset({named})
    return frozenset(str(one) for one in named) if isinstance(named, list) else ALL_TYPES


def choices(schema: Schema) -> dict[str, object] | None:
    """JSON text → value of `enum` or `const`; None when any value will do."""
    if "const" in schema:
        return {canonical(schema["const"]): schema["const"]}
    listed = schema.get("enum")
    return {canonical(one): one for one in listed} if isinstance(listed, list) else None


def mapping(schema: Schema, word: str) -> Mapping[str, object]:
    """A keyword whose value is schemas by name."""
    found = schema.get(word)
    return found if isinstance(found, Mapping) else {}


def strings(schema: Schema, word: str) -> tuple[str, ...]:
    """A keyword whose value is a list of names."""
    found = schema.get(word)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def branches(schema: Schema, word: str) -> list[object]:
    """A keyword whose value is a list of schemas."""
    found = schema.get(word)
    return list(found) if isinstance(found, list) else []


def subset(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether every text of one list is in the other."""
    return set(part) <= set(whole)


def number(value: object) -> float:
    """A limit as a number."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def canonical(value: object) -> str:
    """A schema or value as text: equal texts are equal values."""
    return json.dumps(value, sort_keys=True, default=str)
