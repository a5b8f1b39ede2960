"""What the contract judges, and how a violation is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slipway.build.render import Object
from slipway.util.mapping import dig, listing

PODS = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind → path of its pod template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged: the objects of one chart with one set of values."""

    chart: str
    label: str
    """Which values."""
    namespace: str
    objects: tuple[Object, ...]
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Declared secret name → keys."""
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Rule → container or object → reason."""
    complete: bool = False
    """Whether these are the chart's own values: an exception that nothing needs here is needed nowhere."""

    @property
    def pods(self) -> tuple[tuple[Object, Mapping[str, object]], ...]:
        """Workloads with their pod templates."""
        return tuple((item, dig(item.data, *PODS[item.kind])) for item in self.objects if item.kind in PODS)

    def of_kind(self, kind: str) -> tuple[Object, ...]:
        """Objects of a kind."""
        return tuple(item for item in self.objects if item.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that an object breaks; `part` is what an exception would name."""

    rule: str
    object: str
    part: str
    fact: str


def containers(pod: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Init containers, sidecars among them, and containers of a pod template."""
    spec = dig(pod, "spec")
    return [*listing(spec, "initContainers"), *listing(spec, "containers")]
