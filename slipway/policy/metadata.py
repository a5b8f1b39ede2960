"""Metadata of objects: labels, names, namespaces, sync waves."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.policy.argocd import sync_wave
from slipway.policy.chart_objects import ChartObjects, Violation, violation
from slipway.policy.labels import REQUIRED_LABELS
from slipway.policy.object_rule import rule

DEFINITION = "CustomResourceDefinition"
"""Kind that Kubernetes and upstream projects name and label, so that our conventions do not apply."""

WAVE_ORDER = (
    frozenset({"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ConfigMap"})
    | {"NetworkPolicy"},
    frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"}),
)
"""Kinds in the order in which they are applied: prerequisites, workloads. A route waits for no pod."""

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "ClusterIssuer",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)

REVISION_NAME_LIMIT = 52
"""Characters. Pods of a StatefulSet have the label value `name-<10 digits>`, and a CronJob's Jobs a suffix of 11."""
LABEL_VALUE_LIMIT = 63


@rule("contract.labels", "Objects have the recommended labels.")
def recommended_labels(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        missing = [key for key in REQUIRED_LABELS if not item.labels.get(key)]
        if missing and item.kind != DEFINITION:
            yield violation(item, f"has no label {', '.join(missing)}")


@rule("contract.name", "Names fit into a label, and those of StatefulSets and CronJobs leave room for a suffix.")
def name_length(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        limit = REVISION_NAME_LIMIT if item.kind in {"StatefulSet", "CronJob"} else LABEL_VALUE_LIMIT
        if len(item.name) > limit and item.kind != DEFINITION:
            yield violation(item, f"has a name of {len(item.name)} characters; the limit is {limit}")


@rule("contract.wave", "ConfigMaps, accounts and policies sync before workloads.")
def sync_wave_order(chart: ChartObjects) -> Iterator[Violation]:
    rank_of = {kind: rank for rank, kinds in enumerate(WAVE_ORDER) for kind in kinds}
    ranked = [(rank_of[item.kind], sync_wave(item), item) for item in chart.objects if item.kind in rank_of]
    for rank, wave, item in ranked:
        late = next((other for other_rank, at, other in ranked if other_rank < rank and at > wave), None)
        if late is not None:
            yield violation(item, f"is in sync wave {wave}, before {late.title} in wave {sync_wave(late)}")


@rule("contract.unique", "An object is rendered once.")
def unique_objects(chart: ChartObjects) -> Iterator[Violation]:
    seen: set[tuple[str, str, str, str]] = set()
    for item in chart.objects:
        if item.identity in seen:
            yield violation(item, "is rendered twice")
        seen.add(item.identity)


@rule("contract.namespace", "Objects are in the release's namespace.")
def release_namespace(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        if item.kind not in CLUSTER_SCOPED and item.namespace != chart.namespace:
            fact = f"is in the namespace {item.namespace}" if item.namespace else "has no namespace"
            yield violation(item, f"{fact}; the release is in {chart.namespace}")
