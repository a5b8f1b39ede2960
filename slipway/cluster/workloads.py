"""Workloads and their pods: whether a rollout is complete, which pods it replaced, and why pods are not created."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slipway.cluster.live_objects import ObjectKey, condition, condition_is_true, key_of, uid
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

KINDS = "deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,replicasets.apps,pods,events"
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
CREATE_FAILED = "FailedCreate"
"""Reason of the event of a controller whose pods the API server refuses."""
POLL_S = 0.25
GRACE_S = 3.0
"""How long a refusal must last to count: a quota may be exhausted until the old pod has terminated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The state of the workloads of some namespaces."""

    pods: Mapping[ObjectKey, frozenset[str]] = field(default_factory=dict)
    """Workload → UIDs of its pods that are not terminating."""
    waiting: Mapping[ObjectKey, str] = field(default_factory=dict)
    """Workload whose rollout is not complete → the reason, if it is known."""
    refused: Mapping[ObjectKey, str] = field(default_factory=dict)
    """Workload whose pods the API server refuses → its message."""


def wait_for_rollouts(kubectl: Kubectl, namespaces: Sequence[str], wait_s: float) -> Workloads:
    """Wait until every rollout is complete, or only refused ones are left.

    Args:
        kubectl: the cluster.
        namespaces: of the workloads.
        wait_s: timeout in seconds.

    Raises:
        ToolFailed: the API server does not answer.
    """
    limit = time.monotonic() + wait_s
    stuck_since: float | None = None
    while True:
        now = read_workloads(kubectl, namespaces)
        moving = set(now.waiting) - set(now.refused)
        if not moving:
            if not now.refused or (stuck_since is not None and time.monotonic() - stuck_since > GRACE_S):
                return now
            stuck_since = stuck_since or time.monotonic()
        else:
            stuck_since = None
        if time.monotonic() > limit:
            return now
        time.sleep(POLL_S)


def read_workloads(kubectl: Kubectl, namespaces: Sequence[str]) -> Workloads:
    """The current state of the workloads.

    Raises:
        ToolFailed: the API server does not answer.
    """
    wanted = set(namespaces)
    items = [item for item in kubectl.items(KINDS, "--all-namespaces") if key_of(item)[2] in wanted]
    return workloads_of(items)


def workloads_of(items: Sequence[Data]) -> Workloads:
    """The state of the workloads among live objects, from their ReplicaSets, pods and events. Pure."""
    workloads = {uid(item): key_of(item) for item in items if item.get("kind") in WORKLOADS}
    workload_of = dict(workloads)
    for item in items:
        if item.get("kind") == "ReplicaSet" and (owner := owner_of(item)) in workloads:
            workload_of[uid(item)] = workloads[owner]
    pods: dict[ObjectKey, set[str]] = {key: set() for key in workloads.values()}
    reasons: dict[ObjectKey, str] = {}
    for item in items:
        if item.get("kind") != "Pod" or dig(item, "metadata").get("deletionTimestamp"):
            continue
        if (key := workload_of.get(owner_of(item))) is not None:
            pods[key].add(uid(item))
            if reason := why_waiting(item):
                reasons[key] = reason
    waiting = {
        key_of(item): reasons.get(key_of(item), "its pods are not ready")
        for item in items
        if item.get("kind") in WORKLOADS and not is_complete(item)
    }
    refused = {key: message for key, message in refusals(items, workload_of).items() if key in waiting}
    return Workloads(pods={key: frozenset(found) for key, found in pods.items()}, waiting=waiting, refused=refused)


STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons of containers that only take their time. Source: Kubernetes, pkg/kubelet/kubelet_pods.go."""


def why_waiting(pod: Data) -> str:
    """Why a pod does not start: no node takes it, or one of its containers cannot run; empty when it only takes its time."""
    if (scheduled := condition(pod, "PodScheduled")).get("status") == "False":
        return str(scheduled.get("message", ""))
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in listing(dig(pod, "status"), kind):
            waiting = dig(status, "state", "waiting")
            if (reason := str(waiting.get("reason", ""))) and reason not in STARTING:
                return ": ".join(filter(None, (reason, str(waiting.get("message", "")))))
    return ""


def refusals(items: Sequence[Data], workload_of: Mapping[str, ObjectKey]) -> dict[ObjectKey, str]:
    """Workload → why its pods are not created, from the events of its controllers."""
    found: dict[ObjectKey, str] = {}
    for item in items:
        if item.get("kind") == "Event" and item.get("reason") == CREATE_FAILED:
            involved = str(dig(item, "involvedObject").get("uid", ""))
            if involved in workload_of:
                found[workload_of[involved]] = str(item.get("message", ""))
    return found


def owner_of(item: Data) -> str:
    """UID of the controller of an object; empty without one."""
    owners = listing(dig(item, "metadata"), "ownerReferences")
    return next((str(owner.get("uid", "")) for owner in owners if owner.get("controller")), "")


def is_complete(item: Data) -> bool:
    """Whether all pods of a workload are ready and of its current template, or a Job has ended."""
    spec, status = dig(item, "spec"), dig(item, "status")
    generation = number(dig(item, "metadata").get("generation"))
    if item.get("kind") == "Job":
        return condition_is_true(item, "Complete") or condition_is_true(item, "Failed") or spec.get("suspend") is True
    if number(status.get("observedGeneration")) < generation:
        return False
    if item.get("kind") == "DaemonSet":
        wanted = number(status.get("desiredNumberScheduled"))
        counts: tuple[str, ...] = ("updatedNumberScheduled", "numberReady")
    else:
        wanted = number(spec.get("replicas", 1))
        counts = ("replicas", "updatedReplicas", "readyReplicas")
    return all(number(status.get(name)) == wanted for name in counts)


def number(value: object) -> int:
    """A count in a status; 0 when it is absent."""
    return value if isinstance(value, int) else 0
