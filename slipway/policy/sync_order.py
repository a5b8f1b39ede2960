"""Sync waves of one Application: no object waits in a wave for what a later wave brings. Pure.

Argo CD applies a wave and starts the next one when every object of it is healthy. A Service of type LoadBalancer is
Progressing until it has an address, so with the address pool in a later wave the sync never ends. What each kind waits
for follows from Argo CD's health checks; objects that another Application brings are not known here.

Source: gitops-engine v0.7 pkg/sync/sync_context.go, pkg/health/health_{service,pvc,deployment,statefulset,daemonset,job}.go;
argo-cd v3.6.1 resource_customizations/cert-manager.io/{Certificate,ClusterIssuer,Issuer}/health.lua.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.argocd import is_hook, sync_wave
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, labels_match, pod_labels, required, required_references
from slipway.util.mapping import dig, listing, strings

SYNC_ORDER = Rule("contract.sync-order", "No object waits in a sync wave for what a later wave brings.")

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
"""Kinds that are healthy only when their pods run, and whose pods start only with what they mount."""
ISSUERS = frozenset({"ClusterIssuer", "Issuer"})
POOL, ADVERTISEMENTS = "IPAddressPool", frozenset({"L2Advertisement", "BGPAdvertisement"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An object that is healthy, or accepted, only with another one."""

    waits: Object
    needed: Object
    reason: str
    strict: bool = False
    """Whether the needed object must be healthy before: a webhook answers only when its pods run."""

    @property
    def too_late(self) -> bool:
        """Whether the needed object comes too late."""
        waiting, needed = sync_wave(self.waits), sync_wave(self.needed)
        return needed >= waiting if self.strict else needed > waiting


def sync_order_problems(objects: Sequence[Object], application: str, label: str) -> Iterator[Problem]:
    """Objects of an Application that wait for a later wave.

    Args:
        objects: everything that the Application renders.
        application: its name.
        label: which values it was rendered with.
    """
    synced = [item for item in objects if not is_hook(item)]
    for find in FINDERS:
        for wait in find(synced):
            if wait.too_late:
                waiting, needed = sync_wave(wait.waits), sync_wave(wait.needed)
                when = "in the same wave" if waiting == needed else f"that comes in wave {needed}"
                yield SYNC_ORDER.problem(
                    where=f"{application}: {title(wait.waits)}",
                    fact=f"waits in wave {waiting} for {title(wait.needed)}, {when}",
                    evidence=(wait.reason, f"rendered with {label}"),
                    hint=f"move {title(wait.needed)} before it, or {title(wait.waits)} into a later wave",
                )


def title(item: Object) -> str:
    """`Kind name`."""
    return f"{item.kind} {item.name}"


def addresses(objects: Sequence[Object]) -> Iterator[Wait]:
    """A LoadBalancer is Progressing until its controller has a pool, and announces it."""
    reason = "Argo CD: a Service of type LoadBalancer is Progressing until it has an address"
    for service in objects:
        if service.kind == "Service" and service.at("spec", "type") == "LoadBalancer":
            for needed in objects:
                if needed.kind == POOL or needed.kind in ADVERTISEMENTS:
                    yield Wait(waits=service, needed=needed, reason=reason)


def certificates(objects: Sequence[Object]) -> Iterator[Wait]:
    """A Certificate is Progressing until its issuer has issued it."""
    issuers = {(item.kind, item.name): item for item in objects if item.kind in ISSUERS}
    for item in objects:
        if item.kind == "Certificate":
            reference = dig(item.data, "spec", "issuerRef")
            issuer = issuers.get((str(reference.get("kind", "Issuer")), str(reference.get("name"))))
            if issuer is not None:
                yield Wait(waits=item, needed=issuer, reason="Argo CD: a Certificate is Progressing until it is issued")


def claims(objects: Sequence[Object]) -> Iterator[Wait]:
    """A claim is Progressing until it is bound: its class exists, and a pod mounts it where the class waits for one."""
    classes = {item.name: item for item in objects if item.kind == "StorageClass"}
    mounting = mounted_claims(objects)
    for item in objects:
        if item.kind != "PersistentVolumeClaim":
            continue
        reason = "Argo CD: a PersistentVolumeClaim is Progressing until it is bound"
        if (made := classes.get(str(item.at("spec", "storageClassName")))) is not None:
            yield Wait(waits=item, needed=made, reason=reason)
        pods = mounting.get((item.namespace, item.name), [])
        if pods:
            yield Wait(waits=item, needed=min(pods, key=sync_wave), reason=f"{reason}, and it binds with its first pod")


def mounted_claims(objects: Sequence[Object]) -> Mapping[tuple[str, str], list[Object]]:
    """(namespace, claim) → the workloads that mount it."""
    found: dict[tuple[str, str], list[Object]] = {}
    for item in objects:
        if item.kind in WORKLOADS:
            for volume in listing(dig(pod_template(item), "spec"), "volumes"):
                if name := dig(volume, "persistentVolumeClaim").get("claimName"):
                    found.setdefault((item.namespace, str(name)), []).append(item)
    return found


def references(objects: Sequence[Object]) -> Iterator[Wait]:
    """A workload's pods start only with their ConfigMaps, Secrets, claims and service account."""
    known = {(item.kind, item.namespace, item.name): item for item in objects}
    for item in objects:
        if item.kind in WORKLOADS:
            for kind, name in dict.fromkeys(referenced(pod_template(item))):
                if (needed := known.get((kind, item.namespace, name))) is not None:
                    reason = f"Argo CD: a {item.kind} is Progressing until its pods run, and they need the {kind}"
                    yield Wait(waits=item, needed=needed, reason=reason)


def referenced(pod: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(kind, name) of everything that a pod cannot start without."""
    spec = dig(pod, "spec")
    if account := spec.get("serviceAccountName"):
        yield "ServiceAccount", str(account)
    for kind, name, _ in required_references(pod):
        yield kind, name
    for volume in listing(spec, "volumes"):
        if claim := dig(volume, "persistentVolumeClaim").get("claimName"):
            yield "PersistentVolumeClaim", str(claim)
        for source in listing(dig(volume, "projected"), "sources"):
            for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
                yield from ((kind, name) for _, name, _ in required(kind, dig(source, field), "name"))


def webhooks(objects: Sequence[Object]) -> Iterator[Wait]:
    """An object is accepted only while the pods of the webhooks for its kind run."""
    for configuration in objects:
        if configuration.kind not in {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}:
            continue
        for webhook in listing(configuration.data, "webhooks"):
            if webhook.get("failurePolicy", "Fail") != "Fail":
                continue
            pods = list(serving(dig(webhook, "clientConfig", "service"), objects))
            groups = {group for entry in listing(webhook, "rules") for group in strings(entry, "apiGroups")}
            for item in objects:
                if item.group and item.group in groups:
                    reason = f"{title(configuration)} refuses it while its pods do not run"
                    yield from (Wait(waits=item, needed=pod, reason=reason, strict=True) for pod in pods)


def serving(reference: Mapping[str, object], objects: Sequence[Object]) -> Iterator[Object]:
    """The workloads behind a webhook's Service."""
    for service in objects:
        if service.kind == "Service" and (service.namespace, service.name) == (
            reference.get("namespace"),
            reference.get("name"),
        ):
            selector = dig(service.data, "spec", "selector")
            for item in objects:
                same = item.kind in WORKLOADS and item.namespace == service.namespace
                if same and selector and labels_match(selector, pod_labels(pod_template(item))):
                    yield item


def pod_template(item: Object) -> Mapping[str, object]:
    """The pod template of a workload."""
    return dig(item.data, *POD_TEMPLATE_PATHS[item.kind])


FINDERS: tuple[Callable[[Sequence[Object]], Iterator[Wait]], ...] = (
    addresses,
    certificates,
    claims,
    references,
    webhooks,
)
"""What waits for what, one function for each relation."""
