"""Objects as a cluster holds them, beside the same objects as they were rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slipway.build.render import Object
from slipway.core.errors import ToolFailed
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

Key = tuple[str, str, str, str]
"""API group, kind, namespace (empty for an object of the whole cluster) and name."""
Live = Mapping[Key, Data]

SERVERS_OWN = frozenset(
    {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "selfLink"}
)
"""Metadata that only the API server writes. Source: Kubernetes API conventions, "Metadata"."""
CONTROLLERS_OWN = frozenset(
    {
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "argocd.argoproj.io/tracking-id",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
"""Annotations that controllers and clients keep their own accounts in: no chart says them."""


def key_of(data: Data) -> Key:
    """The identity of a live object."""
    metadata = dig(data, "metadata")
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    return group, str(data.get("kind", "")), str(metadata.get("namespace") or ""), str(metadata.get("name", ""))


def keys(item: Object, namespace: str) -> tuple[Key, Key]:
    """Under which key a rendered object may live: in its namespace, or in the whole cluster."""
    return (
        (item.group, item.kind, item.namespace or namespace, item.name),
        (item.group, item.kind, "", item.name),
    )


def find(live: Live, item: Object, namespace: str) -> Data | None:
    """A rendered object as it lives; None when it does not."""
    inside, whole = keys(item, namespace)
    return live.get(inside) or live.get(whole)


def uid(data: Data) -> str:
    """What tells a recreated object from the same one."""
    return str(dig(data, "metadata").get("uid", ""))


def cleaned(data: Data) -> dict[str, object]:
    """A live object without its status and without what the server and its controllers count in it."""
    metadata = {key: value for key, value in dig(data, "metadata").items() if key not in SERVERS_OWN}
    annotations = dig(metadata, "annotations")
    metadata["annotations"] = {key: value for key, value in annotations.items() if key not in CONTROLLERS_OWN}
    if not metadata["annotations"]:
        del metadata["annotations"]
    rest = {key: value for key, value in data.items() if key not in {"status", "metadata"}}
    return {**rest, "metadata": metadata}


def condition(data: Data, kind: str) -> Mapping[str, object]:
    """A condition of an object's status, by its type; empty when there is none."""
    return next((entry for entry in listing(dig(data, "status"), "conditions") if entry.get("type") == kind), {})


def holds(data: Data, kind: str) -> bool:
    """Whether a condition is true."""
    return condition(data, kind).get("status") == "True"


def differing(before: object, after: object, path: str = "") -> tuple[str, ...]:
    """The paths at which two values differ, such as `spec.template.spec.containers[0].image`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = sorted({*before, *after}, key=str)
        found = (differing(before.get(name), after.get(name), f"{path}.{name}".lstrip(".")) for name in names)
        return tuple(line for lines in found for line in lines)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return tuple(line for number, pair in pairs for line in differing(*pair, f"{path}[{number}]"))
    return () if before == after else (path,)


def read(kubectl: Kubectl, objects: Iterable[Object]) -> dict[Key, Data]:
    """Every live object of the kinds of these objects; a kind that the server does not know has none.

    Raises:
        ToolMissing: kubectl is not there.
        ToolFailed: the API server does not answer.
    """
    kinds = sorted({resource(item) for item in objects})
    if not kinds:
        return {}
    try:
        return by_key(kubectl.items(",".join(kinds), "--all-namespaces"))
    except ToolFailed:
        served = kubectl.kinds()
        known = [kind for kind in kinds if kind in served]
        return by_key(kubectl.items(",".join(known), "--all-namespaces")) if known else {}


def resource(item: Object) -> str:
    """What kubectl calls the kind of an object: `Deployment.v1.apps`; the core group has no version there."""
    group, _, version = item.api_version.rpartition("/")
    return f"{item.kind}.{version}.{group}" if group else item.kind


def by_key(items: Sequence[Data]) -> dict[Key, Data]:
    """Live objects by their identity."""
    return {key_of(item): item for item in items}
