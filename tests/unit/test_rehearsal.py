"""What became of an object between two states of a cluster, and which workloads have come to rest."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.build.render import Object
from slipway.cluster import apply as applying
from slipway.cluster import live_objects, workloads
from slipway.cluster.rehearsal import (
    Action,
    Outcome,
    Snapshot,
    UmbrellaState,
    is_recreated_by_sync,
    outcomes,
    removed,
)
from slipway.cluster.workloads import Workloads
from slipway.lab import rehearse
from slipway.lab.rehearse import Rehearsal, RehearsedObject
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed
from slipway.util.terminal import shown

Data = dict[str, object]


def data(kind: str, name: str, spec: Mapping[str, object] | None = None, **metadata: object) -> Data:
    """A live object of the namespace `home`."""
    return {
        "apiVersion": "apps/v1" if kind in {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"} else "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "home", "uid": f"uid-{name}", "generation": 1, **metadata},
        "spec": dict(spec or {}),
    }


def rendered(kind: str, name: str, annotations: Mapping[str, str] | None = None) -> Object:
    """The same as it is rendered: without a namespace."""
    api_version = str(data(kind, name)["apiVersion"])
    metadata = {"name": name, "annotations": dict(annotations or {})}
    made: Data = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    return Object(api_version=api_version, kind=kind, namespace="", name=name, data=made)


def snapshot(*items: Data, **states: object) -> Snapshot:
    """A cluster that holds these."""
    return Snapshot(live=live_objects.by_key(items), workloads=Workloads(**states))  # type: ignore[arg-type]


def part(*objects: Object) -> UmbrellaState:
    """An umbrella of these."""
    return UmbrellaState(label="it", objects=objects, pod_security="restricted")


def fates(verdicts: tuple[Outcome, ...]) -> dict[str, Action]:
    """Object → what became of it."""
    return {verdict.object: verdict.action for verdict in verdicts}


def test_each_object_has_the_fate_that_was_seen() -> None:
    names = ("same", "edited", "anew", "fresh", "gone", "stays")
    objects = {name: rendered("ConfigMap", name) for name in names}
    before = snapshot(*(data("ConfigMap", name) for name in names if name != "fresh"))
    after = snapshot(
        data("ConfigMap", "same", resourceVersion="9", managedFields=[]),
        data("ConfigMap", "edited", {"a": [{"b": 1}]}),
        data("ConfigMap", "anew", uid="another"),
        data("ConfigMap", "fresh"),
        data("ConfigMap", "stays"),
    )
    earlier = {"home": part(*(objects[name] for name in names if name != "fresh"))}
    scene = {"home": part(*(objects[name] for name in ("same", "edited", "anew", "fresh")))}

    outcome = fates(outcomes(earlier, scene, before, after, {}))

    assert outcome == {
        "ConfigMap same": Action.UNCHANGED, "ConfigMap edited": Action.CHANGED, "ConfigMap anew": Action.RECREATED,
        "ConfigMap fresh": Action.ADDED, "ConfigMap gone": Action.PRUNED, "ConfigMap stays": Action.KEPT,
    }  # fmt: skip


def test_a_workload_whose_pods_are_others_was_restarted() -> None:
    key = ("apps", "Deployment", "home", "app")
    before = snapshot(data("Deployment", "app"), pods={key: frozenset({"one"})})
    after = snapshot(data("Deployment", "app", {"image": "2"}), pods={key: frozenset({"two"})})
    scene = {"home": part(rendered("Deployment", "app"))}

    (outcome,) = outcomes(scene, scene, before, after, {})

    assert (outcome.action, outcome.details) == (Action.RESTARTED, ("spec.image",))


def test_more_pods_of_the_same_kind_are_no_restart() -> None:
    key = ("apps", "Deployment", "home", "app")
    before = snapshot(data("Deployment", "app"), pods={key: frozenset({"one"})})
    after = snapshot(data("Deployment", "app", {"replicas": 2}), pods={key: frozenset({"one", "two"})})
    scene = {"home": part(rendered("Deployment", "app"))}

    assert fates(outcomes(scene, scene, before, after, {})) == {"Deployment app": Action.CHANGED}


def test_pods_that_the_server_refuses_reject_their_workload() -> None:
    key = ("apps", "Deployment", "home", "app")
    after = snapshot(data("Deployment", "app"), refused={key: "violates PodSecurity"})
    scene = {"home": part(rendered("Deployment", "app"))}

    (outcome,) = outcomes({}, scene, snapshot(), after, {})

    assert (outcome.action, outcome.details) == (Action.REJECTED, ("its pods: violates PodSecurity",))


def test_what_holds_data_comes_before_what_is_worse() -> None:
    claim, deployment = rendered("PersistentVolumeClaim", "data"), rendered("Deployment", "app")
    scene = {"home": part(deployment, claim)}
    refusals = {("home", deployment.identity): "no"}

    outcome = outcomes({}, scene, snapshot(), snapshot(data("PersistentVolumeClaim", "data")), refusals)

    assert [verdict.object for verdict in outcome] == ["PersistentVolumeClaim data", "Deployment app"]


def test_a_protected_object_and_those_of_a_lost_umbrella_are_not_pruned() -> None:
    claim = rendered("PersistentVolumeClaim", "data", {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"})
    config = rendered("ConfigMap", "config")
    earlier = {"home": part(claim, config), "lost": part(rendered("ConfigMap", "other"))}

    assert removed(earlier, {"home": part()}, "home") == [config]
    assert removed(earlier, {"home": part()}, "lost") == []


@pytest.mark.parametrize(
    ("annotations", "anew"),
    [
        ({}, False),
        ({"argocd.argoproj.io/sync-options": "Replace=true"}, False),
        ({"argocd.argoproj.io/sync-options": "Force=true, Replace=true"}, True),
        ({"helm.sh/hook": "post-install"}, True),
        ({"argocd.argoproj.io/hook": "PostSync"}, True),
    ],
)
def test_only_hooks_and_objects_with_the_annotation_are_deleted_and_recreated(
    annotations: Mapping[str, str], anew: bool
) -> None:
    assert is_recreated_by_sync(rendered("Job", "once", annotations)) is anew


def status(item: Data, **fields: object) -> Data:
    """An object with a status."""
    return {**item, "status": fields}


def owned(item: Data, owner: Data) -> Data:
    """An object with a controller."""
    metadata, above = item["metadata"], owner["metadata"]
    assert isinstance(metadata, dict)
    assert isinstance(above, dict)
    return {**item, "metadata": {**metadata, "ownerReferences": [{"uid": above["uid"], "controller": True}]}}


def test_pods_belong_to_the_workload_above_their_replica_set() -> None:
    deployment = status(data("Deployment", "app"), observedGeneration=1, replicas=1, updatedReplicas=1, readyReplicas=1)
    replicas = owned(data("ReplicaSet", "app-1"), deployment)
    going = owned(data("Pod", "old", deletionTimestamp="now"), replicas)

    found = workloads.workloads_of([deployment, replicas, owned(data("Pod", "new"), replicas), going])

    assert found.pods == {("apps", "Deployment", "home", "app"): frozenset({"uid-new"})}
    assert (found.waiting, found.refused) == ({}, {})


def test_an_event_of_a_replica_set_explains_why_a_deployment_has_no_pods() -> None:
    deployment = status(data("Deployment", "app"), observedGeneration=1)
    replicas = owned(data("ReplicaSet", "app-1"), deployment)
    event = {**data("Event", "e"), "reason": "FailedCreate", "message": "quota", "involvedObject": {"uid": "uid-app-1"}}

    found = workloads.workloads_of([deployment, replicas, event])

    assert found.refused == {("apps", "Deployment", "home", "app"): "quota"}


@pytest.mark.parametrize(
    ("item", "rests"),
    [
        (status(data("Deployment", "a", {"replicas": 0}), observedGeneration=1), True),
        (status(data("Deployment", "a"), observedGeneration=0, replicas=1, updatedReplicas=1, readyReplicas=1), False),
        (status(data("Deployment", "a"), observedGeneration=1, replicas=2, updatedReplicas=1, readyReplicas=2), False),
        (
            status(
                data("DaemonSet", "a"),
                observedGeneration=1,
                desiredNumberScheduled=2,
                updatedNumberScheduled=2,
                numberReady=1,
            ),
            False,
        ),
        (status(data("Job", "a"), conditions=[{"type": "Complete", "status": "True"}]), True),
        (status(data("Job", "a")), False),
        (data("Job", "a", {"suspend": True}), True),
    ],
)
def test_a_workload_rests_when_it_has_what_it_wants(item: Data, rests: bool) -> None:
    assert workloads.is_complete(item) is rests


def test_a_refused_stream_is_asked_again_object_by_object() -> None:
    good, bad = rendered("ConfigMap", "good"), rendered("ConfigMap", "bad")
    texts = {"good": '{"kind": "ConfigMap", "metadata": {"name": "good"}}'}

    def run(command: Command) -> Completed:
        message = (command.stdin or b"").decode()
        failed = "bad" in message
        error = 'Warning: old\nError from server (Invalid): ConfigMap "bad": no\n' if failed else ""
        return Completed(argv=command.argv, code=int(failed), stdout=texts["good"], stderr=error, seconds=0)

    items = [Object(**{**fields(item), "text": item.name}) for item in (good, bad)]  # type: ignore[arg-type]
    done = applying.apply(Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("k")), items, "home")

    assert [refusal.item.name for refusal in done.refusals] == ["bad"]
    assert done.refusals[0].reason == '(Invalid): ConfigMap "bad": no'
    assert len(done.live) == 1


def fields(item: Object) -> dict[str, object]:
    """An object's fields."""
    names = ("api_version", "kind", "namespace", "name", "data", "text", "source")
    return {name: getattr(item, name) for name in names}


def test_a_reason_does_not_carry_the_whole_object() -> None:
    value = "[" + '{"name":"data"}' * 20 + "]"
    message = applying.error_message(
        f'Error from server (Invalid): "x" is invalid: spec: Invalid value: {value}: field is immutable'
    )
    assert message == '(Invalid): "x" is invalid: spec: Invalid value: …: field is immutable'


def test_the_report_counts_the_objects_of_a_new_umbrella_and_names_the_others() -> None:
    def row(umbrella: str, name: str, update: Action) -> RehearsedObject:
        return RehearsedObject(
            umbrella=umbrella, object=name, holds_data=False, update=update, back=None, reasons=("spec.a",)
        )

    done = Rehearsal(
        environment="staging",
        labels={"old": "pinned 1.0.0 → working tree 1.0.1", "young": "nothing → working tree 1.0.0"},
        rows=(
            row("old", "Deployment a", Action.RESTARTED),
            *(row("young", f"Job {n}", Action.ADDED) for n in range(3)),
        ),
        before=(),
        seconds=12.4,
    )

    assert shown(rehearse.text(done)).splitlines() == [
        "old in staging: pinned 1.0.0 → working tree 1.0.1",
        "young in staging: nothing → working tree 1.0.0",
        "young: 3 objects, all new",
        "",
        "UMBRELLA  OBJECT        UPDATE     AND BACK  MESSAGE",
        "old       Deployment a  restarted  -         spec.a",
        "",
        "update: 1 restarted, 3 added",
        "rehearsed in 12 s",
    ]
