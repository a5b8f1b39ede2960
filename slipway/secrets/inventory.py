"""Every Secret of an environment: its readers, its producer, and its missing keys. Pure.

A chart declares under `secrets:` what it reads. The producer of a Secret is, in this order: the declared `producer`, an
object whose kind creates it, a SealedSecret of the environment. Without any of them it is still to be sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slipway.build.render import Object
from slipway.core.model import Chart
from slipway.secrets.hashes import HashOf, declared_hashes, hashed_keys, to_generate
from slipway.secrets.references import Reference, producers_of, references
from slipway.secrets.sealed_secret import NamespacedName, SealedSecret
from slipway.util.mapping import dig
from slipway.workspace import declarations
from slipway.workspace.values.effective import Effective

HAND = "hand"
"""The producer of a Secret that a person creates in the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSecret:
    """An entry under `secrets:` of a member of an umbrella."""

    chart: str
    key: str
    """The member's key in the umbrella's values."""
    name: str
    keys: tuple[str, ...]
    purpose: str
    producer: str
    generate: Mapping[str, str]
    """Key → argument of `inv seal --generate`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that a reader selects it by."""
    spec: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The entry itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNamespace:
    """What one umbrella renders and declares in an environment."""

    name: str
    objects: tuple[Object, ...] = field(repr=False)
    declared: tuple[DeclaredSecret, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretEntry:
    """A Secret in the list."""

    namespace: str
    name: str
    keys: tuple[str, ...]
    """Required keys; empty when neither a declaration nor a reference names one."""
    readers: tuple[str, ...]
    charts: tuple[str, ...]
    """Charts that declare it or whose objects refer to it."""
    optional: bool
    """Whether every rendered object starts without it."""
    producer: str
    """Empty as long as it has none."""
    purpose: str
    missing: tuple[str, ...] = ()
    """Required keys that nothing provides."""
    generate: Mapping[str, str] = field(default_factory=dict)
    """Missing key that may have any value → argument of `inv seal --generate`."""
    hashes: Mapping[str, HashOf] = field(default_factory=dict)
    """Key → what it is the hash of."""
    paired: tuple[str, ...] = ()
    """Missing keys that are generated together with a key of another Secret."""
    command: str = ""
    """Seals the missing keys."""

    @property
    def target(self) -> NamespacedName:
        """Its namespace and name."""
        return NamespacedName(namespace=self.namespace, name=self.name)

    @property
    def asked(self) -> tuple[str, ...]:
        """The missing keys whose values only a person knows."""
        return tuple(key for key in self.missing if key not in {*self.generate, *self.paired})


def declared_secrets(members: Iterable[Effective]) -> Iterator[DeclaredSecret]:
    """The secrets that the enabled members of an umbrella declare, and those of their backups."""
    for member in members:
        if member.enabled:
            repository = declarations.repository(member.facts)
            yield from chart_secrets(member.chart, member.key, member.values)
            yield from backup_secrets(member.chart, member.key, member.values, repository)


def chart_secrets(chart: Chart, key: str, values: Mapping[str, object]) -> Iterator[DeclaredSecret]:
    """The entries under `secrets:` of a chart's values."""
    for name, entry in declarations.secrets(chart, key, values):
        keys, generate = entry.get("keys"), entry.get("generate")
        yield DeclaredSecret(
            chart=chart.name,
            key=key,
            name=name,
            keys=tuple(map(str, keys)) if isinstance(keys, list) else (),
            purpose=str(entry.get("purpose", "")),
            producer=str(entry.get("producer", "")),
            generate={str(argument).partition(":")[0]: str(argument) for argument in generate}
            if isinstance(generate, list)
            else {},
            labels={str(label): str(value) for label, value in dig(entry, "labels").items()},
            spec=entry,
        )


def backup_secrets(chart: Chart, key: str, values: Mapping[str, object], repository: str) -> Iterator[DeclaredSecret]:
    """The secrets that the library's backup jobs of a chart read."""
    for name, keys in declarations.backup_secrets(chart, key, values, repository):
        purpose = (
            "Repository and password of the backups" if name == repository else "Account of the backed-up database"
        )
        yield DeclaredSecret(
            chart=chart.name, key=key, name=name, keys=tuple(sorted(keys)), purpose=purpose, producer="", generate={}
        )


def secret_entries(
    environment: str, namespaces: Iterable[RenderedNamespace], sealed: Mapping[NamespacedName, SealedSecret]
) -> tuple[SecretEntry, ...]:
    """Every Secret of an environment, sorted by namespace and name."""
    found = {
        NamespacedName(namespace=entry.namespace, name=entry.name): entry
        for namespace in namespaces
        for entry in namespace_entries(environment, namespace, sealed)
    }
    for target, item in sealed.items():
        if target not in found:
            found[target] = SecretEntry(
                namespace=target.namespace,
                name=target.name,
                keys=tuple(sorted(item.values)),
                readers=(),
                charts=(),
                optional=True,
                producer="SealedSecret",
                purpose="no rendered object refers to it",
            )
    return tuple(with_pairs(environment, [found[key] for key in sorted(found)]))


def with_pairs(environment: str, entries: Sequence[SecretEntry]) -> Iterator[SecretEntry]:
    """The entries; of those whose keys are generated with one of another Secret, the command does all of them."""
    every = tuple(hashed_keys({entry.target: entry.hashes for entry in entries}))
    lacking = {entry.target: entry.missing for entry in entries}
    pairs = to_generate(every, lacking)
    made = {(item.target, item.key) for item in pairs} | {(item.of.source, item.of.key) for item in pairs}
    for entry in entries:
        paired = tuple(key for key in entry.missing if (entry.target, key) in made)
        if not paired:
            yield entry
            continue
        generate = {key: argument for key, argument in entry.generate.items() if key not in paired}
        yield replace(entry, paired=paired, generate=generate, command=f"./inv seal --missing --env {environment}")


def namespace_entries(
    environment: str, namespace: RenderedNamespace, sealed: Mapping[NamespacedName, SealedSecret]
) -> Iterator[SecretEntry]:
    """The Secrets of one namespace."""
    every = [item for item in references(namespace.objects, namespace.name) if item.namespace == namespace.name]
    producers = producers_of(namespace.objects)
    names = {item.name for item in every} | {item.name for item in namespace.declared} | set(producers)
    for name in sorted(names):
        referring = [item for item in every if item.name == name]
        declared = [item for item in namespace.declared if item.name == name]
        target = NamespacedName(namespace=namespace.name, name=name)
        keys = required_keys(referring, declared)
        producer = next((item.producer for item in declared if item.producer), "") or producers.get(name, "")
        missing: tuple[str, ...] = ()
        if not producer:
            present = sealed.get(target)
            missing = tuple(key for key in keys if present is None or key not in present.values)
            producer = "SealedSecret" if present is not None else ""
        generate = {key: argument for item in declared for key, argument in item.generate.items() if key in missing}
        yield SecretEntry(
            namespace=namespace.name,
            name=name,
            keys=keys,
            readers=tuple(dict.fromkeys(item.reader for item in referring)),
            charts=tuple(dict.fromkeys([*(item.chart for item in declared), *charts_of(referring, namespace)])),
            optional=is_optional(referring, missing),
            producer=producer.replace("/", " ", 1),
            purpose="; ".join(dict.fromkeys(item.purpose for item in declared if item.purpose)),
            missing=missing,
            generate=generate,
            hashes={key: of for item in declared for key, of in declared_hashes(item.spec, namespace.name).items()},
            command=seal_command(environment, target, missing, generate) if missing else "",
        )


def is_optional(referring: Sequence[Reference], missing: Sequence[str]) -> bool:
    """Whether every rendered object starts without a Secret, or without its missing keys."""
    required = [item for item in referring if not item.optional]
    optional_keys = {item.key for item in referring if item.optional and item.key} - {item.key for item in required}
    return not required or (bool(missing) and set(missing) <= optional_keys)


def required_keys(referring: Sequence[Reference], declared: Sequence[DeclaredSecret]) -> tuple[str, ...]:
    """The keys that declarations and references name."""
    keys = [key for item in declared for key in item.keys]
    return tuple(dict.fromkeys([*keys, *(item.key for item in referring if item.key)]))


def charts_of(referring: Sequence[Reference], namespace: RenderedNamespace) -> Iterator[str]:
    """The charts whose objects refer to a Secret."""
    chart_of = {item.key: item.chart for item in namespace.declared}
    for item in referring:
        key = item.source.removeprefix(f"{namespace.name}/charts/").partition("/")[0]
        yield chart_of.get(key, key)


def seal_command(environment: str, target: NamespacedName, missing: Sequence[str], generate: Mapping[str, str]) -> str:
    """The command that seals the missing keys."""
    flags = [f"--generate {generate[key]}" if key in generate else f"--key {key}" for key in missing]
    place = f"--env {environment} --namespace {target.namespace} --name {target.name}"
    return " ".join(("./inv seal", place, *flags))
