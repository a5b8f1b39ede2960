"""Every Secret of an environment: who reads it, who makes it, what is missing, and what is wrong with that. Pure.

A chart declares under `secrets:` what it reads. Who makes a Secret is, in this order: what the chart says with
`producer`, an object whose kind makes it, a SealedSecret of the environment; else it is still to be sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.model import Chart, Workspace
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS
from slipway.secrets.document import Sealed, Target, path_of
from slipway.secrets.references import Reference, made_by, may_write, references
from slipway.workspace import declarations as declared
from slipway.workspace.values import members_with

HAND = "hand"
"""A producer that nothing here can see: a person, in the cluster."""
RULE = "secret.producer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One entry under `secrets:` of a member of an umbrella."""

    chart: str
    key: str
    """Under which the umbrella's values address the member."""
    name: str
    keys: tuple[str, ...]
    purpose: str
    producer: str
    generate: Mapping[str, str]
    """Key → how `inv seal --generate` is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """What one umbrella renders and declares in an environment."""

    name: str
    objects: tuple[Object, ...] = field(repr=False)
    declared: tuple[Declared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One Secret."""

    namespace: str
    name: str
    keys: tuple[str, ...]
    """That it must have; empty when nobody says."""
    readers: tuple[str, ...]
    charts: tuple[str, ...]
    """That declare it or read it."""
    optional: bool
    """Whether nothing that is rendered needs it: what is switched off, a variable that may be absent."""
    producer: str
    """Who makes it; empty when nobody does yet."""
    purpose: str
    missing: tuple[str, ...] = ()
    """Keys that nobody provides."""
    command: str = ""
    """What mends it."""


def declared_by(workspace: Workspace, umbrella: Chart, above: Sequence[Mapping[str, object]]) -> Iterator[Declared]:
    """What the members that are switched on declare.

    Args:
        workspace: has the members.
        umbrella: whose they are.
        above: values over the umbrella's own, lowest first.
    """
    for member in members_with(workspace, umbrella, above):
        if member.enabled:
            yield from declarations(member.chart, member.key, member.values)
            yield from for_backups(member.chart, member.key, member.values, declared.repository(member.facts))


def declarations(chart: Chart, key: str, values: Mapping[str, object]) -> Iterator[Declared]:
    """The `secrets:` of a chart's values."""
    for name, entry in declared.secrets(chart, key, values):
        keys = entry.get("keys")
        generate = entry.get("generate")
        yield Declared(
            chart=chart.name,
            key=key,
            name=name,
            keys=tuple(map(str, keys)) if isinstance(keys, list) else (),
            purpose=str(entry.get("purpose", "")),
            producer=str(entry.get("producer", "")),
            generate={str(told).partition(":")[0]: str(told) for told in generate}
            if isinstance(generate, list)
            else {},
        )


def for_backups(chart: Chart, key: str, values: Mapping[str, object], repository: str) -> Iterator[Declared]:
    """What the library reads for a chart's copies."""
    for name, keys in declared.backup_secrets(chart, key, values, repository):
        said = "Place and password of the backups" if name == repository else "Account of the database that is copied"
        yield Declared(
            chart=chart.name, key=key, name=name, keys=tuple(sorted(keys)), purpose=said, producer="", generate={}
        )


def entries(environment: str, namespaces: Iterable[Namespace], sealed: Mapping[Target, Sealed]) -> tuple[Entry, ...]:
    """Every Secret of an environment, by namespace and name."""
    found = {
        entry.namespace + "/" + entry.name: entry
        for space in namespaces
        for entry in of_namespace(environment, space, sealed)
    }
    for target, item in sealed.items():
        if str(target) not in found:
            found[str(target)] = Entry(
                namespace=target.namespace,
                name=target.name,
                keys=tuple(sorted(item.values)),
                readers=(),
                charts=(),
                optional=True,
                producer="SealedSecret",
                purpose="no rendered object refers to it",
            )
    return tuple(found[key] for key in sorted(found))


def of_namespace(environment: str, space: Namespace, sealed: Mapping[Target, Sealed]) -> Iterator[Entry]:
    """The Secrets of one namespace."""
    seen = tuple(references(space.objects, space.name))
    made = makers(space.objects)
    names = {item.name for item in seen if item.namespace == space.name} | {item.name for item in space.declared}
    for name in sorted(names | set(made)):
        mine = [item for item in seen if (item.namespace, item.name) == (space.name, name)]
        told = [item for item in space.declared if item.name == name]
        target = Target(namespace=space.name, name=name)
        keys = keys_of(mine, told)
        producer = next((item.producer for item in told if item.producer), "") or made.get(name, "")
        there = sealed.get(target)
        missing: tuple[str, ...] = ()
        if not producer:
            missing = tuple(key for key in keys if there is None or key not in there.values)
            producer = "SealedSecret" if there is not None else ""
        yield Entry(
            namespace=space.name,
            name=name,
            keys=keys,
            readers=tuple(dict.fromkeys(item.reader for item in mine)),
            charts=tuple(dict.fromkeys([*(item.chart for item in told), *members_of(mine, space)])),
            optional=is_optional(mine, missing),
            producer=producer.replace("/", " ", 1),
            purpose="; ".join(dict.fromkeys(item.purpose for item in told if item.purpose)),
            missing=missing,
            command=command(environment, target, missing, told) if missing else "",
        )


def is_optional(mine: Sequence[Reference], missing: Sequence[str]) -> bool:
    """Whether everything that is rendered starts without a Secret, or without the keys that are missing."""
    needed = [item for item in mine if not item.optional]
    loose = {item.key for item in mine if item.optional and item.key} - {item.key for item in needed}
    return not needed or (bool(missing) and set(missing) <= loose)


def keys_of(mine: Sequence[Reference], told: Sequence[Declared]) -> tuple[str, ...]:
    """The keys that a Secret must have: what is declared, and what is read."""
    keys = [key for item in told for key in item.keys]
    return tuple(dict.fromkeys([*keys, *(item.key for item in mine if item.key)]))


def members_of(mine: Sequence[Reference], space: Namespace) -> Iterator[str]:
    """The charts whose objects refer to a Secret."""
    names = {item.key: item.chart for item in space.declared}
    for item in mine:
        key = item.source.removeprefix(f"{space.name}/charts/").partition("/")[0]
        yield names.get(key, key)


def makers(objects: Iterable[Object]) -> dict[str, str]:
    """Name of a Secret → `Kind/name` of the object whose kind makes it."""
    return {name: f"{item.kind}/{item.name}" for item in objects for name in made_by(item) if name}


def command(environment: str, target: Target, missing: Sequence[str], told: Sequence[Declared]) -> str:
    """The command that seals what is missing."""
    random = {key: how for item in told for key, how in item.generate.items()}
    flags = [f"--generate {random[key]}" if key in random else f"--key {key}" for key in missing]
    place = f"--env {environment} --namespace {target.namespace} --name {target.name}"
    return " ".join(("./inv seal", place, *flags))


def check(space: Namespace, sealed: Mapping[Target, Sealed], environment: str = "") -> Iterator[Problem]:
    """What is wrong with who makes what: nobody is named, the named one does not make it, or there are two.

    Args:
        space: an umbrella's render.
        sealed: the environment's SealedSecrets.
        environment: whose they are.
    """
    made = makers(space.objects)
    known = {item.name: item for item in space.declared}
    by_title = {f"{item.kind}/{item.name}": item for item in space.objects}
    for item in space.declared:
        if item.producer and item.producer != HAND:
            yield from check_producer(item, space, by_title.get(item.producer))
        if wrong := sorted(set(item.generate) - set(item.keys)):
            where = f"{item.chart}: secrets.{item.name}"
            yield Problem(where=where, fact=f"generates {', '.join(wrong)}, which is none of its keys", rule=RULE)
    told: set[tuple[str, str]] = set()
    for found in references(space.objects, space.name):
        if found.namespace != space.name or found.optional or (found.object, found.name) in told:
            continue
        told.add((found.object, found.name))
        if found.name not in known and found.name not in made:
            yield Problem(
                where=f"{space.name}: {found.object}",
                fact=f"{found.place} names the Secret {found.name}, which nobody declares and nothing makes",
                evidence=("its keys, its purpose and its producer stand in one place",),
                hint=f"add secrets.{found.name} with keys and purpose to the chart",
                rule=RULE,
            )
    for target in sorted(sealed):
        if target.namespace != space.name:
            continue
        other = made.get(target.name) or (known[target.name].producer if target.name in known else "")
        if other and other != HAND:
            yield Problem(
                where=path_of(environment, target),
                fact=f"{other} makes the Secret {target.name} too",
                evidence=("the controller does not take over a Secret that is not its own",),
                hint="delete the file, or have the chart read another Secret",
                rule=RULE,
            )


def check_producer(item: Declared, space: Namespace, producer: Object | None) -> Iterator[Problem]:
    """A declared producer is there, and makes the Secret: by its kind, or by a program with the right to."""
    where = f"{item.chart}: secrets.{item.name}"
    if producer is None:
        fact = f"its producer {item.producer} is not rendered in {space.name}"
        yield Problem(where=where, fact=fact, hint="name an object as Kind/name, or `hand`", rule=RULE)
    elif producer.kind in POD_TEMPLATE_PATHS:
        if not may_write(producer, space.objects, item.name):
            fact = f"{item.producer} makes it, and its service account may neither create nor change it"
            yield Problem(where=where, fact=fact, hint="add the rule to its role, or name who makes it", rule=RULE)
    elif item.name not in made_by(producer):
        makes = ", ".join(name for name in made_by(producer) if name) or "none"
        fact = f"{item.producer} does not make the Secret {item.name}"
        yield Problem(where=where, fact=fact, evidence=(f"it makes: {makes}",), rule=RULE)
