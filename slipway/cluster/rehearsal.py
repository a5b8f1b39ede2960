"""Rehearse an update: apply one state of the platform after the other, and observe the outcome for each object.

The API server defaults, validates and refuses as in production, and controllers create and replace pods. An outcome is an
observation: an object was "recreated" when its UID changed, and "restarted" when its pods were replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.build.render import Object
from slipway.cluster.apply import DEFINITION, MANAGER, Refusal, apply, is_protected
from slipway.cluster.live_objects import (
    LiveObjects,
    ObjectKey,
    differing_paths,
    find_live,
    kubectl_resource,
    possible_keys,
    read_live,
    uid,
    without_server_fields,
)
from slipway.cluster.workloads import Workloads, read_workloads, wait_for_rollouts
from slipway.policy.argocd import is_hook, sync_options
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.yaml import dump

ROLLOUT_S = 60.0
"""Timeout of the rollouts; simulated ones take about 3 s."""
POD_SECURITY_LABEL = "pod-security.kubernetes.io/enforce"


class Action(StrEnum):
    """The outcome for an object, the worst first."""

    REJECTED = "rejected"
    PRUNED = "pruned"
    RECREATED = "recreated"
    RESTARTED = "restarted"
    CHANGED = "changed"
    KEPT = "kept"
    ADDED = "added"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class UmbrellaState:
    """One version of an umbrella."""

    label: str
    """Names the version, such as `pinned 1.0.0`."""
    objects: tuple[Object, ...]
    pod_security: str
    """The Pod Security level that its namespace enforces."""


PlatformState = Mapping[str, UmbrellaState]
"""Umbrella, which is also the name of its namespace → its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome for one object in one step."""

    umbrella: str
    object: str
    """Kind and name."""
    action: Action
    holds_data: bool
    details: tuple[str, ...] = ()
    """The API server's message, or the changed fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Live objects and workloads between two steps."""

    live: LiveObjects = field(repr=False)
    workloads: Workloads


def apply_state(kubectl: Kubectl, earlier: PlatformState, state: PlatformState) -> tuple[Outcome, ...]:
    """Apply a state over the earlier one, prune what it no longer has, and observe each object.

    Args:
        kubectl: a disposable cluster with the state `earlier`.
        earlier: the applied state; empty for a bare cluster.
        state: the state to apply.

    Raises:
        ToolFailed: the API server does not answer.
    """
    objects = [item for one in (earlier, state) for umbrella in one.values() for item in umbrella.objects]
    names = sorted({*earlier, *state})
    before = snapshot(kubectl, objects, read_workloads(kubectl, names))
    refusals = {
        (name, item.identity): reason
        for name, umbrella in definitions_first(state)
        for item, reason in apply_umbrella(kubectl, name, umbrella)
    }
    for name in names:
        prune(kubectl, name, removed(earlier, state, name))
    after = snapshot(kubectl, objects, wait_for_rollouts(kubectl, names, ROLLOUT_S))
    return outcomes(earlier, state, before, after, refusals)


def snapshot(kubectl: Kubectl, objects: Sequence[Object], workloads: Workloads) -> Snapshot:
    """The current state of the cluster."""
    return Snapshot(live=read_live(kubectl, objects), workloads=workloads)


def definitions_first(state: PlatformState) -> list[tuple[str, UmbrellaState]]:
    """Umbrellas, those with definitions first; Argo CD's retries have the same result, only later."""

    def order(entry: tuple[str, UmbrellaState]) -> tuple[bool, str]:
        name, umbrella = entry
        return (not any(item.kind == DEFINITION for item in umbrella.objects), name)

    return sorted(state.items(), key=order)


def apply_umbrella(kubectl: Kubectl, name: str, umbrella: UmbrellaState) -> Iterator[tuple[Object, str]]:
    """Apply an umbrella; returns the refused objects with the API server's message."""
    labels = {POD_SECURITY_LABEL: umbrella.pod_security}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    kubectl.apply(dump(namespace), manager=MANAGER)
    for refusal in apply(kubectl, umbrella.objects, name).refusals:
        reason = recreate(kubectl, name, refusal) if is_recreated_by_sync(refusal.item) else refusal.reason
        if reason:
            yield refusal.item, reason


def is_recreated_by_sync(item: Object) -> bool:
    """Whether Argo CD deletes and creates an object that it cannot update: by its sync options, and every hook.

    A hook's default delete policy is BeforeHookCreation. Source: argo-cd v3.6.1 gitops-engine/pkg/sync/sync_task.go.
    """
    return {"Force=true", "Replace=true"} <= sync_options(item) or is_hook(item)


def recreate(kubectl: Kubectl, namespace: str, refusal: Refusal) -> str:
    """Delete and create an object; returns the message of a second refusal, or nothing."""
    prune(kubectl, namespace, [refusal.item])
    refusals = apply(kubectl, [refusal.item], namespace).refusals
    return refusals[0].reason if refusals else ""


def removed(earlier: PlatformState, state: PlatformState, umbrella: str) -> list[Object]:
    """The objects that an umbrella no longer has, without those that are protected from pruning.

    A removed umbrella only loses its Application: the ApplicationSet preserves resources on deletion.
    """
    if umbrella not in state:
        return []
    present = {item.identity for item in state[umbrella].objects}
    before = earlier[umbrella].objects if umbrella in earlier else ()
    return [item for item in before if item.identity not in present and not is_protected(item)]


def prune(kubectl: Kubectl, namespace: str, objects: Sequence[Object]) -> None:
    """Delete objects and wait for their deletion."""
    for item in objects:
        where = ("--namespace", item.namespace or namespace)
        resource = kubectl_resource(item)
        kubectl("delete", resource, item.name, *where, "--ignore-not-found", "--timeout=60s", ok_codes=None)


def outcomes(
    earlier: PlatformState,
    state: PlatformState,
    before: Snapshot,
    after: Snapshot,
    refusals: Mapping[tuple[str, ObjectKey], str],
) -> tuple[Outcome, ...]:
    """The outcome for every object of two states. Pure."""
    found = []
    for umbrella in sorted({*earlier, *state}):
        new = {item.identity: item for item in (state[umbrella].objects if umbrella in state else ())}
        old = {item.identity: item for item in (earlier[umbrella].objects if umbrella in earlier else ())}
        for identity, item in {**old, **new}.items():
            refusal = refusals.get((umbrella, identity), "")
            action, details = action_of(umbrella, item, before, after, refusal, rendered=identity in new)
            found.append(
                Outcome(
                    umbrella=umbrella, object=item.title, action=action, holds_data=item.holds_data, details=details
                )
            )
    return tuple(sorted(found, key=report_order))


def report_order(outcome: Outcome) -> tuple[object, ...]:
    """Objects that hold data first, then the worst action, then by name; unchanged objects last."""
    return (
        outcome.action is Action.UNCHANGED,
        not outcome.holds_data,
        list(Action).index(outcome.action),
        outcome.umbrella,
        outcome.object,
    )


def action_of(
    umbrella: str, item: Object, before: Snapshot, after: Snapshot, refusal: str, *, rendered: bool
) -> tuple[Action, tuple[str, ...]]:
    """The action on one object, with its details."""
    old, new = find_live(before.live, item, umbrella), find_live(after.live, item, umbrella)
    key = possible_keys(item, umbrella)[0]
    if reason := rejection(key, new, after.workloads, refusal, rendered=rendered):
        return Action.REJECTED, (reason,)
    if not rendered:
        return (Action.PRUNED, ()) if new is None else (Action.KEPT, ("no longer rendered, and not pruned",))
    if old is None or new is None:
        return Action.ADDED, ()
    if uid(old) != uid(new):
        return Action.RECREATED, ()
    paths = differing_paths(without_server_fields(old), without_server_fields(new))
    if pods_were_replaced(key, before.workloads, after.workloads):
        return Action.RESTARTED, paths
    return (Action.CHANGED, paths) if paths else (Action.UNCHANGED, ())


def rejection(key: ObjectKey, new: Data | None, after: Workloads, refusal: str, *, rendered: bool) -> str:
    """Why an object does not have its rendered state; empty when it has."""
    if refusal:
        return refusal
    if message := after.refused.get(key):
        return f"its pods: {message}"
    if message := after.waiting.get(key):
        return f"its rollout does not complete: {message}"
    return "it does not exist after it was applied" if rendered and new is None else ""


def pods_were_replaced(key: ObjectKey, before: Workloads, after: Workloads) -> bool:
    """Whether earlier pods of a workload no longer exist."""
    return bool(before.pods.get(key, frozenset()) - after.pods.get(key, frozenset()))
