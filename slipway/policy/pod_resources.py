"""What pods and claims of a namespace ask for, as the API server's admission counts it. Pure.

Source: Kubernetes 1.37, plugin/pkg/admission/limitranger/admission.go, pkg/apis/core/v1/defaults.go,
staging/src/k8s.io/component-helpers/resource/helpers.go; CloudNativePG 1.30, pkg/specs/{pods,pvcs}.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, containers
from slipway.util import quantity
from slipway.util.mapping import dig, listing

Amounts = Mapping[str, Decimal]
"""Resource → amount."""

NONE = Decimal(0)
CLUSTER = "Cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Requests and limits of a container or a pod."""

    requests: Amounts
    limits: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the LimitRanges of a namespace give to a container that says nothing."""

    requests: Amounts
    limits: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """The pods of an object."""

    owner: Object
    spec: Mapping[str, object]
    steady: int
    """How many run all the time."""
    passing: int
    """How many more run during a rolling update, or while a job runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The equal claims of an object."""

    owner: Object
    storage: Decimal
    storage_class: str
    count: int
    field: str
    """Where the object has the size."""


def amounts(data: Mapping[str, object]) -> dict[str, Decimal]:
    """The quantities of a mapping; what is no quantity is left out, since the schemas refuse it."""
    found = {}
    for name, text in data.items():
        try:
            found[str(name)] = quantity.parse(text)
        except ValueError:
            continue
    return found


def added(*parts: Amounts) -> dict[str, Decimal]:
    """The sum of each resource."""
    return {name: sum((part.get(name, NONE) for part in parts), NONE) for name in keys_of(parts)}


def highest(*parts: Amounts) -> dict[str, Decimal]:
    """The maximum of each resource."""
    return {name: max(part.get(name, NONE) for part in parts) for name in keys_of(parts)}


def keys_of(parts: Iterable[Amounts]) -> dict[str, None]:
    """Every resource of some mappings, each once."""
    return dict.fromkeys(name for part in parts for name in part)


def container_defaults(ranges: Iterable[Object]) -> Defaults:
    """What LimitRanges add to containers: a maximum without a default is the default, and that is the request too."""
    requests: dict[str, Decimal] = {}
    limits: dict[str, Decimal] = {}
    for item in ranges:
        for entry in listing(dig(item.data, "spec"), "limits"):
            if entry.get("type") == "Container":
                default = amounts({**dig(entry, "max"), **dig(entry, "default")})
                request = {**amounts(dig(entry, "min")), **default, **amounts(dig(entry, "defaultRequest"))}
                limits = {**default, **limits}
                requests = {**request, **requests}
    return Defaults(requests=requests, limits=limits)


def container_resources(container: Mapping[str, object], defaults: Defaults) -> Resources:
    """Requests and limits of a container after admission: a limit without a request is the request too."""
    limits = amounts(dig(container, "resources", "limits"))
    requests = {**limits, **amounts(dig(container, "resources", "requests"))}
    return Resources(requests={**defaults.requests, **requests}, limits={**defaults.limits, **limits})


def pod_resources(spec: Mapping[str, object], defaults: Defaults) -> Resources:
    """What a pod asks for: all containers with the sidecars, or the largest init container with the sidecars before it."""

    def together(field: str) -> Amounts:
        def of(container: Mapping[str, object]) -> Amounts:
            found = container_resources(container, defaults)
            return found.requests if field == "requests" else found.limits

        beside: Amounts = {}
        starting: Amounts = {}
        for container in listing(spec, "initContainers"):
            alone = added(beside, of(container))
            starting = highest(starting, alone)
            if container.get("restartPolicy") == "Always":
                beside = alone
        running = added(beside, *(of(container) for container in listing(spec, "containers")))
        return {**highest(running, starting), **amounts(dig(spec, "resources", field))}

    return Resources(requests=together("requests"), limits=together("limits"))


def pods_of(objects: Iterable[Object]) -> Iterator[Pods]:
    """The pods of every workload and database."""
    for item in objects:
        spec = dig(item.data, "spec")
        if item.kind == CLUSTER and "instances" in spec:
            # An instance joins, or a database is created, in a pod of the same size.
            made = {"containers": [{"name": "postgres", "resources": dig(spec, "resources")}]}
            yield Pods(owner=item, spec=made, steady=whole(spec.get("instances"), 1), passing=1)
        elif item.kind in POD_TEMPLATE_PATHS:
            template = dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec")
            steady, passing = counts(item)
            yield Pods(owner=item, spec=template, steady=steady, passing=passing)


def counts(item: Object) -> tuple[int, int]:
    """How many pods of a workload run all the time, and how many more for a while; one node for a DaemonSet."""
    spec = dig(item.data, "spec")
    if item.kind in {"Job", "CronJob"}:
        job = spec if item.kind == "Job" else dig(spec, "jobTemplate", "spec")
        return 0, 0 if spec.get("suspend") is True else whole(job.get("parallelism"), 1)
    if item.kind == "DaemonSet":
        return 1, 0
    replicas = whole(spec.get("replicas"), 1)
    return replicas, surge(spec, replicas) if item.kind == "Deployment" else 0


def surge(spec: Mapping[str, object], replicas: int) -> int:
    """The pods that a rolling update of a Deployment adds."""
    if dig(spec, "strategy").get("type", "RollingUpdate") != "RollingUpdate" or not replicas:
        return 0
    text = str(dig(spec, "strategy", "rollingUpdate").get("maxSurge", "25%"))
    number = int(text.removesuffix("%")) if text.removesuffix("%").isdigit() else 0
    return math.ceil(replicas * number / 100) if text.endswith("%") else number


def whole(value: object, default: int) -> int:
    """A number of the API, or its default."""
    return value if isinstance(value, int) else default


def claims_of(objects: Iterable[Object]) -> Iterator[Claim]:
    """Every claim: of its own, of a StatefulSet's or a pod's template, and of a database's instances."""
    listed = tuple(objects)
    for item in listed:
        spec = dig(item.data, "spec")
        if item.kind == "PersistentVolumeClaim":
            yield from claim(item, spec, 1, "spec.resources.requests.storage")
        elif item.kind == "StatefulSet":
            for template in listing(spec, "volumeClaimTemplates"):
                name = str(dig(template, "metadata").get("name"))
                yield from claim(item, dig(template, "spec"), whole(spec.get("replicas"), 1), f"volume {name}")
        elif item.kind == CLUSTER and "instances" in spec:
            for field in ("storage", "walStorage"):
                wanted = dig(spec, field)
                request: Mapping[str, object] = {"requests": {"storage": wanted.get("size")}}
                made = {"resources": request, "storageClassName": wanted.get("storageClass")}
                yield from claim(item, made, whole(spec.get("instances"), 1), f"spec.{field}.size")
    for pods in pods_of(listed):
        for volume in listing(pods.spec, "volumes"):
            template = dig(volume, "ephemeral", "volumeClaimTemplate", "spec")
            yield from claim(pods.owner, template, max(pods.steady, 1), f"volume {volume.get('name')}")


def claim(owner: Object, spec: Mapping[str, object], count: int, field: str) -> Iterator[Claim]:
    """A claim of this size, if it has one."""
    storage = amounts(dig(spec, "resources", "requests")).get("storage")
    if storage is not None:
        storage_class = str(spec.get("storageClassName") or "")
        yield Claim(owner=owner, storage=storage, storage_class=storage_class, count=count, field=field)


def roles(spec: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each container of a pod with the key of the library's values for its role."""
    running = {id(container) for container in listing(spec, "containers")}
    every: Sequence[Mapping[str, object]] = containers({"spec": spec})
    for container in every:
        if id(container) in running:
            yield "containers", container
        else:
            yield "sidecars" if container.get("restartPolicy") == "Always" else "init", container


def written(resource: str, amount: Decimal) -> str:
    """An amount as a person writes it."""
    if resource.rpartition(".")[2] in {"memory", "storage", "ephemeral-storage"} and amount == int(amount):
        size = int(amount)
        return quantity.canonical(f"{size // 1024}Ki") if size and size % 1024 == 0 else str(size)
    return quantity.canonical(f"{int(amount * 1000)}m")
