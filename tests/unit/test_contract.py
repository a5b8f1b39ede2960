"""The contract: a service that satisfies it, and one change for each way to violate it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from slipway import policy
from slipway.build.render import Object
from slipway.policy.chart_objects import ChartObjects
from slipway.util import quantity

LABELS = {f"app.kubernetes.io/{key}": "app" for key in ("name", "instance", "component")}
OBJECT_LABELS = {
    **LABELS,
    "app.kubernetes.io/managed-by": "Helm",
    "app.kubernetes.io/part-of": "homelab",
    "app.kubernetes.io/version": "2.0",
    "helm.sh/chart": "app-1.0.0",
}
DIGEST = "sha256:" + "0" * 64
Data = dict[str, Any]


def metadata(name: str, wave: int, **annotations: str) -> Data:
    every = {"argocd.argoproj.io/sync-wave": str(wave), **annotations}
    return {"name": name, "namespace": "home", "labels": dict(OBJECT_LABELS), "annotations": every}


def container() -> Data:
    probe = {"httpGet": {"path": "/", "port": "http"}, "timeoutSeconds": 5}
    return {
        "name": "app",
        "image": f"example.org/app:2.0@{DIGEST}",
        "env": [
            {"name": "MODE", "value": "fast"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "app", "key": "KEY"}}},
        ],
        "ports": [{"name": "http", "containerPort": 80}],
        "livenessProbe": {**probe, "failureThreshold": 5},
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "config", "mountPath": "/c", "subPath": "a"}],
    }


def good() -> list[Data]:
    """Deployment, policy, configuration, claim, Service and route that satisfy every rule."""
    pod = {
        "metadata": {"labels": dict(LABELS)},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container()],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "app-data"}},
                {"name": "config", "configMap": {"name": "app-config", "items": [{"key": "a", "path": "a"}]}},
            ],
        },
    }
    keep = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false", "helm.sh/resource-policy": "keep"}
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata("app", -20),
            "spec": {"podSelector": {"matchLabels": dict(LABELS)}, "policyTypes": ["Ingress", "Egress"]},
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("app-config", -20), "data": {"a": "b"}},
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata("app-data", 10, **keep),
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata("app", 10),
            "spec": {"replicas": 1, "selector": {"matchLabels": dict(LABELS)}, "template": pod},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata("app", 10),
            "spec": {"selector": dict(LABELS), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        },
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": metadata("app", 20),
            "spec": {"routes": [{"match": "Host(`a`)", "services": [{"name": "app", "port": "http"}]}], "tls": {}},
        },
    ]


POLICY, CONFIG, CLAIM, DEPLOYMENT, SERVICE, ROUTE = range(6)


def chart_objects(objects: list[Data], **more: Any) -> ChartObjects:
    made = tuple(
        Object(
            api_version=data["apiVersion"],
            kind=data["kind"],
            namespace=data["metadata"].get("namespace", ""),
            name=data["metadata"]["name"],
            data=data,
        )
        for data in objects
    )
    secrets = {"app": frozenset({"KEY"})}
    return ChartObjects(chart="app", label="its own values", namespace="home", objects=made, secrets=secrets, **more)


def rules(objects: list[Data], **more: Any) -> set[str]:
    return {
        problem.rule.removeprefix("contract.") for problem in policy.contract_problems(chart_objects(objects, **more))
    }


def test_a_service_that_satisfies_every_rule_has_no_violation() -> None:
    assert [str(problem) for problem in policy.contract_problems(chart_objects(good()))] == []


def at(index: int, *path: str | int) -> Callable[[list[Data]], Any]:
    def find(objects: list[Data]) -> Any:
        node: Any = objects[index]
        for key in path:
            node = node[key]
        return node

    return find


pod = ("spec", "template", "spec")
app = (*pod, "containers", 0)

VIOLATIONS: list[tuple[str, Callable[[list[Data]], Any], dict[str, Any]]] = [
    ("non-root", at(DEPLOYMENT, *pod, "securityContext"), {"runAsNonRoot": False}),
    ("non-root", at(DEPLOYMENT, *app, "securityContext"), {"runAsUser": 0}),
    ("read-only", at(DEPLOYMENT, *app, "securityContext"), {"readOnlyRootFilesystem": False}),
    ("escalation", at(DEPLOYMENT, *app, "securityContext"), {"allowPrivilegeEscalation": True}),
    ("escalation", at(DEPLOYMENT, *app, "securityContext"), {"privileged": True}),
    ("capabilities", at(DEPLOYMENT, *app, "securityContext"), {"capabilities": {"drop": ["NET_RAW"]}}),
    ("capabilities", at(DEPLOYMENT, *app, "securityContext", "capabilities"), {"add": ["NET_ADMIN"]}),
    ("seccomp", at(DEPLOYMENT, *pod, "securityContext"), {"seccompProfile": {"type": "Unconfined"}}),
    ("sigterm", at(DEPLOYMENT, *app), {"command": ["sh", "-ec", "sleep 1; true"]}),
    ("host", at(DEPLOYMENT, *pod), {"hostNetwork": True}),
    ("host", at(DEPLOYMENT, *pod, "volumes", 0), {"hostPath": {"path": "/"}}),
    ("token", at(DEPLOYMENT, *pod), {"automountServiceAccountToken": True}),
    ("resources", at(DEPLOYMENT, *app, "resources"), {"limits": {"cpu": "1"}}),
    ("resources", at(DEPLOYMENT, *app, "resources"), {"requests": {"cpu": "10m"}}),
    ("probes", at(DEPLOYMENT, *app), {"readinessProbe": None}),
    ("probes", at(DEPLOYMENT, *app), {"livenessProbe": {"httpGet": {"path": "/", "port": "web"}}}),
    ("liveness", at(DEPLOYMENT, *app, "livenessProbe"), {"timeoutSeconds": 1}),
    ("liveness", at(DEPLOYMENT, *app, "livenessProbe"), {"failureThreshold": 3}),
    ("liveness", at(DEPLOYMENT, *app, "readinessProbe"), {"periodSeconds": 20}),
    ("deadline", at(DEPLOYMENT, *app), {"startupProbe": {"failureThreshold": 60}}),
    ("image", at(DEPLOYMENT, *app), {"image": "example.org/app:2.0"}),
    ("image", at(DEPLOYMENT, *app), {"image": f"example.org/app@{DIGEST}"}),
    ("image", at(DEPLOYMENT, *app), {"image": f"example.org/app:latest@{DIGEST}"}),
    ("labels", at(SERVICE, "metadata", "labels"), {"app.kubernetes.io/part-of": ""}),
    ("selector", at(DEPLOYMENT, "spec", "selector", "matchLabels"), {"helm.sh/chart": "app-1.0.0"}),
    ("selector", at(DEPLOYMENT, "spec", "selector", "matchLabels"), {"app.kubernetes.io/name": "other"}),
    ("selector", at(DEPLOYMENT, "spec", "template", "metadata", "labels"), {"app.kubernetes.io/version": "2.0"}),
    ("restart", at(DEPLOYMENT, "spec", "template", "metadata"), {"annotations": {"chart": "app-1.0.0"}}),
    ("name", at(CONFIG, "metadata"), {"name": "a" * 64}),
    ("policy", at(POLICY, "spec"), {"policyTypes": ["Ingress"]}),
    ("policy", at(POLICY, "spec", "podSelector", "matchLabels"), {"app.kubernetes.io/component": "other"}),
    ("volume", at(DEPLOYMENT, *app), {"volumeMounts": [{"name": "config", "mountPath": "/c"}]}),
    ("volume", at(DEPLOYMENT, *pod), {"volumes": []}),
    ("reference", at(DEPLOYMENT, *pod, "volumes", 1, "configMap"), {"name": "missing"}),
    ("reference", at(DEPLOYMENT, *pod, "volumes", 1, "configMap", "items", 0), {"key": "missing"}),
    ("reference", at(DEPLOYMENT, *app, "env", 1, "valueFrom", "secretKeyRef"), {"key": "OTHER"}),
    ("reference", at(DEPLOYMENT, *app, "env", 1, "valueFrom", "secretKeyRef"), {"name": "other"}),
    ("service", at(SERVICE, "spec", "selector"), {"app.kubernetes.io/component": "other"}),
    ("service", at(SERVICE, "spec", "ports", 0), {"targetPort": 81}),
    ("route", at(ROUTE, "spec", "routes", 0, "services", 0), {"port": "https"}),
    ("route", at(ROUTE, "spec", "routes", 0, "services", 0), {"name": "other"}),
    ("claim", at(CLAIM, "metadata", "annotations"), {"argocd.argoproj.io/sync-options": "Prune=false"}),
    ("claim", at(CLAIM, "metadata", "annotations"), {"helm.sh/resource-policy": ""}),
    ("wave", at(CONFIG, "metadata", "annotations"), {"argocd.argoproj.io/sync-wave": "30"}),
    ("env", at(DEPLOYMENT, *app, "env", 1), {"name": "MODE"}),
    ("env", at(DEPLOYMENT, *app, "env", 0), {"value": 1}),
    ("quantity", at(DEPLOYMENT, *app, "resources", "requests"), {"cpu": "1000m"}),
    ("quantity", at(DEPLOYMENT, *app, "resources", "requests"), {"cpu": 0.5}),
    ("quantity", at(CLAIM, "spec", "resources", "requests"), {"storage": "1024Gi"}),
    ("empty", at(CLAIM, "spec"), {"selector": {}}),
    ("empty", at(DEPLOYMENT, *app), {"args": []}),
    ("namespace", at(SERVICE, "metadata"), {"namespace": "other"}),
    ("account", at(DEPLOYMENT, *pod), {"serviceAccountName": "app"}),
]


@pytest.mark.parametrize(
    ("rule", "find", "change"), VIOLATIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_violation_is_found_by_its_rule(rule: str, find: Callable[[list[Data]], Any], change: dict[str, Any]) -> None:
    objects = copy.deepcopy(good())
    find(objects).update(change)
    assert rule in rules(objects)


def test_every_rule_is_violated_by_some_case() -> None:
    others = {"called-by-api-server", "unique", "job", "retry", "exception", "secrets"}
    # These need all objects of a namespace or an environment, and have tests of their own.
    others |= {"reach", "sync-order", "limit-range", "quota", "address", "host-port", "node-port"}
    assert {rule for rule, _, _ in VIOLATIONS} | others == {rule.removeprefix("contract.") for rule in policy.RULES}


def test_an_object_that_is_rendered_twice_is_found() -> None:
    assert rules([*good(), good()[CONFIG]]) == {"unique"}


def test_a_job_without_a_hash_and_a_hook_without_a_policy_are_found() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata("app-migrate", 10), "spec": {"x": 1}}
    assert "job" in rules([*good(), job])
    job["metadata"]["name"] = "app-migrate-0a1b2c3d"
    assert "job" not in rules([*good(), job])
    job["metadata"]["annotations"]["helm.sh/hook"] = "pre-upgrade"
    assert "job" in rules([*good(), job])
    job["metadata"]["annotations"]["helm.sh/hook-delete-policy"] = "before-hook-creation"
    assert "job" not in rules([*good(), job])


@pytest.mark.parametrize(("limit", "egress", "found"), [(0, [{}], True), (1, [{}], False), (0, [], False)])
def test_a_job_that_connects_to_something_and_does_not_try_again_is_found(
    limit: int, egress: list[Data], *, found: bool
) -> None:
    objects = good()
    at(POLICY, "spec")(objects).update({"egress": egress})
    template = copy.deepcopy(at(DEPLOYMENT, "spec", "template")(objects))
    spec = {"backoffLimit": limit, "template": template}
    every = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata("app-x", 10),
        "spec": {"jobTemplate": {"spec": spec}},
    }
    once = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata("app-x-0a1b2c3d", 10), "spec": spec}
    for job in (every, once):
        assert ("retry" in rules([*objects, job])) is found


@pytest.mark.parametrize(
    ("words", "ignored"),
    [
        (["/bin/sh", "-c", "sleep 1"], True),
        (["bash", "-eo", "pipefail", "-c", "a | b"], True),
        (["sh", "-ec", "until a; do sleep 1; done"], True),
        (["sh", "-ec", "exec a; b"], True),
        (["sh", "-ec", "a\nexec b"], False),
        (["sh", "-ec", "trap 'exit 143' TERM\na & wait $!"], False),
        (["sh", "-ec", "# trap TERM\na"], True),
        (["sh", "-ec", "umask 077; printf x > y"], False),
        (["python3", "-c", "import time"], True),
        (["python3", "-c", "import signal\nsignal.signal(signal.SIGTERM, end)"], False),
        (["sh", "/c/a"], True),
        (["sh", "/of/the/image"], False),
        (["server", "-c", "sleep 1"], False),
        (["sh"], False),
    ],
)
def test_a_script_that_is_process_1_and_does_nothing_at_sigterm_is_found(words: list[str], *, ignored: bool) -> None:
    objects = good()
    at(DEPLOYMENT, *app)(objects).update({"command": words[:1], "args": words[1:]})
    at(CONFIG, "data")(objects).update({"a": "sleep 1"})
    assert ("sigterm" in rules(objects)) is ignored


HELPER = """
kind: Pod
metadata: {name: helper}
spec:
  containers:
    - {name: helper, image: busybox, securityContext: {capabilities: {drop: [KILL]}}}
"""


def test_a_pod_that_a_config_file_describes_satisfies_the_rules_for_pods() -> None:
    objects = good()
    objects[CONFIG]["data"]["pod.yaml"] = HELPER
    assert rules(objects) == {
        "non-root",
        "read-only",
        "capabilities",
        "escalation",
        "seccomp",
        "resources",
        "token",
        "image",
    }
    found = [problem for problem in policy.contract_problems(chart_objects(objects)) if "image" in problem.fact]
    assert [(problem.where, problem.fact) for problem in found] == [
        ("app: Pod helper", "container helper uses the image busybox, which is not pinned by tag and digest")
    ]


PINNED = f"example.org/helper:1.0@{DIGEST}"
IMAGES: list[tuple[Callable[[list[Data]], Any], Callable[[str], Data]]] = [
    (at(DEPLOYMENT, *app), lambda image: {"args": ["start", f"--helper-image={image}"]}),
    (at(DEPLOYMENT, *app), lambda image: {"command": ["start", "--image", image]}),
    (at(DEPLOYMENT, *app), lambda image: {"env": [{"name": "POSTGRES_IMAGE_NAME", "value": image}]}),
    (at(DEPLOYMENT, *pod), lambda image: {"volumes": [*good_volumes(), {"name": "x", "image": {"reference": image}}]}),
    (at(CONFIG), lambda image: {"data": {"a": f"runner: {{image: '{image}'}}"}}),
    (at(CONFIG), lambda image: {"data": {"a": "b", "HELPER_IMAGE": image}}),
    (at(CONFIG), lambda image: {"data": {"a": json.dumps({"jobs": [{"helperImage": image}]})}}),
    (at(CLAIM, "spec"), lambda image: {"imageName": image}),
]


def good_volumes() -> list[Data]:
    found: list[Data] = at(DEPLOYMENT, *pod, "volumes")(good())
    return found


@pytest.mark.parametrize(("find", "change"), IMAGES)
def test_an_image_beside_containers_is_pinned_too(
    find: Callable[[list[Data]], Any], change: Callable[[str], Data]
) -> None:
    for image, expected in ((PINNED, set()), ("example.org/helper:1.0", {"image"}), ("helper:latest", {"image"})):
        objects = good()
        find(objects).update(change(image))
        assert rules(objects) & {"image"} == expected


@pytest.mark.parametrize(
    "text", ["image: https://example.org/a.png", "image: 80", "image: /icons/a.svg", "image: logo", "a: b: c"]
)
def test_what_is_no_image_is_not_taken_for_one(text: str) -> None:
    objects = good()
    objects[CONFIG]["data"]["a"] = text
    assert rules(objects) == set()


CALLERS: list[Data] = [
    {"kind": kind, "webhooks": [{"clientConfig": {"service": {"namespace": "home", "name": "app"}}}]}
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
]
CALLERS += [
    {
        "kind": "CustomResourceDefinition",
        "spec": {"conversion": {"webhook": {"clientConfig": {"service": {"namespace": "home", "name": "app"}}}}},
    },
    {"kind": "APIService", "spec": {"service": {"namespace": "home", "name": "app"}}},
]


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: str(caller["kind"]))
def test_pods_that_the_api_server_calls_are_bound_to_its_node(caller: Data) -> None:
    called = {"apiVersion": "v1", "metadata": {**metadata("app", -20), "namespace": ""}, **caller}
    objects = [*good(), called]
    assert rules(objects) == {"called-by-api-server"}
    at(DEPLOYMENT, *pod)(objects)["nodeSelector"] = {"node-role.kubernetes.io/control-plane": "true"}
    assert rules(objects) == set()


def test_pods_on_the_network_of_the_node_may_be_called_on_every_node() -> None:
    called = {"apiVersion": "v1", "metadata": {**metadata("app", -20), "namespace": ""}, **CALLERS[0]}
    objects = [*good(), called]
    at(DEPLOYMENT, *pod)(objects)["hostNetwork"] = True
    assert "called-by-api-server" not in rules(objects)


def test_an_optional_reference_may_be_missing() -> None:
    objects = good()
    at(DEPLOYMENT, *app, "env", 1, "valueFrom", "secretKeyRef")(objects).update({"name": "other", "optional": True})
    assert rules(objects) == set()


def test_an_exception_covers_the_part_that_it_names_and_nothing_else() -> None:
    objects = good()
    at(DEPLOYMENT, *app, "securityContext")(objects).update({"readOnlyRootFilesystem": False})
    stated = policy.parse_exceptions(
        {"slipway.homelab/exception.read-only": "app: writes beside its program", "x": "y"}
    )
    assert stated == {"contract.read-only": {"app": "writes beside its program"}}
    assert rules(objects, exceptions=stated) == set()
    other = policy.parse_exceptions({"slipway.homelab/exception.read-only": "sidecar: why not"})
    assert rules(objects, exceptions=other) == {"read-only"}


@pytest.mark.parametrize(
    ("annotations", "default_values", "expected"),
    [
        (
            {"exception.read-only": "app: no longer needed"},
            True,
            ["exception read-only for 'app': nothing violates the rule"],
        ),
        ({"exception.read-only": "app: needed with other values"}, False, []),
        ({"exception.read-only": "app:"}, False, ["exception read-only for 'app': it gives no reason"]),
        ({"exception.raed-only": "app: x"}, False, ["exception raed-only for 'app': there is no such rule"]),
    ],
)
def test_an_exception_needs_a_rule_a_reason_and_a_violation(
    annotations: dict[str, str], default_values: bool, expected: list[str]
) -> None:
    stated = policy.parse_exceptions({f"slipway.homelab/{key}": text for key, text in annotations.items()})
    found = policy.contract_problems(chart_objects(good(), exceptions=stated, default_values=default_values))
    assert [problem.fact for problem in found] == expected


def test_an_exception_for_what_is_switched_off_waits_for_the_values_that_switch_it_on() -> None:
    stated = policy.parse_exceptions({"slipway.homelab/exception.secrets": "extra: finds them by a label"})
    off = chart_objects(good(), exceptions=stated, default_values=True, switched_off=frozenset({"extra"}))
    assert [problem.fact for problem in policy.contract_problems(off)] == []


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("1000m", "1"),
        ("100m", "100m"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("5Gi", "5Gi"),
        (2, "2"),
        ("0", "0"),
        ("2000k", "2M"),
        ("0.5", ""),
        ("1e3", ""),
    ],
)
def test_quantities_are_written_as_the_api_server_writes_them(written: object, canonical: str) -> None:
    assert quantity.canonical(written) == canonical
