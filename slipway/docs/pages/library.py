"""The reference of the library chart's values, a page for each schema fragment. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table, value
from slipway.docs.pages import chart_parts
from slipway.docs.source.parsing import ParsedWorkspace
from slipway.docs.source.schema import Map, alternatives, definition_name, schema_type, texts
from slipway.util.mapping import dig

ROOT = "values"
"""The fragment with the root keys of a service chart."""

INTRO = """\
The values that the library chart `charts/common` accepts.
A service chart consists of values; its only template is `{{- include "common.all" . }}`.
Collections are maps by identifier, so an environment can override a single leaf and remove an entry with `null`.
The schema rejects a key that is not listed here."""

TEMPLATES = """\
“Templated” means that the string may contain a template, such as `{{ .Values.global.domain }}`."""


PATH = "reference/library"
"""Path below docs/ of the index without `.md`, and the folder of the other pages."""
DEFAULTS_PAGE = "defaults"


def pages(parsed: ParsedWorkspace) -> dict[str, str]:
    """Path below docs/ → text: the index with the root keys, a page for each fragment, and the defaults."""
    names = sorted(name for name, schema in parsed.fragments.items() if name != ROOT and is_map(schema))
    made = {f"{PATH}/{name}.md": fragment_page(parsed, name) for name in names}
    for entry in parsed.of_kind(ChartKind.LIBRARY):
        rows = chart_parts.values(tuple(entry.rows()))
        made[f"{PATH}/{DEFAULTS_PAGE}.md"] = site_page("# Library: default values", BACK, DEFAULTS, rows)
    return {f"{PATH}.md": index(parsed, names), **made}


BACK = "[Values of the library chart](../library.md)"


def index(parsed: ParsedWorkspace, names: list[str]) -> str:
    """The root keys, and the list of all other pages."""
    rows = (
        (f"[`{name}`](library/{name}.md){{#{name.lower()}}}", prose(str(parsed.fragments[name].get("description", ""))))
        for name in names
    )
    root = fragment_section(parsed, ROOT).replace("](", "](library/") if ROOT in parsed.fragments else ""
    return site_page(
        "# Values of the library chart",
        INTRO,
        TEMPLATES,
        section(2, "Root keys", root),
        section(2, "Types", table(("Type", "Description"), rows)),
        section(2, "Defaults", f"{DEFAULTS}\n[All of them](library/{DEFAULTS_PAGE}.md)"),
        tags=("vocabulary", "schema", "values"),
    )


def fragment_page(parsed: ParsedWorkspace, name: str) -> str:
    """The keys of a fragment."""
    return site_page(f"# Library: {name}", BACK, fragment_section(parsed, name))


DEFAULTS = "The defaults of every service; a chart sees them as `.Values.common`, and its own values override them."


def is_map(schema: Map) -> bool:
    """Whether a fragment describes an object with keys, not a scalar."""
    return bool(schema.get("properties"))


def fragment_section(parsed: ParsedWorkspace, name: str) -> str:
    """A fragment's description and its keys."""
    schema = parsed.fragments[name]
    description = str(schema.get("description", ""))
    rows = tuple(keys("", schema, parsed.fragments))
    return "\n\n".join(
        part
        for part in (prose(description) if description else "", table(("Key", "Type", "Default", "Description"), rows))
        if part
    )


def keys(prefix: str, schema: Map, fragments: Mapping[str, Map]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each key; inline objects are expanded, other fragments are linked."""
    required = texts(schema.get("required"))
    for key, spec in dig(schema, "properties").items():
        yield from key_rows(f"{prefix}{key}", dig(spec), fragments, required=key in required)


def key_rows(
    path: str, spec: Map, fragments: Mapping[str, Map], *, required: bool
) -> Iterator[tuple[str, str, str, str]]:
    """The rows of a key."""
    description = str(spec.get("description", ""))
    default = "**required**" if required else value(spec.get("default"))
    target, collection = fragment_of(spec)
    if is_map(dig(fragments, target)):
        linked = f"[{target}]({target}.md)"
        description = description or str(fragments[target].get("description", ""))
        kind = f"map of {linked}" if collection == "map" else f"list of {linked}" if collection == "list" else linked
        yield code(path), kind, default, prose(description)
        return
    yield code(path), prose(schema_type(spec, fragments)), default, prose(description)
    yield from keys(f"{path}.", spec, fragments)
    entry = dig(spec, "additionalProperties")
    for choice in alternatives(entry) or [entry]:
        inner = alternatives(choice) or [choice]
        for item in inner:
            yield from keys(f"{path}.<id>.", item, fragments)
    for choice in alternatives(spec):
        yield from keys(f"{path}.", choice, fragments)


def fragment_of(spec: Map) -> tuple[str, str]:
    """The fragment that a key references, and the collection: none, `map` or `list`."""
    if isinstance(reference := spec.get("$ref"), str):
        return definition_name(reference), ""
    entry = dig(spec, "additionalProperties")
    for choice in (entry, *alternatives(entry)):
        if isinstance(reference := choice.get("$ref"), str):
            return definition_name(reference), "map"
        if isinstance(reference := dig(choice, "items").get("$ref"), str):
            return definition_name(reference), "map"
    if isinstance(reference := dig(spec, "items").get("$ref"), str):
        return definition_name(reference), "list"
    return EMPTY, ""
