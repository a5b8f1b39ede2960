"""What a lab has that no umbrella brings: the storage classes of its administrator, and the secrets that a person seals."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.cluster import apply
from slipway.cluster.rehearsal import PlatformState
from slipway.core.model import ChartName
from slipway.gitops import applications
from slipway.lab import folder as folders
from slipway.lab.lab import MANAGER, Lab, rendered
from slipway.release import secrets as inventory
from slipway.secrets.inventory import HAND, SecretEntry
from slipway.secrets.references import references
from slipway.tools.kubectl import Kubectl

PLAYED = frozenset({"Certificate", "Cluster", "Issuer", "ClusterIssuer", "Secret"})
"""Kinds whose Secrets are made when it is their turn: by the played operators, or by Argo CD."""
BY_A_PERSON = frozenset({HAND, "SealedSecret"})
"""A sealed secret comes from git, which no lab has."""
VALUES = {"RESTIC_REPOSITORY": "/work/repository"}
"""Key → a value that works: a backup is written into its own pod, for there is no server for it."""
CERTIFICATE = "tls.crt"
STORAGE_FIELDS = frozenset({"storageClassName", "storageClass"})
"""Names of the field in claims, and in the clusters of CloudNativePG."""


def storage_classes(objects: Sequence[Object]) -> tuple[str, ...]:
    """The classes that claims ask for and that nothing rendered provides."""
    provided = {item.name for item in objects if item.kind == "StorageClass"}
    wanted = {name for item in objects for name in class_names(item.data)}
    return tuple(sorted(wanted - provided))


def class_names(value: object) -> Iterator[str]:
    """Every name of a class below a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in STORAGE_FIELDS and isinstance(item, str):
                yield item
            else:
                yield from class_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from class_names(item)


def provide_storage(lab: Lab, built: Mapping[ChartName, Built]) -> None:
    """Create the storage classes that the umbrellas require.

    Raises:
        ToolFailed: an umbrella cannot be rendered, or the API server refuses a class.
    """
    if names := storage_classes(rendered(lab.context, built, lab.environment)):
        lab.kubectl.apply(applications.documents(folders.storage_class(name) for name in names), manager=MANAGER)


def provide_secrets(lab: Lab, known: Mapping[str, str] | None = None) -> int:
    """Create the secrets that nobody provides, with random values, and their namespaces; returns how many.

    Args:
        lab: the lab.
        known: key → a value that works, besides `VALUES`.

    Raises:
        BuildError: an umbrella cannot be rendered, or the API server refuses one.
    """
    found = inventory.listing(lab.context, lab.environment, ()).secrets
    made = [entry for entry in found if is_left(entry, programs_run=lab.place.has_node)]
    if made:
        namespaces = dict.fromkeys(entry.namespace for entry in made)
        wanted = (random_secret(entry.namespace, entry.name, entry.keys, known) for entry in made)
        objects = (*map(namespace_object, namespaces), *wanted)
        lab.kubectl.apply(applications.documents(objects), manager=MANAGER)
    return len(made)


def is_left(entry: SecretEntry, *, programs_run: bool) -> bool:
    """Whether nobody in a lab makes a Secret.

    Args:
        entry: the Secret.
        programs_run: whether pods run programs, which make theirs.
    """
    maker = entry.producer.partition(" ")[0]
    if entry.missing or maker in BY_A_PERSON:
        return bool(entry.keys)
    # A program that makes a certificate, real in one lab and played in another, takes what is there for its own.
    return bool(entry.keys) and maker not in PLAYED and not programs_run and CERTIFICATE not in entry.keys


def namespace_object(name: str) -> Mapping[str, object]:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def random_secret(
    namespace: str, name: str, keys: Iterable[str], known: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """A Secret with these keys; `known` has values that must be others than random ones."""
    given = {**VALUES, **(known or {})}
    texts = {key: given.get(key) or secrets.token_hex(16) for key in keys}
    values = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": values}


def secrets_of(objects: Sequence[Object], namespace: str, made: Collection[str]) -> tuple[Mapping[str, object], ...]:
    """The Secrets that objects read, with random values: what an umbrella or a service alone finds in a cluster.

    Args:
        objects: rendered.
        namespace: of the release.
        made: names of those that somebody makes.
    """
    keys: dict[str, list[str]] = {}
    for item in references(objects, namespace):
        if item.name not in made:
            keys.setdefault(item.name, []).extend([item.key] if item.key else [])
    return tuple(random_secret(namespace, name, dict.fromkeys(found)) for name, found in sorted(keys.items()))


def storage_of_scenes(kubectl: Kubectl, scenes: Sequence[PlatformState]) -> None:
    """Make the storage classes that a scene counts on and does not bring: as another scene has them, or plain ones.

    Raises:
        ToolFailed: the API server refuses one.
    """
    listed = [[item for part in scene.values() for item in part.objects] for scene in scenes]
    rendered = {item.name: item for objects in listed for item in objects if item.kind == "StorageClass"}
    names = sorted({name for objects in listed for name in storage_classes(objects)})
    if names:
        made = [rendered[name].data if name in rendered else folders.storage_class(name) for name in names]
        kubectl.apply(applications.documents(made), manager=apply.MANAGER)


def secrets_of_scenes(kubectl: Kubectl, scenes: Sequence[PlatformState]) -> None:
    """Make the secrets that a scene reads: whether somebody provides them is another question than what an update does.

    Those that operators would make are among them, because a part of the umbrellas may come without its operators.

    Raises:
        ToolFailed: the API server refuses one.
    """
    read: dict[str, list[Object]] = {}
    for scene in scenes:
        for name, part in scene.items():
            read.setdefault(name, []).extend(part.objects)
    found: list[Mapping[str, object]] = []
    for name, objects in read.items():
        rendered = {item.name for item in objects if item.kind == "Secret"}
        found += [namespace_object(name), *secrets_of(objects, name, rendered)]
    if found:
        kubectl.apply(applications.documents(found), manager=apply.MANAGER)
