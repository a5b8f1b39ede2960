"""A bare cluster becomes the platform: Argo CD from our own chart, real pods, and no hand in between."""

from slipway.util.mapping import dig, listing
from testing.node import NodeLab


def test_every_application_is_synced_and_healthy(node: NodeLab) -> None:
    assert {item.name for item in node.applications} == {str(one.name) for one in node.lab.context.workspace.umbrellas}
    assert all(item.healthy for item in node.applications)


def test_argo_cd_runs_in_its_own_pods_and_manages_itself(node: NodeLab) -> None:
    namespace = node.lab.context.config.argocd_namespace
    own = node.kubectl.find("application", namespace, "-n", namespace)

    kinds = {(item["kind"], item["name"]) for item in listing(dig(own, "status"), "resources")}
    assert ("Deployment", "argocd-repo-server") in kinds
    assert ("StatefulSet", "argocd-application-controller") in kinds


def test_every_pod_is_ready_and_was_never_killed(node: NodeLab) -> None:
    wrong = []
    for pod in node.pods():
        for state in (
            *listing(dig(pod, "status"), "containerStatuses"),
            *listing(dig(pod, "status"), "initContainerStatuses"),
        ):
            ended = dig(state, "lastState", "terminated")
            if ended.get("reason") == "OOMKilled" or ended.get("exitCode") == 137:
                wrong.append((dig(pod, "metadata")["name"], state["name"], dict(ended)))
        ready = [state.get("ready") for state in listing(dig(pod, "status"), "containerStatuses")]
        if not all(ready):
            wrong.append((dig(pod, "metadata")["name"], "is not ready", {}))
    assert not wrong
