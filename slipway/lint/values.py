"""The environments' values, and the umbrellas': keys that nothing knows, values that do not fit, overrides that change nothing."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slipway import schema, stage, yamls
from slipway.errors import Problem, WorkspaceError
from slipway.model import Chart, ChartKind, Environment, Workspace

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Values that lie below an override, and the file that says them."""

    document: yamls.Document = field(repr=False)
    prefix: yamls.Path = ()
    """Keys inside the document below which the values stand."""

    @property
    def values(self) -> Values:
        """The values themselves."""
        found = lookup(self.document.data, self.prefix)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One set of overrides for one owner."""

    document: yamls.Document = field(repr=False)
    prefix: yamls.Path
    owner: str
    """Folder of the chart that the values are for."""
    schema: Mapping[str, object] = field(repr=False)
    below: tuple[Layer, ...]
    """Nearest first."""

    @property
    def values(self) -> Values:
        """The overrides."""
        found = lookup(self.document.data, self.prefix)
        return found if isinstance(found, dict) else {}


def check(workspace: Workspace) -> Iterator[Problem]:
    """Every finding in the values of umbrellas and environments."""
    try:
        checks = [*umbrella_checks(workspace), *environment_checks(workspace)]
    except WorkspaceError:
        return  # a schema or a values file is not understood; its own check says so
    for entry in checks:
        yield from run(entry)
    for environment in workspace.environments.values():
        yield from platform_facts(workspace, environment)


def umbrella_checks(workspace: Workspace) -> Iterator[Check | Problem]:
    """The umbrella's own values, member by member."""
    for umbrella in workspace.umbrellas:
        document = yamls.parse(umbrella.files.get("values.yaml", b""), f"{umbrella.folder}/values.yaml")
        yield from member_checks(workspace, umbrella, document, ())


def environment_checks(workspace: Workspace) -> Iterator[Check | Problem]:
    """Every environment's platform and namespaces."""
    global_schema = schema.bundle(
        stage.fragments(workspace).get("global.json", b"{}"), stage.fragments(workspace), "global"
    )
    libraries = [
        Layer(
            document=yamls.parse(chart.files.get("values.yaml", b""), f"{chart.folder}/values.yaml"), prefix=("global",)
        )
        for chart in workspace.of_kind(ChartKind.LIBRARY)
    ]
    for environment in workspace.environments.values():
        platform = yamls.parse(environment.platform.text, environment.platform.path)
        owner = "charts/common"
        yield Check(document=platform, prefix=(), owner=owner, schema=global_schema, below=tuple(libraries))
        for name, file in environment.namespaces.items():
            umbrella = next((chart for chart in workspace.umbrellas if chart.name == name), None)
            if umbrella is not None:
                document = yamls.parse(file.text, file.path)
                own = yamls.parse(umbrella.files.get("values.yaml", b""), f"{umbrella.folder}/values.yaml")
                yield from member_checks(workspace, umbrella, document, (own,))


def member_checks(
    workspace: Workspace, umbrella: Chart, document: yamls.Document, between: tuple[yamls.Document, ...]
) -> Iterator[Check | Problem]:
    """A values file of an umbrella, split by member; a key that is no member is a finding."""
    members = {dep.key: workspace.charts[dep.name] for dep in umbrella.dependencies if dep.name in workspace.charts}
    for key in document.mapping:
        if key == "global":
            continue
        if key not in members:
            yield unknown(document.at(key), key, umbrella.folder, members)
            continue
        chart = members[key]
        own = yamls.parse(chart.files.get("values.yaml", b""), f"{chart.folder}/values.yaml")
        yield Check(
            document=document,
            prefix=(key,),
            owner=chart.folder,
            schema=stage.service_schema(workspace, chart),
            below=(*(Layer(document=layer, prefix=(key,)) for layer in between), Layer(document=own)),
        )


def run(entry: Check | Problem) -> Iterator[Problem]:
    """The findings of one check."""
    if isinstance(entry, Problem):
        yield entry
        return
    found = [*unknown_keys(entry, entry.values, entry.schema, ())]
    yield from found
    yield from unchanged(entry, entry.values, ())
    if not found:
        yield from misfits(entry)


def unknown(where: str, key: str, owner: str, known: Mapping[str, object]) -> Problem:
    """A key that nothing knows, with the nearest that is known."""
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return Problem(where=where, fact=f"{owner} knows no {key!r}", hint=hint, rule="values.unknown-key")


def resolve(node: object, root: Mapping[str, object]) -> Mapping[str, object]:
    """A schema with its reference followed, and `or null` taken away."""
    while isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            node = lookup(root, tuple(node["$ref"].removeprefix("#/").split("/")))
            continue
        options = node.get("oneOf")
        if isinstance(options, list) and len(options) == 2 and {"type": "null"} in options:
            node = next(option for option in options if option != {"type": "null"})
            continue
        return node
    return {}


def unknown_keys(entry: Check, values: object, node: object, path: yamls.Path) -> Iterator[Problem]:
    """Keys that the schema does not name, and new entries of a map that look like a mistyped old one."""
    rules = resolve(node, entry.schema)
    properties = rules.get("properties")
    if not isinstance(values, dict):
        return
    for key, value in values.items():
        here = (*path, str(key))
        if isinstance(properties, dict) and key in properties:
            yield from unknown_keys(entry, value, properties[key], here)
        elif rules.get("additionalProperties") is False:
            assert isinstance(properties, dict)
            yield unknown(entry.document.at(*entry.prefix, *here), str(key), entry.owner, properties)
        elif isinstance(rules.get("additionalProperties"), dict):
            yield from new_entry(entry, here, value)
            yield from unknown_keys(entry, value, rules["additionalProperties"], here)


def new_entry(entry: Check, path: yamls.Path, value: object) -> Iterator[Problem]:
    """An entry of a map that nothing below has, does not stand on its own, and is spelled almost like one that is there."""
    siblings: dict[str, object] = {}
    for layer in entry.below:
        held = lookup(layer.values, path[:-1])
        siblings.update(held if isinstance(held, dict) else {})
    near = difflib.get_close_matches(path[-1], siblings, n=1)
    if path[-1] in siblings or not near or value is None:
        return
    if any(error.path[: len(path)] == path for error in errors_of(entry)):
        yield unknown(entry.document.at(*entry.prefix, *path), path[-1], entry.owner, siblings)


def unchanged(entry: Check, values: object, path: yamls.Path) -> Iterator[Problem]:
    """Leaves that say what a layer below says already."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from unchanged(entry, value, (*path, str(key)))
        return
    for layer in entry.below:
        held = lookup(layer.values, path, missing=MISSING)
        if held is MISSING:
            continue
        if held == values and type(held) is type(values):
            yield Problem(
                where=entry.document.at(*entry.prefix, *path),
                fact=f"{'.'.join((*entry.prefix, *path))} changes nothing",
                evidence=(f"{layer.document.at(*layer.prefix, *path)} says the same",),
                hint="remove it here, so that the default can change",
                rule="values.same",
            )
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A schema's objection."""

    path: yamls.Path
    message: str


def errors_of(entry: Check) -> list[Misfit]:
    """What the schema says of the values with everything below them."""
    from jsonschema import Draft7Validator

    merged: object = {}
    for layer in reversed(entry.below):
        merged = coalesce(merged, layer.values)
    merged = coalesce(merged, entry.values)
    found = []
    for error in Draft7Validator(entry.schema).iter_errors(merged):
        meant = error
        while meant.context:
            # Of the alternatives the one that got furthest is the one that was meant.
            meant = max(meant.context, key=lambda item: (len(item.absolute_path), item.validator != "type"))
        found.append(Misfit(path=tuple(str(part) for part in meant.absolute_path), message=meant.message))
    return found


def misfits(entry: Check) -> Iterator[Problem]:
    """Values that do not fit their schema."""
    for error in errors_of(entry):
        at = ".".join((*entry.prefix, *error.path)) or "values"
        yield Problem(
            where=entry.document.at(*entry.prefix, *error.path),
            fact=f"{at}: {error.message}",
            evidence=(f"owner {entry.owner}",),
            rule="values.type",
        )


MISSING = object()


def lookup(data: object, path: yamls.Path, missing: object = None) -> object:
    """What stands at a path; `missing` when nothing does."""
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return missing
        data = data[key]
    return data


def coalesce(low: object, high: object) -> object:
    """Helm's merge: maps key by key, null removes, everything else replaces."""
    if not isinstance(low, Mapping) or not isinstance(high, Mapping):
        return high
    merged = dict(low)
    for key, value in high.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = coalesce(merged[key], value) if key in merged else value
    return merged


def platform_facts(workspace: Workspace, environment: Environment) -> Iterator[Problem]:
    """Networks that are none, have host bits set, or do not fit into each other."""
    document = yamls.parse(environment.platform.text, environment.platform.path)
    merged: object = {}
    for chart in workspace.of_kind(ChartKind.LIBRARY):
        library = yamls.parse(chart.files.get("values.yaml", b""), chart.where).mapping.get("global")
        merged = coalesce(merged, library or {})
    merged = coalesce(merged, document.mapping)
    networks: dict[str, ipaddress.IPv4Network] = {}
    for path in (("pods", "cidr"), ("services", "cidr"), ("lan", "cidr"), ("addressPool",)):
        text = lookup(merged, path)
        if not isinstance(text, str):
            continue
        try:
            networks[".".join(path)] = ipaddress.IPv4Network(text)
        except ValueError as error:
            yield bad_network(document.at(*path), ".".join(path), text, error)
    pool, lan = networks.get("addressPool"), networks.get("lan.cidr")
    if pool and lan and not pool.subnet_of(lan):
        yield Problem(
            where=document.at("addressPool"),
            fact=f"addressPool {pool} lies outside the home network {lan}",
            hint="give MetalLB addresses that the home network's router knows as its own",
            rule="values.pool",
        )
    for one, other in (("pods.cidr", "services.cidr"), ("pods.cidr", "lan.cidr"), ("services.cidr", "lan.cidr")):
        if one in networks and other in networks and networks[one].overlaps(networks[other]):
            fact = f"{one} {networks[one]} and {other} {networks[other]} overlap"
            yield Problem(where=document.at(*one.split(".")), fact=fact, rule="values.cidr")


def bad_network(where: str, name: str, text: str, error: ValueError) -> Problem:
    """A text that is no network; host bits are the usual reason."""
    try:
        hint = f"did you mean {ipaddress.IPv4Network(text, strict=False)}?"
    except ValueError:
        hint = "write it as 192.168.1.0/24"
    return Problem(where=where, fact=f"{name}: {error}", hint=hint, rule="values.cidr")
