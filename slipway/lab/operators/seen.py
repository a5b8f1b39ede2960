"""What is in the cluster, and changes to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.util.mapping import dig, listing

Data = Mapping[str, object]

PATHS: Mapping[str, str] = {
    "Certificate": "/apis/cert-manager.io/v1/certificates",
    "Cluster": "/apis/postgresql.cnpg.io/v1/clusters",
    "ClusterIssuer": "/apis/cert-manager.io/v1/clusterissuers",
    "ConfigMap": "/api/v1/configmaps",
    "Database": "/apis/postgresql.cnpg.io/v1/databases",
    "IPAddressPool": "/apis/metallb.io/v1beta1/ipaddresspools",
    "Ingress": "/apis/networking.k8s.io/v1/ingresses",
    "Issuer": "/apis/cert-manager.io/v1/issuers",
    "MutatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "Pod": "/api/v1/pods",
    "SealedSecret": "/apis/bitnami.com/v1alpha1/sealedsecrets",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "ValidatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}
"""Kind → where the API server lists it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A program of the platform, by the labels of its pods."""

    chart: str
    controller: str


METALLB = Operator(chart="metallb", controller="controller")
CERT_MANAGER = Operator(chart="cert-manager", controller="controller")
CLOUDNATIVE_PG = Operator(chart="cloudnative-pg", controller="cloudnative-pg")
SEALED_SECRETS = Operator(chart="sealed-secrets", controller="sealed-secrets")
TRAEFIK = Operator(chart="traefik", controller="traefik")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The objects that an API server listed."""

    objects: Mapping[str, Sequence[Data]]
    """Kind → objects."""

    def all(self, kind: str) -> Sequence[Data]:
        """Every object of a kind that is not being deleted, by namespace and name."""
        found = (item for item in self.objects.get(kind, ()) if "deletionTimestamp" not in dig(item, "metadata"))
        return sorted(found, key=lambda item: (namespace_of(item), name_of(item)))

    def find(self, kind: str, name: str, namespace: str = "") -> Data | None:
        """One object."""
        for item in self.objects.get(kind, ()):
            if (name_of(item), namespace_of(item)) == (name, namespace):
                return item
        return None

    def lacks(self, kind: str, name: str, namespace: str, key: str = "") -> str:
        """What is missing for a Secret or ConfigMap, or its key, to be read; empty when it is there. In the kubelet's words."""
        found = self.find(kind, name, namespace)
        if found is None:
            return f'{kind.lower()} "{name}" not found'
        if key and key not in {**dig(found, "data"), **dig(found, "binaryData")}:
            return f"couldn't find key {key} in {kind} {namespace}/{name}"
        return ""

    def namespaces(self, operator: Operator) -> tuple[str, ...]:
        """Namespaces in which an operator runs: where a pod of it is ready."""
        return tuple(dict.fromkeys(namespace_of(pod) for pod in self.pods(operator)))

    def pods(self, operator: Operator) -> Iterator[Data]:
        """The ready pods of an operator."""
        wanted = (operator.chart, operator.controller)
        for pod in self.all("Pod"):
            labels = dig(pod, "metadata", "labels")
            found = (labels.get("app.kubernetes.io/name"), labels.get("app.kubernetes.io/component"))
            if found == wanted and condition(pod, "Ready").get("status") == "True":
                yield pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A strategic or JSON merge patch of an object."""

    kind: str
    namespace: str
    name: str
    body: Data
    why: str
    """For the log."""
    status: bool = True
    """Whether it is one of the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A Secret with random values, or with a certificate."""

    namespace: str
    name: str
    keys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Names in its certificate; it has none when they are empty."""
    owner: Data = field(default_factory=dict)
    """The object that it is made for."""

    @property
    def kind(self) -> str:
        """As a `Patch` has it."""
        return "Secret"

    @property
    def why(self) -> str:
        """For the log."""
        return f"created for {self.owner.get('kind')} {name_of(self.owner)}"


Change = Patch | NewSecret


def name_of(item: Data) -> str:
    """Of an object."""
    return str(dig(item, "metadata").get("name", ""))


def namespace_of(item: Data) -> str:
    """Of an object; empty for one of the cluster."""
    return str(dig(item, "metadata").get("namespace", ""))


def condition(item: Data, kind: str) -> Data:
    """A condition of an object's status; empty when it has none."""
    return next((found for found in listing(dig(item, "status"), "conditions") if found.get("type") == kind), {})


def generation(item: Data) -> object:
    """Of an object's spec."""
    return dig(item, "metadata").get("generation")


def status_patch(kind: str, item: Data, status: Data, why: str) -> Patch:
    """A change of an object's status."""
    return Patch(kind=kind, namespace=namespace_of(item), name=name_of(item), body={"status": status}, why=why)


def condition_patches(
    kind: str, item: Data, name: str, refusal: str, *, now: str, more: Mapping[str, object] | None = None
) -> Iterator[Patch]:
    """The status that says so: a condition that is True, or False with the reason; nothing when it says so already.

    Args:
        kind: of the object.
        item: the object.
        name: of the condition.
        refusal: why it is not met; empty when it is.
        now: the time.
        more: fields of the status besides.
    """
    wanted = {
        "type": name,
        "status": "False" if refusal else "True",
        "reason": "Waiting" if refusal else name,
        "message": refusal or "played by the lab",
    }
    found = condition(item, name)
    fields = {"observedGeneration": generation(item), **(more or {})}
    status = dig(item, "status")
    if {**found, **wanted} == found and status.get("conditions") and same_generation(found, status, item):
        return
    others = [one for one in listing(status, "conditions") if one.get("type") != name]
    made = {**wanted, "lastTransitionTime": now, "lastUpdateTime": now, "observedGeneration": generation(item)}
    yield status_patch(kind, item, {**fields, "conditions": [*others, made]}, f"{name} {wanted['status']} {refusal}")


def same_generation(found: Data, status: Data, item: Data) -> bool:
    """Whether a condition, or the status where its schema has no such field in conditions, is about the present spec."""
    return generation(item) in {found.get("observedGeneration"), status.get("observedGeneration"), None}
