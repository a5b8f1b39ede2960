"""A change on trial: one state of the platform after the other is applied, and each object's fate is told.

The API server defaults, validates and refuses as it does in the house; controllers make and replace pods. What is told is
what was seen: an object is "recreated" when its UID is another one, "restarted" when its pods are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.build.render import Object
from slipway.cluster import apply as applying
from slipway.cluster import live, workloads
from slipway.cluster.live import Key, Live
from slipway.cluster.workloads import Workloads
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.yaml import dump

SETTLE_S = 60.0
"""How long workloads may take to come to rest; simulated ones take about 3 s."""
HOOKS = frozenset({"argocd.argoproj.io/hook", "helm.sh/hook"})
LEVEL = "pod-security.kubernetes.io/enforce"


class Action(StrEnum):
    """What became of an object, the worst first."""

    REJECTED = "rejected"
    PRUNED = "pruned"
    RECREATED = "recreated"
    RESTARTED = "restarted"
    CHANGED = "changed"
    KEPT = "kept"
    ADDED = "added"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An umbrella as it is applied."""

    label: str
    """Which one, such as `pinned 1.0.0`."""
    objects: tuple[Object, ...]
    pod_security: str
    """The level that its namespace enforces."""


Scene = Mapping[str, Part]
"""The whole platform at one time: umbrella, which is also its namespace, → what it consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The fate of one object in one step."""

    umbrella: str
    object: str
    """Kind and name."""
    action: Action
    holds_data: bool
    said: tuple[str, ...] = ()
    """The server's reason, or the fields that changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A cluster at rest."""

    live: Live = field(repr=False)
    workloads: Workloads


def perform(kubectl: Kubectl, earlier: Scene, scene: Scene) -> tuple[Verdict, ...]:
    """Apply a scene over the one before it, prune what it no longer has, and tell each object's fate.

    Args:
        kubectl: a cluster that holds `earlier`, and nothing of value.
        earlier: what is there; empty for a bare cluster.
        scene: what shall be there.

    Raises:
        ToolFailed: the API server does not answer.
    """
    every = [item for one in (earlier, scene) for part in one.values() for item in part.objects]
    names = sorted({*earlier, *scene})
    before = snapshot(kubectl, every, workloads.read(kubectl, names))
    refusals = {
        (umbrella, item.identity): said
        for umbrella, part in ordered(scene)
        for item, said in applied(kubectl, umbrella, part)
    }
    for umbrella in names:
        prune(kubectl, umbrella, removed(earlier, scene, umbrella))
    after = snapshot(kubectl, every, workloads.settle(kubectl, names, SETTLE_S))
    return judge(earlier, scene, before, after, refusals)


def snapshot(kubectl: Kubectl, objects: Sequence[Object], found: Workloads) -> Snapshot:
    """The cluster now."""
    return Snapshot(live=live.read(kubectl, objects), workloads=found)


def ordered(scene: Scene) -> list[tuple[str, Part]]:
    """Umbrellas with definitions first: Argo CD's retries come to the same end, only later."""
    return sorted(scene.items(), key=lambda entry: (not defines(entry[1]), entry[0]))


def defines(part: Part) -> bool:
    """Whether an umbrella brings definitions of kinds."""
    return any(item.kind == applying.DEFINITION for item in part.objects)


def applied(kubectl: Kubectl, umbrella: str, part: Part) -> Iterable[tuple[Object, str]]:
    """Apply an umbrella; returns what is refused, with the reason."""
    labels = {LEVEL: part.pod_security}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": umbrella, "labels": labels}}
    kubectl.apply(dump(namespace), manager=applying.MANAGER)
    for refusal in applying.apply(kubectl, part.objects, umbrella).refusals:
        said = replaced(kubectl, umbrella, refusal) if forced(refusal.item) else refusal.said
        if said:
            yield refusal.item, said


def forced(item: Object) -> bool:
    """Whether Argo CD deletes an object to make it anew: when it is told to, and every hook.

    A hook's default delete policy is BeforeHookCreation. Source: argo-cd v3.6.1 gitops-engine/pkg/sync/sync_task.go.
    """
    return {"Force=true", "Replace=true"} <= applying.options(item) or bool(HOOKS & set(item.annotations))


def replaced(kubectl: Kubectl, umbrella: str, refusal: applying.Refusal) -> str:
    """Delete an object and make it anew; returns why that was refused too, or nothing."""
    prune(kubectl, umbrella, [refusal.item])
    again = applying.apply(kubectl, [refusal.item], umbrella).refusals
    return again[0].said if again else ""


def removed(earlier: Scene, scene: Scene, umbrella: str) -> list[Object]:
    """What an umbrella had and no longer has, without what is protected from pruning.

    An umbrella that is gone loses its Application only: the ApplicationSet preserves resources on deletion.
    """
    if umbrella not in scene:
        return []
    have = {item.identity for item in scene[umbrella].objects}
    had = earlier[umbrella].objects if umbrella in earlier else ()
    return [item for item in had if item.identity not in have and not applying.protected(item)]


def prune(kubectl: Kubectl, umbrella: str, objects: Sequence[Object]) -> None:
    """Delete objects and wait until they are gone."""
    for item in objects:
        where = ("--namespace", item.namespace or umbrella)
        kubectl("delete", live.resource(item), item.name, *where, "--ignore-not-found", "--timeout=60s", ok_codes=None)


def judge(
    earlier: Scene, scene: Scene, before: Snapshot, after: Snapshot, refusals: Mapping[tuple[str, Key], str]
) -> tuple[Verdict, ...]:
    """What became of every object of two scenes. Pure."""
    found = []
    for umbrella in sorted({*earlier, *scene}):
        now = {item.identity: item for item in (scene[umbrella].objects if umbrella in scene else ())}
        past = {item.identity: item for item in (earlier[umbrella].objects if umbrella in earlier else ())}
        for identity, item in {**past, **now}.items():
            refused = refusals.get((umbrella, identity), "")
            action, said = fate(umbrella, item, before, after, refused, wanted=identity in now)
            told = Verdict(umbrella=umbrella, object=item.title, action=action, holds_data=item.holds_data, said=said)
            found.append(told)
    return tuple(sorted(found, key=order))


def order(verdict: Verdict) -> tuple[object, ...]:
    """What holds data first, then the worst, then by name."""
    return (
        verdict.action is Action.UNCHANGED,
        not verdict.holds_data,
        list(Action).index(verdict.action),
        verdict.umbrella,
        verdict.object,
    )


def fate(
    umbrella: str, item: Object, before: Snapshot, after: Snapshot, refused: str, *, wanted: bool
) -> tuple[Action, tuple[str, ...]]:
    """What became of one object, and what is to be said about it."""
    old, new = live.find(before.live, item, umbrella), live.find(after.live, item, umbrella)
    key = live.keys(item, umbrella)[0]
    if said := rejection(key, new, after.workloads, refused, wanted=wanted):
        return Action.REJECTED, (said,)
    if not wanted:
        return (Action.PRUNED, ()) if new is None else (Action.KEPT, ("no longer rendered, and not pruned",))
    if old is None or new is None:
        return Action.ADDED, ()
    if live.uid(old) != live.uid(new):
        return Action.RECREATED, ()
    fields = live.differing(live.cleaned(old), live.cleaned(new))
    if replaced_pods(key, before.workloads, after.workloads):
        return Action.RESTARTED, fields
    return (Action.CHANGED, fields) if fields else (Action.UNCHANGED, ())


def rejection(key: Key, new: Data | None, after: Workloads, refused: str, *, wanted: bool) -> str:
    """Why an object is not what it was to become; empty when it is."""
    if refused:
        return refused
    if said := after.refused.get(key):
        return f"its pods: {said}"
    if said := after.waiting.get(key):
        return f"does not come to rest: {said}"
    return "it is not there after it was applied" if wanted and new is None else ""


def replaced_pods(key: Key, before: Workloads, after: Workloads) -> bool:
    """Whether pods that a workload had are gone."""
    return bool(before.pods.get(key, frozenset()) - after.pods.get(key, frozenset()))
