"""Workloads and their pods: when a change has come to rest, which pods it replaced, and why a pod is not made."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slipway.cluster.live import Key, condition, holds, key_of, uid
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

KINDS = "deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,replicasets.apps,pods,events"
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
NOT_MADE = "FailedCreate"
"""Reason of the event of a controller whose pod the API server refuses."""
POLL_S = 0.25
GRACE_S = 3.0
"""How long a refusal must last before it counts: a quota is full while the old pod is going."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The workloads of some namespaces at a moment."""

    pods: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    """Workload → UIDs of its pods that are not going."""
    waiting: Mapping[Key, str] = field(default_factory=dict)
    """Workload that is not at rest → why, as far as it is known."""
    refused: Mapping[Key, str] = field(default_factory=dict)
    """Workload whose pods the API server refuses → its reason."""


def settle(kubectl: Kubectl, namespaces: Sequence[str], wait_s: float) -> Workloads:
    """Wait until every workload is at rest, or until only refused ones are left.

    Args:
        kubectl: the cluster.
        namespaces: whose workloads are meant.
        wait_s: for how long at most, in seconds.

    Raises:
        ToolFailed: the API server does not answer.
    """
    limit = time.monotonic() + wait_s
    stuck_since: float | None = None
    while True:
        now = read(kubectl, namespaces)
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


def read(kubectl: Kubectl, namespaces: Sequence[str]) -> Workloads:
    """The workloads now.

    Raises:
        ToolFailed: the API server does not answer.
    """
    wanted = set(namespaces)
    items = [item for item in kubectl.items(KINDS, "--all-namespaces") if key_of(item)[2] in wanted]
    return judged(items)


def judged(items: Sequence[Data]) -> Workloads:
    """Workloads, ReplicaSets, pods and events → how each workload is doing. Pure."""
    workloads = {uid(item): key_of(item) for item in items if item.get("kind") in WORKLOADS}
    top = dict(workloads)
    for item in items:
        if item.get("kind") == "ReplicaSet" and (owner := owner_of(item)) in workloads:
            top[uid(item)] = workloads[owner]
    pods: dict[Key, set[str]] = {key: set() for key in workloads.values()}
    unscheduled: dict[Key, str] = {}
    for item in items:
        if item.get("kind") != "Pod" or dig(item, "metadata").get("deletionTimestamp"):
            continue
        if (key := top.get(owner_of(item))) is not None:
            pods[key].add(uid(item))
            if (scheduled := condition(item, "PodScheduled")).get("status") == "False":
                unscheduled[key] = str(scheduled.get("message", ""))
    waiting = {
        key_of(item): unscheduled.get(key_of(item), "its pods are not ready")
        for item in items
        if item.get("kind") in WORKLOADS and not at_rest(item)
    }
    refused = {key: said for key, said in refusals(items, top).items() if key in waiting}
    return Workloads(pods={key: frozenset(found) for key, found in pods.items()}, waiting=waiting, refused=refused)


def refusals(items: Sequence[Data], top: Mapping[str, Key]) -> dict[Key, str]:
    """Workload → why its pods are not made: from the events of its controllers."""
    found: dict[Key, str] = {}
    for item in items:
        if item.get("kind") == "Event" and item.get("reason") == NOT_MADE:
            involved = str(dig(item, "involvedObject").get("uid", ""))
            if involved in top:
                found[top[involved]] = str(item.get("message", ""))
    return found


def owner_of(item: Data) -> str:
    """UID of the controller of an object; empty when it has none."""
    owners = listing(dig(item, "metadata"), "ownerReferences")
    return next((str(owner.get("uid", "")) for owner in owners if owner.get("controller")), "")


def at_rest(item: Data) -> bool:
    """Whether a workload has the pods that it wants, all of its present template, all ready."""
    spec, status = dig(item, "spec"), dig(item, "status")
    generation = number(dig(item, "metadata").get("generation"))
    if item.get("kind") == "Job":
        return holds(item, "Complete") or holds(item, "Failed") or spec.get("suspend") is True
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
    """A count; one that is left out is 0."""
    return value if isinstance(value, int) else 0
