"""The page of the library: the whole vocabulary of a service's values, from the schema fragments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table, value
from slipway.docs.pages import services
from slipway.docs.source.parsing import Book
from slipway.docs.source.schema import Map, alternatives, definition_name, mapping, texts, type_name

ROOT = "values"
"""The fragment that a service's schema is."""

INTRO = """\
The values that the library chart `charts/common` accepts.
A service chart consists of values; its only template is `{{- include "common.all" . }}`.
Collections are maps by identifier, so an environment can override a single leaf and remove an entry with `null`.
The schema rejects a key that is not listed here."""

TEMPLATES = """\
“Values may be named” means that the string may contain a template, such as `{{ .Values.global.domain }}`."""


def text(book: Book) -> str:
    """The whole page."""
    names = [ROOT, *sorted(name for name in book.fragments if name != ROOT and is_map(book.fragments[name]))]
    return site_page(
        "# Values of the library chart",
        INTRO,
        TEMPLATES,
        *(section(2, heading(name), described(book, name)) for name in names if name in book.fragments),
        *(
            section(2, f"Default values of {entry.chart.name}", DEFAULTS, services.values(tuple(entry.rows())))
            for entry in book.of_kind(ChartKind.LIBRARY)
        ),
    )


DEFAULTS = "The defaults of every service; a chart sees them as `.Values.common`, and its own values override them."


def is_map(schema: Map) -> bool:
    """Whether a fragment has keys to describe; the others are types of single values."""
    return bool(schema.get("properties"))


def heading(name: str) -> str:
    """Title of a fragment's section; its anchor is the name in small letters."""
    return "Root keys" if name == ROOT else name


def anchor(name: str) -> str:
    """Where a fragment is described on this page."""
    return "#root-keys" if name == ROOT else f"#{name.lower()}"


def described(book: Book, name: str) -> str:
    """A fragment's sentence and its table."""
    schema = book.fragments[name]
    said = str(schema.get("description", ""))
    rows = tuple(keys("", schema, book.fragments))
    return "\n\n".join(
        part for part in (prose(said) if said else "", table(("Key", "Type", "Default", "Description"), rows)) if part
    )


def keys(prefix: str, schema: Map, fragments: Mapping[str, Map]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each key; objects of the fragment's own are followed, those of other fragments are linked."""
    required = texts(schema.get("required"))
    for key, spec in mapping(schema.get("properties")).items():
        yield from one(f"{prefix}{key}", mapping(spec), fragments, required=key in required)


def one(path: str, spec: Map, fragments: Mapping[str, Map], *, required: bool) -> Iterator[tuple[str, str, str, str]]:
    """The rows of one key."""
    said = str(spec.get("description", ""))
    default = "**required**" if required else value(spec.get("default"))
    target, more = below(spec)
    if is_map(mapping(fragments.get(target))):
        linked = f"[{target}]({anchor(target)})"
        said = said or str(fragments[target].get("description", ""))
        kind = f"map of {linked}" if more == "map" else f"list of {linked}" if more == "list" else linked
        yield code(path), kind, default, prose(said)
        return
    yield code(path), prose(type_name(spec, fragments)), default, prose(said)
    yield from keys(f"{path}.", spec, fragments)
    entry = mapping(spec.get("additionalProperties"))
    for choice in alternatives(entry) or [entry]:
        inner = alternatives(choice) or [choice]
        for item in inner:
            yield from keys(f"{path}.<id>.", item, fragments)
    for choice in alternatives(spec):
        yield from keys(f"{path}.", choice, fragments)


def below(spec: Map) -> tuple[str, str]:
    """The fragment that a key leads to, and how: itself, as a map by identifier, or as a list."""
    if isinstance(reference := spec.get("$ref"), str):
        return definition_name(reference), ""
    entry = mapping(spec.get("additionalProperties"))
    for choice in (entry, *alternatives(entry)):
        if isinstance(reference := choice.get("$ref"), str):
            return definition_name(reference), "map"
        if isinstance(reference := mapping(choice.get("items")).get("$ref"), str):
            return definition_name(reference), "map"
    if isinstance(reference := mapping(spec.get("items")).get("$ref"), str):
        return definition_name(reference), "list"
    return EMPTY, ""
