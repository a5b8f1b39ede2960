"""The kubelet: a pod starts when the Secrets and ConfigMaps that it reads are there, with the keys that it names. Pure.

A pod that can start gets an annotation, and kwok's stage waits for that. Another one gets the status that a kubelet gives
it. Source: Kubernetes v1.37 pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, pkg/volume/{secret,configmap,projected}.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.lab.operators.seen import Change, Data, Patch, Seen, name_of, namespace_of
from slipway.util.mapping import dig, listing

STARTABLE = "slipway.homelab/startable"
KINDS = {"secret": "Secret", "configMap": "ConfigMap"}


def decide(seen: Seen, now: str) -> Iterator[Change]:
    """Mark the pods that can start, and say what the others wait for."""
    for pod in seen.all("Pod"):
        if STARTABLE in dig(pod, "metadata", "annotations") or dig(pod, "status").get("phase") != "Pending":
            continue
        settings, volumes = list(lacking_settings(pod, seen)), list(lacking_files(pod, seen))
        if not settings and not volumes:
            yield patch(pod, {"metadata": {"annotations": {STARTABLE: "true"}}}, "can start", status=False)
        elif dig(pod, "spec").get("nodeName"):
            reason = "ContainerCreating" if volumes else "CreateContainerConfigError"
            yield from waiting(pod, reason, (volumes or settings)[0])


def waiting(pod: Data, reason: str, message: str) -> Iterator[Patch]:
    """The status of a pod whose containers wait; nothing when it has it already."""
    state = {"waiting": {"reason": reason, "message": message}}
    if any(item.get("state") == state for item in listing(dig(pod, "status"), "containerStatuses")):
        return
    containers = [
        {
            "name": item.get("name"),
            "image": item.get("image"),
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        for item in listing(dig(pod, "spec"), "containers")
    ]
    yield patch(pod, {"status": {"containerStatuses": containers}}, message, status=True)


def patch(pod: Data, body: Data, why: str, *, status: bool) -> Patch:
    """A change of a pod."""
    return Patch(kind="Pod", namespace=namespace_of(pod), name=name_of(pod), body=body, why=why, status=status)


def lacking_settings(pod: Data, seen: Seen) -> Iterator[str]:
    """What the variables of a pod refer to and is not there."""
    spec, namespace = dig(pod, "spec"), namespace_of(pod)
    for container in (*listing(spec, "initContainers"), *listing(spec, "containers")):
        for variable in listing(container, "env"):
            for field, kind in KINDS.items():
                yield from lacking(seen, kind, namespace, dig(variable, "valueFrom", f"{field}KeyRef"))
        for source in listing(container, "envFrom"):
            for field, kind in KINDS.items():
                yield from lacking(seen, kind, namespace, dig(source, f"{field}Ref"))


def lacking_files(pod: Data, seen: Seen) -> Iterator[str]:
    """What the volumes of a pod refer to and is not there."""
    for volume in listing(dig(pod, "spec"), "volumes"):
        for source in (volume, *listing(dig(volume, "projected"), "sources")):
            for field, kind in KINDS.items():
                found = dig(source, field)
                for item in listing(found, "items") or [{}] if found else []:
                    name = found.get("name") or found.get("secretName")
                    yield from lacking(seen, kind, namespace_of(pod), {**found, "name": name, "key": item.get("key")})


def lacking(seen: Seen, kind: str, namespace: str, reference: Data) -> Iterator[str]:
    """What a reference lacks; nothing when it is optional or refers to nothing."""
    if reference.get("name") and reference.get("optional") is not True:
        key = str(reference.get("key") or "")
        if fact := seen.lacks(kind, str(reference["name"]), namespace, key):
            yield fact
