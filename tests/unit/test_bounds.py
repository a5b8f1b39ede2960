"""LimitRanges and quotas: what the API server would refuse is found without one, and the message names the value."""

import pytest

from slipway.build.render import Object, parse
from slipway.policy.bounds import bounds_problems

LIMITS = """
apiVersion: v1
kind: LimitRange
metadata: {name: bounds, namespace: home}
spec: {limits: [%s]}
"""
QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: bounds, namespace: home}
spec: {hard: {%s}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: media, namespace: home}
spec: {storageClassName: disk, resources: {requests: {storage: %s}}}
"""
WORKLOAD = """
apiVersion: apps/v1
kind: %s
metadata: {name: web, namespace: home}
spec:
  %s
  template:
    spec:
      initContainers: [%s]
      containers: [%s]
"""
CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: copy, namespace: home}
spec: {suspend: %s, jobTemplate: {spec: {template: {spec: {containers: [%s]}}}}}
"""
DATABASE = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: home}
spec: {instances: 2, storage: {size: 10Gi}, walStorage: {size: 2Gi}, resources: {limits: {memory: 1Gi}}}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: home}
spec: {type: %s, ports: [{port: 80}, {port: 443}]}
"""
RECREATE = "strategy: {type: Recreate}"


def container(memory: str, name: str = "app", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"{{name: {name}, resources: {{limits: {{memory: {memory}}}}}{extra}}}"


def deployment(memory: str, more: str = RECREATE, init: str = "") -> str:
    return WORKLOAD % ("Deployment", more, init, container(memory))


def objects(*texts: str) -> tuple[Object, ...]:
    return parse("---".join(texts))


def facts(*texts: str) -> list[str]:
    return [problem.fact for problem in bounds_problems(objects(*texts), "home", "production")]


def test_a_claim_above_the_maximum_names_the_value_to_change() -> None:
    range_of_claims = LIMITS % "{type: PersistentVolumeClaim, max: {storage: 4Ti}, min: {storage: 64Mi}}"
    values = {
        ("PersistentVolumeClaim", "media"): "media.persistence.media",
        ("LimitRange", "bounds"): "baseline.extraObjects.limits",
    }

    (found,) = bounds_problems(objects(range_of_claims, CLAIM % "8Ti"), "home", "staging", values)

    assert str(found) == (
        "home: PersistentVolumeClaim media: claim has storage 8Ti, more than the maximum 4Ti of LimitRange bounds\n"
        "    the API server refuses it\n"
        "    rendered with staging\n"
        "    hint: change media.persistence.media.size, or the maximum in baseline.extraObjects.limits.spec.limits"
    )
    assert facts(range_of_claims, CLAIM % "4Ti") == []
    assert facts(range_of_claims, CLAIM % "1Mi") == [
        "claim has storage 1Mi, less than the minimum 64Mi of LimitRange bounds"
    ]


def test_a_bound_of_another_namespace_says_nothing() -> None:
    elsewhere = (LIMITS % "{type: PersistentVolumeClaim, max: {storage: 4Ti}}").replace("home", "other")
    assert facts(elsewhere, CLAIM % "8Ti") == []


@pytest.mark.parametrize("memory", ["24Gi", "16385Mi"])
def test_a_container_above_the_maximum_is_found_in_every_kind_of_workload(memory: str) -> None:
    limits = LIMITS % "{type: Container, max: {memory: 16Gi}}"
    expected = f"container app has limits.memory {memory}, more than the maximum 16Gi of LimitRange bounds"
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        assert facts(limits, WORKLOAD % (kind, "", "", container(memory))) == [expected]
    assert facts(limits, CRON_JOB % ("false", container(memory))) == [expected]
    assert facts(limits, deployment("16Gi", init=container(memory, "first"))) == [expected.replace("app", "first")]


def test_the_path_of_a_container_has_its_role() -> None:
    limits = objects(
        LIMITS % "{type: Container, max: {memory: 1Gi}}",
        deployment("1Gi", init=f"{container('2Gi', 'vpn', restartPolicy='Always')}, {container('2Gi', 'first')}"),
    )
    hints = [item.hint for item in bounds_problems(limits, "home", "x", {("Deployment", "web"): "web.controllers.web"})]
    assert [hint.split(",")[0] for hint in hints] == [
        "change web.controllers.web.sidecars.vpn.resources.limits.memory",
        "change web.controllers.web.init.first.resources.limits.memory",
    ]


def test_an_instance_of_a_database_is_bounded_like_any_container_and_claim() -> None:
    limits = "{type: Container, max: {memory: 512Mi}}, {type: PersistentVolumeClaim, max: {storage: 8Gi}}"
    assert facts(LIMITS % limits, DATABASE) == [
        "container postgres has limits.memory 1Gi, more than the maximum 512Mi of LimitRange bounds",
        "claim has storage 10Gi, more than the maximum 8Gi of LimitRange bounds",
    ]


def test_a_container_that_says_nothing_has_the_default_and_without_one_the_maximum() -> None:
    bare = WORKLOAD % ("Deployment", RECREATE, "", "{name: app}")
    assert facts(LIMITS % "{type: Container, max: {memory: 1Gi}}", bare) == []
    too_much = LIMITS % "{type: Container, default: {memory: 2Gi}, max: {memory: 1Gi}}"
    assert len(facts(too_much, bare)) == 1
    assert facts(LIMITS % "{type: Pod, max: {memory: 1Gi}}", bare) == [
        "pod has no limit of memory, which has a maximum of LimitRange bounds"
    ]


def test_the_whole_pod_counts_its_sidecars_and_the_largest_of_its_first_containers() -> None:
    limits = LIMITS % "{type: Pod, max: {memory: 1Gi}}"
    sidecar = container("512Mi", "vpn", restartPolicy="Always")
    assert facts(limits, deployment("512Mi", init=sidecar)) == []
    assert facts(limits, deployment("512Mi", init=container("1Gi", "first"))) == []
    assert facts(limits, deployment("512Mi", init=f"{sidecar}, {container('1Gi', 'first')}")) == [
        "pod has limits.memory 1536Mi, more than the maximum 1Gi of LimitRange bounds"
    ]


def test_a_limit_too_far_above_its_request_is_found() -> None:
    limits = LIMITS % "{type: Container, maxLimitRequestRatio: {memory: 2}}"
    wide = "{name: app, resources: {requests: {memory: 1Gi}, limits: {memory: 3Gi}}}"
    assert len(facts(limits, WORKLOAD % ("Deployment", RECREATE, "", wide))) == 1
    assert facts(limits, deployment("3Gi")) == []


def test_a_quota_counts_every_pod_and_the_largest_update_or_job_beside_them() -> None:
    quota = QUOTA % "limits.memory: 3Gi"
    job = CRON_JOB % ("false", container("1Gi"))
    assert facts(quota, deployment("2Gi"), job) == []
    assert facts(quota, deployment("3Gi"), job) == ["4Gi of limits.memory are needed, and 3Gi are allowed"]
    assert facts(quota, deployment("3Gi"), CRON_JOB % ("true", container("1Gi"))) == []
    assert facts(quota, deployment("2Gi", "strategy: {type: RollingUpdate}")) == [
        "4Gi of limits.memory are needed, and 3Gi are allowed"
    ]
    half = "replicas: 2\n  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 50%}}"
    assert facts(quota, deployment("1Gi", half)) == []
    assert facts(quota, deployment("1Gi", half.replace("50%", "2"))) != []


def test_a_quota_names_those_who_use_the_most() -> None:
    (problem,) = bounds_problems(
        objects(QUOTA % "limits.memory: 1Gi", deployment("2Gi", "strategy: {type: RollingUpdate}")),
        "home",
        "staging",
        {("Deployment", "web"): "web.controllers.web", ("ResourceQuota", "bounds"): "baseline.extraObjects.quota"},
    )
    assert problem.where == "home: ResourceQuota bounds"
    assert problem.evidence == (
        "web.controllers.web: 2Gi",
        "a rolling update or a job of Deployment web adds 2Gi",
        "rendered with staging",
    )
    assert problem.hint == "lower one of them, or raise baseline.extraObjects.quota.spec.hard.limits.memory"


@pytest.mark.parametrize(
    ("hard", "text", "fits"),
    [
        ("persistentvolumeclaims: 3", DATABASE, False),
        ("persistentvolumeclaims: 4", DATABASE, True),
        ("requests.storage: 23Gi", DATABASE, False),
        ("pods: 2", DATABASE, False),
        ("pods: 3", DATABASE, True),
        ("disk.storageclass.storage.k8s.io/requests.storage: 1Ti", CLAIM % "2Ti", False),
        ("other.storageclass.storage.k8s.io/requests.storage: 1Ti", CLAIM % "2Ti", True),
        ("services.loadbalancers: 0", SERVICE % "LoadBalancer", False),
        ("services.nodeports: 1", SERVICE % "LoadBalancer", False),
        ("services.nodeports: 1", SERVICE % "NodePort", False),
        ("services.nodeports: 1", SERVICE % "ClusterIP", True),
        ("services: 0", SERVICE % "ClusterIP", False),
        ("count/deployments.apps: 0", deployment("1Gi"), False),
        ("requests.nvidia.com/gpu: 1", deployment("1Gi"), True),
    ],
)
def test_a_quota_counts_what_the_api_server_counts(hard: str, text: str, fits: bool) -> None:
    assert (facts(QUOTA % hard, text) == []) is fits


def test_a_container_must_name_what_a_quota_counts() -> None:
    assert facts(QUOTA % "requests.cpu: 8", deployment("1Gi")) == [
        "container app has no requests.cpu, which ResourceQuota bounds counts"
    ]
    defaults = LIMITS % "{type: Container, defaultRequest: {cpu: 10m}}"
    assert facts(QUOTA % "requests.cpu: 8", defaults, deployment("1Gi")) == []
