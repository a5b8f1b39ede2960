"""The objects of a chart, as rules look at them: workloads, pod templates and containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from slipway.build.render import Object
from slipway.core.model import PREFIX
from slipway.util import yaml
from slipway.util.mapping import dig, listing

POD_TEMPLATE_PATHS = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Workload kind → path of its pod template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An object that violates a rule."""

    object: str
    """Kind and name."""
    name: str
    """The container, volume, field or object; an exception names it to permit the violation."""
    fact: str


def violation(item: Object, fact: str, *, name: str = "") -> Violation:
    """A violation by an object, or by a part of it."""
    return Violation(object=item.title, name=name or item.name, fact=fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a workload."""

    workload: Object
    pod: Mapping[str, object]
    """The pod template."""
    spec: Mapping[str, object]
    init: bool
    """Whether it is an init container or a sidecar."""

    @property
    def name(self) -> str:
        """`name` of the container."""
        return str(self.spec.get("name"))

    @property
    def security_context(self) -> Mapping[str, object]:
        """The container's securityContext, without the pod's."""
        return dig(self.spec, "securityContext")

    @property
    def effective_security_context(self) -> Mapping[str, object]:
        """The pod's securityContext, overridden by the container's."""
        return {**dig(self.pod, "spec", "securityContext"), **self.security_context}

    def violation(self, fact: str) -> Violation:
        """A violation by this container."""
        return violation(self.workload, f"container {self.name} {fact}", name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartObjects:
    """What one chart renders with one set of values."""

    chart: str
    label: str
    """Names the set of values in messages."""
    namespace: str
    objects: tuple[Object, ...]
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Declared Secret name → keys."""
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Rule → container or object → reason."""
    switched_off: frozenset[str] = frozenset()
    """Controllers and service accounts that these values disable, and containers of backups, which an environment enables;
    they need no exception yet."""
    prefix: str = PREFIX
    """Of our annotations in Chart.yaml."""
    default_values: bool = False
    """Whether these are the chart's default values, with which each exception must be needed."""

    @property
    def workloads(self) -> tuple[tuple[Object, Mapping[str, object]], ...]:
        """Workloads with their pod templates."""
        return tuple(
            (item, dig(item.data, *POD_TEMPLATE_PATHS[item.kind]))
            for item in self.objects
            if item.kind in POD_TEMPLATE_PATHS
        )

    @property
    def written_pods(self) -> Iterator[tuple[Object, Mapping[str, object]]]:
        """Pods that a program starts from a config file, with their templates."""
        for item in self.of_kind("ConfigMap"):
            for text in dig(item.data, "data").values():
                for document in documents_in(str(text)):
                    kind = str(document.get("kind"))
                    path = () if kind == "Pod" else POD_TEMPLATE_PATHS.get(kind)
                    if path is not None:
                        name = str(dig(document, "metadata").get("name"))
                        yield replace(item, kind=kind, name=name, data=document), dig(document, *path)

    @property
    def pods(self) -> tuple[tuple[Object, Mapping[str, object]], ...]:
        """Workloads and pods of config files with their pod templates."""
        return (*self.workloads, *self.written_pods)

    @property
    def containers(self) -> Iterator[Container]:
        """All containers, init containers and those of config files included."""
        for item, pod in self.pods:
            for field_name in ("initContainers", "containers"):
                for spec in listing(dig(pod, "spec"), field_name):
                    yield Container(workload=item, pod=pod, spec=spec, init=field_name == "initContainers")

    def of_kind(self, kind: str) -> tuple[Object, ...]:
        """Objects of a kind."""
        return tuple(item for item in self.objects if item.kind == kind)


@cache
def documents_in(text: str) -> tuple[Mapping[str, object], ...]:
    """The mappings that a text has as YAML or JSON; none when it is neither. Every rule asks, about the same texts."""
    if ":" not in text:
        return ()
    try:
        found = yaml.load_all(text)
    except yaml.NotYaml:
        return ()
    return tuple(document for document in found if isinstance(document, Mapping))


def containers(pod: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Init containers and containers of a pod template; sidecars are init containers."""
    spec = dig(pod, "spec")
    return [*listing(spec, "initContainers"), *listing(spec, "containers")]


def required_references(pod: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Kind, name and key of each ConfigMap and Secret without which a pod does not start; no key means all of them."""
    for container in containers(pod):
        for variable in listing(container, "env"):
            for kind, field_name in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                yield from required(kind, dig(variable, "valueFrom", field_name), "name")
        for entry in listing(container, "envFrom"):
            for kind, field_name in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                yield from required(kind, dig(entry, field_name), "name")
    for volume in listing(dig(pod, "spec"), "volumes"):
        for kind, field_name, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            source = dig(volume, field_name)
            for item in listing(source, "items") or [{}]:
                yield from required(kind, {**source, **({"key": item["key"]} if "key" in item else {})}, name)


def required(kind: str, reference: Mapping[str, object], name_field: str) -> Iterator[tuple[str, str, str]]:
    """The reference, unless it is absent or optional."""
    if name_field in reference and reference.get("optional") is not True:
        yield kind, str(reference[name_field]), str(reference.get("key", ""))


def pod_labels(pod: Mapping[str, object]) -> Mapping[str, object]:
    """The labels of a pod template."""
    return dig(pod, "metadata", "labels")


def labels_match(match_labels: Mapping[str, object], labels: Mapping[str, object]) -> bool:
    """Whether `matchLabels` select these labels; empty ones select everything."""
    return all(labels.get(key) == value for key, value in match_labels.items())


def children(node: object, path: str) -> Iterator[tuple[str | int, str, object]]:
    """Key, path and value of each entry of a mapping or list."""
    pairs = (
        node.items()
        if type(node) is dict or isinstance(node, Mapping)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in pairs:
        yield key, f"{path}.{key}" if path else str(key), value
