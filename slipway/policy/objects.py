"""Judges of objects and of what they say of each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slipway.build.render import Object
from slipway.policy.subject import Subject, Violation, containers
from slipway.util.mapping import dig, listing

OBJECT_LABELS = ("name", "instance", "managed-by", "part-of")
SELECTOR_LABELS = ("name", "instance", "component")
LABEL = "app.kubernetes.io/"
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"

CLUSTER = "cnpg.io/cluster"
CLUSTER_PORTS = frozenset({"postgresql", "metrics", "status", 5432, 9187, 8000})
"""Label and ports of the pods that CloudNativePG makes for a Cluster. Source: CloudNativePG 1.30, pkg/specs/pods.go."""

FOUNDATIONS = frozenset(
    {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "NetworkPolicy"}
)
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"})
ROUTES = frozenset({"Ingress", "IngressRoute", "ServiceMonitor"})
CLUSTER_SCOPED = frozenset(
    {
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


def labels(subject: Subject) -> Iterator[Violation]:
    """The recommended labels. Source: kubernetes.io, Recommended Labels."""
    for item in subject.objects:
        held = dig(item.data, "metadata", "labels")
        missing = [key for key in OBJECT_LABELS if not held.get(LABEL + key)]
        if missing and item.kind != "CustomResourceDefinition":
            fact = f"has no label {', '.join(LABEL + key for key in missing)}"
            yield Violation(rule="contract.labels", object=item.title, part=item.name, fact=fact)


def selectors(subject: Subject) -> Iterator[Violation]:
    """Selectors that match, and never change."""
    allowed = {LABEL + key for key in SELECTOR_LABELS}
    for item, pod in subject.pods:
        if item.kind in {"Job", "CronJob"}:
            continue
        wanted = dig(item.data, "spec", "selector", "matchLabels")
        if set(wanted) - allowed or not wanted:
            fact = f"selects by {', '.join(sorted(set(wanted) - allowed)) or 'nothing'}; only {', '.join(sorted(allowed))} never change"
            yield Violation(rule="contract.selector", object=item.title, part=item.name, fact=fact)
        if not matches(wanted, pod):
            yield Violation(
                rule="contract.selector", object=item.title, part=item.name, fact="does not select its own pods"
            )
        unstable = [key for key in dig(pod, "metadata", "labels") if key in {"helm.sh/chart", f"{LABEL}version"}]
        if unstable:
            fact = f"its pods carry {', '.join(unstable)}: each release would restart them"
            yield Violation(rule="contract.selector", object=item.title, part=item.name, fact=fact)


def matches(wanted: Mapping[str, object], pod: Mapping[str, object]) -> bool:
    """Whether labels select a pod template."""
    held = dig(pod, "metadata", "labels")
    return all(held.get(key) == value for key, value in wanted.items())


def names(subject: Subject) -> Iterator[Violation]:
    """Lengths. Source: a StatefulSet's pods carry `name-<10 digits of a revision>` as a label value of 63 characters."""
    for item in subject.objects:
        limit = 52 if item.kind in {"StatefulSet", "CronJob"} else 63
        if len(item.name) > limit and item.kind != "CustomResourceDefinition":
            fact = f"its name has {len(item.name)} characters, {limit} are the limit"
            yield Violation(rule="contract.name", object=item.title, part=item.name, fact=fact)


def policies(subject: Subject) -> Iterator[Violation]:
    """Default deny in both directions for each pod."""
    for item, pod in subject.pods:
        covered = any(
            spec.get("policyTypes") in (["Ingress", "Egress"], ["Egress", "Ingress"])
            and matches(dig(spec, "podSelector", "matchLabels"), pod)
            for spec in (dig(policy.data, "spec") for policy in subject.of_kind("NetworkPolicy"))
        )
        if not covered and not dig(pod, "spec").get("hostNetwork"):
            fact = "no NetworkPolicy denies its traffic by default"
            yield Violation(rule="contract.policy", object=item.title, part=item.name, fact=fact)
    for item in subject.of_kind("Cluster"):
        selected = [
            dig(policy.data, "spec", "podSelector", "matchLabels") for policy in subject.of_kind("NetworkPolicy")
        ]
        if {CLUSTER: item.name} not in selected:
            fact = "no NetworkPolicy denies the traffic of its instances by default"
            yield Violation(rule="contract.policy", object=item.title, part=item.name, fact=fact)


def volumes(subject: Subject) -> Iterator[Violation]:
    """Volumes and mounts that belong together."""
    for item, pod in subject.pods:
        held = {str(volume.get("name")) for volume in listing(dig(pod, "spec"), "volumes")}
        held |= {
            str(dig(claim, "metadata").get("name")) for claim in listing(dig(item.data, "spec"), "volumeClaimTemplates")
        }
        mounted = {
            str(mount.get("name")) for container in containers(pod) for mount in listing(container, "volumeMounts")
        }
        for name in sorted(held - mounted):
            yield Violation(
                rule="contract.volume", object=item.title, part=name, fact=f"volume {name} is mounted nowhere"
            )
        for name in sorted(mounted - held):
            yield Violation(rule="contract.volume", object=item.title, part=name, fact=f"mount {name} has no volume")


def references(subject: Subject) -> Iterator[Violation]:
    """What pods read: ConfigMaps of the chart and declared secrets, with their keys."""
    maps = {item.name: set(dig(item.data, "data")) for item in subject.of_kind("ConfigMap")}
    for item, pod in subject.pods:
        for kind, name, key in read_by(pod):
            known = maps.get(name) if kind == "ConfigMap" else subject.secrets.get(name)
            if known is None:
                fact = f"reads the {kind} {name}, which " + (
                    "the chart does not have" if kind == "ConfigMap" else "is not declared"
                )
                yield Violation(rule="contract.reference", object=item.title, part=name, fact=fact)
            elif key and key not in known:
                fact = f"reads the key {key} of the {kind} {name}, which it does not have"
                yield Violation(rule="contract.reference", object=item.title, part=name, fact=fact)


def read_by(pod: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """(kind, name, key or nothing) of each ConfigMap and Secret that a pod reads and needs."""
    for container in containers(pod):
        for variable in listing(container, "env"):
            for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                yield from reference(kind, dig(variable, "valueFrom", field), "name")
        for entry in listing(container, "envFrom"):
            for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                yield from reference(kind, dig(entry, field), "name")
    for volume in listing(dig(pod, "spec"), "volumes"):
        for kind, field, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            found = dig(volume, field)
            for item in listing(found, "items") or [{}]:
                yield from reference(kind, {**found, **({"key": item["key"]} if "key" in item else {})}, name)


def reference(kind: str, found: Mapping[str, object], name: str) -> Iterator[tuple[str, str, str]]:
    """One reference, unless there is none, or the pod also starts without it."""
    if name in found and found.get("optional") is not True:
        yield kind, str(found[name]), str(found.get("key", ""))


def services(subject: Subject) -> Iterator[Violation]:
    """Services that lead somewhere."""
    clusters = {item.name for item in subject.of_kind("Cluster")}
    for item in subject.of_kind("Service"):
        wanted = dig(item.data, "spec", "selector")
        if len(wanted) == 1 and wanted.get(CLUSTER) in clusters:
            # The operator makes these pods.
            yield from cluster_ports(item)
            continue
        pods = [pod for _, pod in subject.pods if matches(wanted, pod)]
        if not pods:
            yield Violation(
                rule="contract.service", object=item.title, part=item.name, fact="selects no pod of the chart"
            )
            continue
        ports = {
            str(port.get(key))
            for pod in pods
            for container in containers(pod)
            for port in listing(container, "ports")
            for key in ("name", "containerPort")
        }
        for port in listing(dig(item.data, "spec"), "ports"):
            target = str(port.get("targetPort", port.get("port")))
            if target not in ports:
                fact = f"port {port.get('name')} ends at {target}, which no container has"
                yield Violation(rule="contract.service", object=item.title, part=item.name, fact=fact)


def cluster_ports(item: Object) -> Iterator[Violation]:
    """Ports of a Service in front of a database's pods."""
    for port in listing(dig(item.data, "spec"), "ports"):
        if port.get("targetPort", port.get("port")) not in CLUSTER_PORTS:
            fact = f"port {port.get('name')} ends at {port.get('targetPort')}, which no instance of a database has"
            yield Violation(rule="contract.service", object=item.title, part=item.name, fact=fact)


def routes(subject: Subject) -> Iterator[Violation]:
    """Routes that end at a Service of the chart."""
    ports = {
        item.name: {str(port.get(key)) for port in listing(dig(item.data, "spec"), "ports") for key in ("name", "port")}
        for item in subject.of_kind("Service")
    }
    for item in subject.objects:
        for name, port in route_ends(item):
            if port not in ports.get(name, set()):
                fact = f"ends at port {port} of the Service {name}, which the chart does not have"
                yield Violation(rule="contract.route", object=item.title, part=item.name, fact=fact)


def route_ends(item: Object) -> Iterator[tuple[str, str]]:
    """(Service, port) of a route."""
    if item.kind == "IngressRoute":
        for route in listing(dig(item.data, "spec"), "routes"):
            for service in listing(route, "services"):
                if service.get("kind", "Service") == "Service":
                    yield str(service.get("name")), str(service.get("port"))
    if item.kind == "Ingress":
        for rule in listing(dig(item.data, "spec"), "rules"):
            for path in listing(dig(rule, "http"), "paths"):
                service = dig(path, "backend", "service")
                port = dig(service, "port")
                yield str(service.get("name")), str(port.get("name", port.get("number")))


def claims(subject: Subject) -> Iterator[Violation]:
    """Claims, and databases whose claims go with them, that neither Argo CD nor Helm removes."""
    for item in (*subject.of_kind("PersistentVolumeClaim"), *subject.of_kind("Cluster")):
        annotations = dig(item.data, "metadata", "annotations")
        options = set(str(annotations.get(OPTIONS, "")).split(","))
        if not {"Prune=false", "Delete=false"} <= options or annotations.get("helm.sh/resource-policy") != "keep":
            fact = "can be pruned or deleted with its data"
            yield Violation(rule="contract.claim", object=item.title, part=item.name, fact=fact)


def waves(subject: Subject) -> Iterator[Violation]:
    """Foundations, then workloads, then routes."""
    order = {kind: rank for rank, kinds in enumerate((FOUNDATIONS, WORKLOADS, ROUTES)) for kind in kinds}
    placed = [(order[item.kind], wave_of(item), item) for item in subject.objects if item.kind in order]
    for rank, wave, item in placed:
        earlier = [other for other_rank, other_wave, other in placed if other_rank < rank and other_wave > wave]
        if earlier:
            fact = f"comes in wave {wave}, before {earlier[0].title} in wave {wave_of(earlier[0])}"
            yield Violation(rule="contract.wave", object=item.title, part=item.name, fact=fact)


def wave_of(item: Object) -> int:
    """An object's sync wave; 0 when it does not say."""
    text = str(dig(item.data, "metadata", "annotations").get(WAVE, "0"))
    return int(text) if re.fullmatch(r"-?\d+", text) else 0


def namespaces(subject: Subject) -> Iterator[Violation]:
    """Objects of the release's namespace only."""
    for item in subject.objects:
        if item.kind not in CLUSTER_SCOPED and item.namespace != subject.namespace:
            fact = f"is in the namespace {item.namespace or 'that nobody names'}, not in {subject.namespace}"
            yield Violation(rule="contract.namespace", object=item.title, part=item.name, fact=fact)
