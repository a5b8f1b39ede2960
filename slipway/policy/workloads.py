"""Workloads: resources, environment variables, selectors, Jobs and unwanted restarts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from slipway.policy.argocd import is_hook
from slipway.policy.chart_objects import (
    ChartObjects,
    Violation,
    children,
    labels_match,
    pod_labels,
    violation,
)
from slipway.policy.labels import CHART_LABEL, SELECTOR_LABELS, VERSION_LABEL
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing

BATCH_KINDS = frozenset({"Job", "CronJob"})
"""Kinds whose pods end, and whose selectors the API server writes."""

ENDING_KINDS = BATCH_KINDS | {"Pod"}
"""Kinds without probes; a pod of a config file is one that a program starts for a task."""

HOOK_DELETE_POLICIES = ("helm.sh/hook-delete-policy", "argocd.argoproj.io/hook-delete-policy")
CONTENT_HASH = re.compile(r"-[0-9a-f]{8,}$")


@rule("contract.resources", "Containers request CPU and memory and limit memory.")
def resources(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        for field, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if resource not in dig(container.spec, "resources", field):
                yield container.violation(f"has no {field}.{resource}")


@rule("contract.env", "An environment variable is set once, to a string.")
def environment(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        variables = listing(container.spec, "env")
        names = Counter(str(variable.get("name")) for variable in variables)
        for name in sorted(name for name, count in names.items() if count > 1):
            yield container.violation(f"sets the variable {name} more than once")
        for variable in variables:
            if "value" in variable and not isinstance(variable["value"], str):
                yield container.violation(f"sets the variable {variable.get('name')} to a value that is not a string")


@rule("contract.selector", "Selectors match their pods, and contain neither the version nor the chart.")
def selectors(chart: ChartObjects) -> Iterator[Violation]:
    for item, pod in chart.workloads:
        if item.kind in BATCH_KINDS:
            continue
        selector = dig(item.data, "spec", "selector", "matchLabels")
        labels = pod_labels(pod)
        if (mutable := set(selector) - SELECTOR_LABELS) or not selector:
            selected_by = ", ".join(sorted(mutable)) or "no label"
            allowed = ", ".join(sorted(SELECTOR_LABELS))
            yield violation(item, f"selects its pods by {selected_by}; only {allowed} never change")
        if not labels_match(selector, labels):
            yield violation(item, "does not select its own pods")
        if unstable := [key for key in labels if key in {CHART_LABEL, VERSION_LABEL}]:
            yield violation(item, f"labels its pods with {', '.join(unstable)}: each release would restart them")


@rule("contract.restart", "Pod templates do not contain the chart's version, so that a release alone restarts no pod.")
def chart_version_in_pods(chart: ChartObjects) -> Iterator[Violation]:
    labels = {label for item in chart.objects if (label := item.labels.get(CHART_LABEL))}
    for item, pod in chart.workloads:
        for path, value in strings(pod, ""):
            if value in labels:
                yield violation(item, f"sets {path} of its pods to {value}: a new chart version would restart them")


def strings(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Path and value of every string below a node."""
    for _, here, value in children(node, path):
        if isinstance(value, str):
            yield here, value
        else:
            yield from strings(value, here)


@rule("contract.job", "Jobs have a hash of their content in their name, and hooks have a delete policy.")
def jobs_and_hooks(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        if is_hook(item):
            if not any(item.annotations.get(key) for key in HOOK_DELETE_POLICIES):
                yield violation(item, "is a hook without a delete policy: its second run would find the first object")
        elif item.kind == "Job" and not CONTENT_HASH.search(item.name):
            yield violation(item, "has no content hash in its name, and the template of a Job is immutable")


@rule("contract.retry", "A Job that connects to something tries again.")
def second_try(chart: ChartObjects) -> Iterator[Violation]:
    """The node lets a new pod through its network policies some moments after the pod has started; until then it is refused."""
    policies = [dig(policy.data, "spec") for policy in chart.of_kind("NetworkPolicy")]
    for item, pod in chart.workloads:
        if item.kind not in BATCH_KINDS:
            continue
        spec = dig(item.data, "spec") if item.kind == "Job" else dig(item.data, "spec", "jobTemplate", "spec")
        connects = any(
            listing(policy, "egress") and labels_match(dig(policy, "podSelector", "matchLabels"), pod_labels(pod))
            for policy in policies
        )
        if connects and spec.get("backoffLimit") == 0:
            yield violation(item, "has a backoffLimit of 0: the first refused connection fails it")
