"""What the API server itself says: admission, schemas, and every object of every environment as a dry run."""

import json

from slipway.build import render
from slipway.cluster.apply import apply
from slipway.core.model import ChartName
from slipway.lab import lab
from slipway.util.mapping import dig
from slipway.workspace import environments
from testing.cluster import MakePlatform, Platform

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "rude"},
    "spec": {"containers": [{"name": "app", "image": "example.org/app:1", "securityContext": {"privileged": True}}]},
}


def test_every_object_of_every_environment_is_accepted_by_the_api_server(homelab: Platform) -> None:
    here = homelab.lab
    built = lab.build(here.context)
    for environment in here.context.workspace.environments:
        for umbrella in homelab.umbrellas:
            # A namespace of its own: a claim of another environment has another size, which no claim may take on.
            namespace = f"dry-{environment}-{umbrella}"
            homelab.kubectl("create", "namespace", namespace)
            chart = built[ChartName(umbrella)]
            values = chart.folder / environments.file_name(environment)
            objects = render.render(
                here.context.renderer, chart, release=umbrella, namespace=namespace, values=(values,)
            )
            answer = apply(homelab.kubectl, objects, namespace, dry_run=True)
            homelab.kubectl("delete", "namespace", namespace, "--wait=false")
            assert answer.refusals == ()
            assert len(answer.live) == len(objects)


def test_each_namespace_enforces_the_level_that_its_umbrella_declares(homelab: Platform) -> None:
    for umbrella in homelab.umbrellas:
        labels = dig(homelab.kubectl.find("namespace", umbrella) or {}, "metadata", "labels")
        annotations = homelab.lab.context.workspace.charts[ChartName(umbrella)].metadata["annotations"]
        assert isinstance(annotations, dict)
        assert labels["pod-security.kubernetes.io/enforce"] == annotations["slipway.homelab/pod-security"]


def test_a_pod_that_violates_the_level_of_its_namespace_is_rejected(deliver: MakePlatform) -> None:
    here = deliver("strict")
    here.release()
    here.settle()

    answer = here.kubectl("create", "-n", "strict", "-f", "-", stdin=json.dumps(POD).encode(), ok_codes=None)

    assert answer.code == 1
    assert 'violates PodSecurity "restricted:latest"' in answer.stderr


def test_a_job_completes(deliver: MakePlatform) -> None:
    here = deliver("jobs")
    here.release()
    here.settle()
    secure = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "app", "image": "example.org/app:1", "securityContext": secure}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": "jobs"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
    }

    here.kubectl("create", "-f", "-", stdin=json.dumps(job).encode())

    here.kubectl("wait", "--for=condition=Complete", "job/once", "-n", "jobs", "--timeout=60s")
