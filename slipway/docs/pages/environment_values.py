"""What `values/<env>/<namespace>.yaml` may set: the keys of an umbrella, and what is set already. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind, Dependency
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table, value
from slipway.docs.source.parsing import Book, Entry
from slipway.docs.source.schema import Map, dig, mapping, merge
from slipway.docs.source.value_rows import Row, comments, dotted, rows, said
from slipway.util import yaml
from slipway.util.files import decode
from slipway.util.yaml import Path
from slipway.workspace import environments as overlay

FOLDER = "reference/values"
SWITCH = ("enabled",)
CHARTS = "../../charts"
"""From these pages to those of charts."""

INTRO = """\
Two kinds of files configure an environment.
`values/<env>/platform.yaml` has the global values of all charts; `values/<env>/<namespace>.yaml` overrides the values of one
namespace.
[Where a value comes from](../../architecture/configuration.md#where-a-value-comes-from) explains the precedence."""

PLATFORM = """\
The keys of `platform.yaml`; charts see them as `.Values.global`, and a file of a namespace cannot override them.
`./inv lint` rejects any other key."""

CHECK = """\
`./inv lint` rejects an unknown key, and an override that equals the value below it.
Show the effect on the cluster before a release:

```console
$ ./inv diff --env ENVIRONMENT --only {name}
```

To revert, delete the key: the next lower layer applies again."""


def pages(book: Book) -> dict[str, str]:
    """Path below the site's sources → text: a page for each umbrella, and one for what all share."""
    umbrellas = book.of_kind(ChartKind.UMBRELLA)
    made = {f"{FOLDER}/{entry.chart.name}.md": page(book, entry) for entry in umbrellas}
    return {f"{FOLDER}/index.md": shared(book, umbrellas), **made}


def shared(book: Book, umbrellas: tuple[Entry, ...]) -> str:
    """The facts of the platform, and the list of the other pages."""
    listed = ((f"[{entry.chart.name}]({entry.chart.name}.md)", prose(entry.description)) for entry in umbrellas)
    facts: list[Row] = []
    for entry in book.of_kind(ChartKind.LIBRARY):
        schema = {"properties": {"global": {"$ref": "global.json"}}, "definitions": book.fragments}
        own = {key: item for key, item in entry.values.items() if key == "global"}
        facts += rows(own, schema, entry.notes)
    lines = ((code(dotted(row.path[1:])), prose(row.type), value(row.default), said(row)) for row in facts)
    return site_page(
        "# Environment values",
        INTRO,
        section(2, "Global values: platform.yaml", PLATFORM, table(("Key", "Type", "Default", "Description"), lines)),
        section(2, "Namespaces", table(("Namespace", "Description"), listed)),
    )


def page(book: Book, entry: Entry) -> str:
    """The page of an umbrella."""
    name = entry.chart.name
    members = tuple(dep for dep in entry.chart.dependencies if dep.name in book.entries)
    environments = tuple(book.workspace.environments)
    keys = (
        (
            f"`{dep.key}`",
            "map",
            *(switch(book, entry, dep, environment) for environment in environments),
            f"[values of {dep.name}]({CHARTS}/{dep.name}.md#values)",
        )
        for dep in members
    )
    return site_page(
        f"# Values of {name}",
        f"`values/<env>/{name}.yaml` accepts one key per member of [{name}]({CHARTS}/{name}.md), with the values of the "
        "member's chart below it.\nThe boolean `enabled` switches a member on or off.",
        section(2, "Keys", table(("Key", "Type", *environments, "Values"), keys)),
        section(2, "Set by the umbrella chart", own(book, entry, members), empty="None."),
        section(2, "Set by the environments", differences(book, entry, members), empty="None."),
        section(2, "Change a value", CHECK.format(name=name)),
    )


def switch(book: Book, entry: Entry, dep: Dependency, environment: str) -> str:
    """Whether a member is there in an environment."""
    return "on" if effective(book, entry, dep, environment).get("enabled", True) is not False else "off"


def effective(book: Book, entry: Entry, dep: Dependency, environment: str = "") -> Map:
    """A member's values, with those of the umbrella and of an environment over them."""
    below = merge(book.entries[dep.name].values, mapping(entry.values.get(dep.key)))
    if not environment:
        return below
    above = overlay.environment_values(book.workspace.environments[environment], entry.chart.name)
    return merge(below, mapping(above.get(dep.key)))


def own(book: Book, entry: Entry, members: tuple[Dependency, ...]) -> str:
    """What the umbrella's own values.yaml sets for each member, and what its chart has without it; switches stand above."""
    blocks = []
    for dep in members:
        found = typed(book, dep, mapping(entry.values.get(dep.key)), below(entry.notes, dep.key))
        lines = (
            (
                code(row.key),
                prose(row.type),
                instead(row.default, dig(book.entries[dep.name].values, *row.path)),
                said(row),
            )
            for row in found
            if row.path != SWITCH
        )
        blocks.append(section(3, f"`{dep.key}`", table(("Key", "Type", "Value", "Description"), lines)))
    return "\n\n".join(block for block in blocks if block)


def instead(here: object, otherwise: object) -> str:
    """A value, and below it the one that it takes the place of."""
    return value(here) if otherwise is None else f"{value(here)}<br>default {value(otherwise)}"


def below(notes: Mapping[Path, str], key: str) -> dict[Path, str]:
    """The comments below a member's key, as its chart would have them."""
    return {path[1:]: note for path, note in notes.items() if len(path) > 1 and path[0] == key}


def typed(book: Book, dep: Dependency, data: Map, notes: Mapping[Path, str]) -> Iterator[Row]:
    """The rows of a part of a member's values, with the types of its schema."""
    return rows(data, book.entries[dep.name].schema, notes) if data else iter(())


def differences(book: Book, entry: Entry, members: tuple[Dependency, ...]) -> str:
    """Every key that some environment sets, by member, with its value in each environment and without one."""
    blocks = []
    for dep in members:
        found: dict[Path, Row] = {}
        set_in: dict[Path, dict[str, object]] = {}
        for name, environment in book.workspace.environments.items():
            if (file := environment.namespaces.get(entry.chart.name)) is None:
                continue
            document = yaml.parse(file.text, file.path)
            notes = below(comments(decode(file.text, file.path), document.lines), dep.key)
            for row in typed(book, dep, mapping(document.mapping.get(dep.key)), notes):
                found.setdefault(row.path, row)
                set_in.setdefault(row.path, {})[name] = row.default
        layered = effective(book, entry, dep)
        environments = tuple(book.workspace.environments)
        lines = (
            (
                code(row.key),
                prose(row.type),
                *(value(set_in[path][name]) if name in set_in[path] else EMPTY for name in environments),
                value(dig(layered, *path)),
                said(row),
            )
            for path, row in found.items()
        )
        head = ("Key", "Type", *environments, "Default", "Description")
        blocks.append(section(3, f"`{dep.key}` in an environment", table(head, lines)))
    return "\n\n".join(block for block in blocks if block)
