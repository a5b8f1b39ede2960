"""The live objects of a cluster, and how they correspond to rendered ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slipway.build.render import Object
from slipway.core.errors import ToolFailed
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

ObjectKey = tuple[str, str, str, str]
"""API group, kind, namespace (empty for a cluster-scoped object) and name."""
LiveObjects = Mapping[ObjectKey, Data]

SERVER_METADATA = frozenset(
    {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "selfLink"}
)
"""Metadata that only the API server writes. Source: Kubernetes API conventions, "Metadata"."""
CONTROLLER_ANNOTATIONS = frozenset(
    {
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "argocd.argoproj.io/tracking-id",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
"""Annotations that controllers and clients write for themselves, and no chart sets."""


def key_of(data: Data) -> ObjectKey:
    """The identity of a live object."""
    metadata = dig(data, "metadata")
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    return group, str(data.get("kind", "")), str(metadata.get("namespace") or ""), str(metadata.get("name", ""))


def possible_keys(item: Object, namespace: str) -> tuple[ObjectKey, ObjectKey]:
    """The keys of a rendered object as a namespaced and as a cluster-scoped one: its kind does not tell which it is."""
    return (
        (item.group, item.kind, item.namespace or namespace, item.name),
        (item.group, item.kind, "", item.name),
    )


def find_live(live: LiveObjects, item: Object, namespace: str) -> Data | None:
    """The live object of a rendered one; None when it does not exist."""
    namespaced, cluster_scoped = possible_keys(item, namespace)
    return live.get(namespaced) or live.get(cluster_scoped)


def uid(data: Data) -> str:
    """metadata.uid, which differs after an object was recreated."""
    return str(dig(data, "metadata").get("uid", ""))


def without_server_fields(data: Data) -> dict[str, object]:
    """A live object without its status, and without metadata of the API server and of controllers."""
    metadata = {key: value for key, value in dig(data, "metadata").items() if key not in SERVER_METADATA}
    annotations = dig(metadata, "annotations")
    metadata["annotations"] = {key: value for key, value in annotations.items() if key not in CONTROLLER_ANNOTATIONS}
    if not metadata["annotations"]:
        del metadata["annotations"]
    rest = {key: value for key, value in data.items() if key not in {"status", "metadata"}}
    return {**rest, "metadata": metadata}


def condition(data: Data, kind: str) -> Mapping[str, object]:
    """A condition of an object's status, by its type; empty when there is none."""
    return next((entry for entry in listing(dig(data, "status"), "conditions") if entry.get("type") == kind), {})


def condition_is_true(data: Data, kind: str) -> bool:
    """Whether a condition has the status True."""
    return condition(data, kind).get("status") == "True"


def differing_paths(before: object, after: object, path: str = "") -> tuple[str, ...]:
    """The paths at which two values differ, such as `spec.template.spec.containers[0].image`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = sorted({*before, *after}, key=str)
        found = (differing_paths(before.get(name), after.get(name), f"{path}.{name}".lstrip(".")) for name in names)
        return tuple(line for lines in found for line in lines)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return tuple(line for number, pair in pairs for line in differing_paths(*pair, f"{path}[{number}]"))
    return () if before == after else (path,)


def read_live(kubectl: Kubectl, objects: Iterable[Object]) -> dict[ObjectKey, Data]:
    """Every live object of the kinds of these objects; none of a kind that the API server does not serve.

    Raises:
        ToolMissing: kubectl is missing.
        ToolFailed: the API server does not answer.
    """
    kinds = sorted({kubectl_resource(item) for item in objects})
    if not kinds:
        return {}
    try:
        return by_key(kubectl.items(",".join(kinds), "--all-namespaces"))
    except ToolFailed:
        served = kubectl.kinds()
        known = [kind for kind in kinds if kind in served]
        return by_key(kubectl.items(",".join(known), "--all-namespaces")) if known else {}


def kubectl_resource(item: Object) -> str:
    """The kind of an object as an argument of kubectl: `Deployment.v1.apps`, or `Pod` for the core group."""
    group, _, version = item.api_version.rpartition("/")
    return f"{item.kind}.{version}.{group}" if group else item.kind


def by_key(items: Sequence[Data]) -> dict[ObjectKey, Data]:
    """Live objects by their key."""
    return {key_of(item): item for item in items}
