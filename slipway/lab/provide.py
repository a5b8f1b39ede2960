"""What a lab has that no umbrella brings: the storage classes of its administrator, and the secrets that a person seals."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence

from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.core.model import Chart, ChartName
from slipway.gitops import applications
from slipway.lab import folder as folders
from slipway.lab.lab import MANAGER, Lab
from slipway.release import diff
from slipway.release import secrets as inventory
from slipway.secrets.inventory import HAND, SecretEntry

PLAYED = frozenset({"Certificate", "Cluster", "Issuer", "ClusterIssuer", "Secret"})
"""Kinds whose Secrets are made when it is their turn: by the played operators, or by Argo CD."""
BY_A_PERSON = frozenset({HAND, "SealedSecret"})
"""A sealed secret comes from git, which no lab has."""
VALUES = {"RESTIC_REPOSITORY": "/work/repository"}
"""Key → a value that works: a backup is written into its own pod, for there is no server for it."""
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
    umbrellas: list[Chart] = list(lab.context.workspace.umbrellas)
    objects = [
        item for one in umbrellas for item in diff.render_umbrella(lab.context, built[one.name], lab.environment)
    ]
    if names := storage_classes(objects):
        lab.kubectl.apply(applications.documents(folders.storage_class(name) for name in names), manager=MANAGER)


def provide_secrets(lab: Lab) -> int:
    """Create the secrets that nobody provides, with random values, and their namespaces; returns how many.

    Raises:
        BuildError: an umbrella cannot be rendered, or the API server refuses one.
    """
    found = inventory.listing(lab.context, lab.environment, ()).secrets
    made = [entry for entry in found if is_left(entry, programs_run=lab.place.has_node)]
    if made:
        namespaces = dict.fromkeys(entry.namespace for entry in made)
        objects = (*map(namespace, namespaces), *map(random_secret, made))
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
    return bool(entry.keys) and maker not in PLAYED and not programs_run


def namespace(name: str) -> Mapping[str, object]:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def random_secret(entry: SecretEntry) -> Mapping[str, object]:
    """A Secret with the keys that it must have."""
    texts = {key: VALUES.get(key) or secrets.token_hex(16) for key in entry.keys}
    values = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    metadata = {"name": entry.name, "namespace": entry.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": values}
