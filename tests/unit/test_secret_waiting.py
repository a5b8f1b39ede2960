"""What waits for a Secret that a person makes is in the last sync wave, or it holds other services back."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from slipway.build.render import Object, parse
from slipway.secrets.inventory import DeclaredSecret, RenderedNamespace
from slipway.secrets.waiting import waiting_problems

WORKLOAD = """
apiVersion: apps/v1
kind: %s
metadata: {name: meter, namespace: home, annotations: {argocd.argoproj.io/sync-wave: "10"}}
spec:
  template:
    spec:
      containers:
        - name: app
          env: [{name: KEY, valueFrom: {secretKeyRef: {name: meter, key: KEY, optional: %s}}}]
"""
JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: copy, namespace: home, annotations: {argocd.argoproj.io/sync-wave: "10"}}
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{name: app, envFrom: [{secretRef: {name: meter}}]}]}}}}
"""
CERTIFICATE = """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: wildcard, namespace: home, annotations: {argocd.argoproj.io/sync-wave: "10"}}
spec: {secretName: tls, issuerRef: {kind: ClusterIssuer, name: acme}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: acme, annotations: {argocd.argoproj.io/sync-wave: "5"}}
spec: {acme: {solvers: [{dns01: {cloudflare: {apiTokenSecretRef: {name: meter, key: token}}}}]}}
"""
ROUTE = """
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: home, annotations: {argocd.argoproj.io/sync-wave: "%s"}}
"""
DECLARED = DeclaredSecret(
    chart="meter", key="meter", name="meter", keys=("KEY",), purpose="Key", producer="", generate={}
)


def of_member(member: str, text: str) -> list[Object]:
    return [replace(item, source=f"home/charts/{member}/templates/all.yaml") for item in parse(text)]


def found(*objects: Iterable[Object], producer: str = "") -> list[str]:
    every = tuple(item for part in objects for item in part)
    space = RenderedNamespace(name="home", objects=every, declared=(replace(DECLARED, producer=producer),))
    return [f"{problem.where}: {problem.fact}" for problem in waiting_problems(space, "production")]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
@pytest.mark.parametrize("producer", ["", "hand"])
def test_a_workload_that_waits_for_a_person_holds_back_no_route_of_another_service(kind: str, producer: str) -> None:
    workload = of_member("meter", WORKLOAD % (kind, "false"))

    assert found(workload, of_member("web", ROUTE % 20), producer=producer) == [
        f"home: {kind} meter: waits in wave 10 for the Secret meter, and holds back 1 object"
    ]
    assert found(workload, of_member("web", ROUTE % 10), producer=producer) == []


def test_its_own_route_may_wait() -> None:
    assert found(of_member("meter", WORKLOAD % ("Deployment", "false")), of_member("meter", ROUTE % 20)) == []


def test_a_secret_that_an_object_makes_waits_for_nobody() -> None:
    workload = of_member("meter", WORKLOAD % ("Deployment", "false"))
    assert found(workload, of_member("web", ROUTE % 20), producer="Deployment/meter") == []


def test_an_optional_secret_is_not_waited_for() -> None:
    assert found(of_member("meter", WORKLOAD % ("Deployment", "true")), of_member("web", ROUTE % 20)) == []


def test_a_cron_job_is_healthy_without_its_secret() -> None:
    assert found(of_member("copy", JOB), of_member("web", ROUTE % 20)) == []


def test_a_certificate_waits_for_the_token_of_its_issuer() -> None:
    assert found(of_member("certs", CERTIFICATE), of_member("web", ROUTE % 20)) == [
        "home: Certificate wildcard: waits in wave 10 for the Secret meter, and holds back 1 object"
    ]


def test_the_hint_names_the_last_wave() -> None:
    every = [
        *of_member("meter", WORKLOAD % ("Deployment", "false")),
        *of_member("web", ROUTE % 15),
        *of_member("other", ROUTE % 25),
    ]
    space = RenderedNamespace(name="home", objects=tuple(every), declared=(DECLARED,))

    (problem,) = waiting_problems(space, "production")

    assert problem.evidence[1] == "the first of them is IngressRoute web in wave 15"
    assert problem.hint == "give it and its claims the wave 25, or make the reference optional"
