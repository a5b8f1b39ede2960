"""The keys of `values/<env>/<namespace>.yaml`, and the values that environments set. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind, Dependency
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table, value
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.docs.source.schema import Map, lookup
from slipway.docs.source.value_rows import ValueRow, comments, description, dotted, rows
from slipway.util import yaml
from slipway.util.files import decode
from slipway.util.mapping import dig
from slipway.util.yaml import Path

FOLDER = "reference/values"
SWITCH = ("enabled",)
CHARTS = "../../charts"
"""Relative path from these pages to the pages of charts."""

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


def pages(parsed: ParsedWorkspace) -> dict[str, str]:
    """Path below docs/ → text: a page for each umbrella, and one for the global values."""
    umbrellas = parsed.of_kind(ChartKind.UMBRELLA)
    result = {f"{FOLDER}/{entry.chart.name}.md": page(parsed, entry) for entry in umbrellas}
    return {f"{FOLDER}/index.md": index(parsed, umbrellas), **result}


def index(parsed: ParsedWorkspace, umbrellas: tuple[ParsedChart, ...]) -> str:
    """The global values, and the list of the other pages."""
    listed = ((f"[{entry.chart.name}]({entry.chart.name}.md)", prose(entry.description)) for entry in umbrellas)
    global_rows: list[ValueRow] = []
    for entry in parsed.of_kind(ChartKind.LIBRARY):
        schema = {"properties": {"global": {"$ref": "global.json"}}, "definitions": parsed.fragments}
        own = {key: item for key, item in entry.values.items() if key == "global"}
        global_rows += rows(own, schema, entry.comments)
    lines = ((code(dotted(row.path[1:])), prose(row.type), value(row.default), description(row)) for row in global_rows)
    return site_page(
        "# Environment values",
        INTRO,
        section(2, "Global values: platform.yaml", PLATFORM, table(("Key", "Type", "Default", "Description"), lines)),
        section(2, "Namespaces", table(("Namespace", "Description"), listed)),
    )


def page(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The page of an umbrella."""
    name = entry.chart.name
    members = tuple(dep for dep in entry.chart.dependencies if dep.name in parsed.entries)
    environments = tuple(parsed.workspace.environments)
    keys = (
        (
            f"`{dep.key}`",
            "map",
            *(state(parsed, entry, dep, environment) for environment in environments),
            f"[values of {dep.name}]({CHARTS}/{dep.name}/values.md)",
        )
        for dep in members
    )
    return site_page(
        f"# Values of {name}",
        f"`values/<env>/{name}.yaml` accepts one key per member of [{name}]({CHARTS}/{name}.md), with the values of the "
        "member's chart below it.\nThe boolean `enabled` switches a member on or off.",
        section(2, "Keys", table(("Key", "Type", *environments, "Values"), keys)),
        section(2, "Set by the umbrella chart", umbrella_values(parsed, entry, members), empty="None."),
        section(2, "Set by the environments", overrides(parsed, entry, members), empty="None."),
        section(2, "Change a value", CHECK.format(name=name)),
    )


def state(parsed: ParsedWorkspace, entry: ParsedChart, dep: Dependency, environment: str) -> str:
    """Whether a member is on or off in an environment."""
    member = parsed.member(entry.chart, dep.key, environment)
    return "on" if member.enabled else "off"


def umbrella_values(parsed: ParsedWorkspace, entry: ParsedChart, members: tuple[Dependency, ...]) -> str:
    """The values that the umbrella sets for each member, with the defaults; without `enabled`."""
    blocks = []
    for dep in members:
        found = member_rows(parsed, dep, dig(entry.values, dep.key), member_comments(entry.comments, dep.key))
        lines = (
            (
                code(row.key),
                prose(row.type),
                override(row.default, lookup(parsed.entries[dep.name].values, *row.path)),
                description(row),
            )
            for row in found
            if row.path != SWITCH
        )
        blocks.append(section(3, f"`{dep.key}`", table(("Key", "Type", "Value", "Description"), lines)))
    return "\n\n".join(block for block in blocks if block)


def override(new: object, default: object) -> str:
    """A value, and the default that it overrides."""
    return value(new) if default is None else f"{value(new)}<br>default {value(default)}"


def member_comments(notes: Mapping[Path, str], key: str) -> dict[Path, str]:
    """The comments below a member's key, with paths relative to it."""
    return {path[1:]: note for path, note in notes.items() if len(path) > 1 and path[0] == key}


def member_rows(parsed: ParsedWorkspace, dep: Dependency, data: Map, notes: Mapping[Path, str]) -> Iterator[ValueRow]:
    """Rows of a member's values, with the types of its schema."""
    return rows(data, parsed.entries[dep.name].schema, notes) if data else iter(())


def overrides(parsed: ParsedWorkspace, entry: ParsedChart, members: tuple[Dependency, ...]) -> str:
    """The keys that any environment sets, with the value in each environment and the default."""
    blocks = []
    for dep in members:
        found: dict[Path, ValueRow] = {}
        set_in: dict[Path, dict[str, object]] = {}
        for name, environment in parsed.workspace.environments.items():
            if (file := environment.namespaces.get(entry.chart.name)) is None:
                continue
            document = yaml.parse(file.text, file.path)
            notes = member_comments(comments(decode(file.text, file.path), document.lines), dep.key)
            for row in member_rows(parsed, dep, dig(document.mapping, dep.key), notes):
                found.setdefault(row.path, row)
                set_in.setdefault(row.path, {})[name] = row.default
        defaults = parsed.member(entry.chart, dep.key).values
        environments = tuple(parsed.workspace.environments)
        lines = (
            (
                code(row.key),
                prose(row.type),
                *(value(set_in[path][name]) if name in set_in[path] else EMPTY for name in environments),
                value(lookup(defaults, *path)),
                description(row),
            )
            for path, row in found.items()
        )
        head = ("Key", "Type", *environments, "Default", "Description")
        blocks.append(section(3, f"`{dep.key}` in an environment", table(head, lines)))
    return "\n\n".join(block for block in blocks if block)
