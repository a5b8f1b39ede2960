"""Volumes, and the ConfigMaps, Secrets, claims and service accounts that workloads refer to."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.policy.argocd import sync_options
from slipway.policy.chart_objects import ChartObjects, Violation, containers, required_references, violation
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing


@rule("contract.volume", "Volumes are mounted, and mounts have a volume.")
def volumes(chart: ChartObjects) -> Iterator[Violation]:
    for item, pod in chart.workloads:
        available = {str(volume.get("name")) for volume in listing(dig(pod, "spec"), "volumes")} | {
            str(dig(claim, "metadata").get("name")) for claim in listing(dig(item.data, "spec"), "volumeClaimTemplates")
        }
        mounted = {
            str(mount.get("name")) for container in containers(pod) for mount in listing(container, "volumeMounts")
        }
        for name in sorted(available - mounted):
            yield violation(item, f"volume {name} is not mounted", name=name)
        for name in sorted(mounted - available):
            yield violation(item, f"mount {name} has no volume", name=name)


@rule(
    "contract.reference", "Pods refer to ConfigMaps of the chart and to declared secrets, and to keys that these have."
)
def references(chart: ChartObjects) -> Iterator[Violation]:
    config_maps = {item.name: set(dig(item.data, "data")) for item in chart.of_kind("ConfigMap")}
    for item, pod in chart.workloads:
        for kind, name, key in required_references(pod):
            known = config_maps.get(name) if kind == "ConfigMap" else chart.secrets.get(name)
            if known is None:
                why = "the chart does not render" if kind == "ConfigMap" else "the chart does not declare"
                yield violation(item, f"refers to the {kind} {name}, which {why}", name=name)
            elif key and key not in known:
                yield violation(item, f"refers to the key {key} of the {kind} {name}, which has no such key", name=name)


@rule("contract.claim", "Claims and databases are protected from pruning and deletion.")
def claims(chart: ChartObjects) -> Iterator[Violation]:
    for item in (*chart.of_kind("PersistentVolumeClaim"), *chart.of_kind("Cluster")):
        kept = item.annotations.get("helm.sh/resource-policy") == "keep"
        if not kept or not {"Prune=false", "Delete=false"} <= sync_options(item):
            yield violation(item, "can be pruned or deleted together with its data")


@rule("contract.account", "The chart renders the service accounts of its pods and role bindings.")
def service_accounts(chart: ChartObjects) -> Iterator[Violation]:
    known = {item.name for item in chart.of_kind("ServiceAccount")} | {"default", ""}
    for item, pod in chart.workloads:
        name = str(dig(pod, "spec").get("serviceAccountName") or "")
        if name not in known:
            yield violation(item, f"runs as the service account {name}, which the chart does not render")
    for item in chart.objects:
        for subject in listing(item.data, "subjects") if item.kind.endswith("RoleBinding") else []:
            if subject.get("kind") == "ServiceAccount" and str(subject.get("name")) not in known:
                fact = f"binds the service account {subject.get('name')}, which the chart does not render"
                yield violation(item, fact)
