"""Probes: what the kubelet asks, how long it waits before it restarts, and how long Argo CD waits for a Deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.policy.chart_objects import ChartObjects, Violation, violation
from slipway.policy.object_rule import rule
from slipway.policy.workloads import ENDING_KINDS
from slipway.util.mapping import dig, listing

DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}
"""The API server's defaults. Source: kubernetes.io, Configure Liveness, Readiness and Startup Probes."""

PROGRESS_DEADLINE_S = 600
"""The API server's default of progressDeadlineSeconds."""

LIVENESS_TIMEOUT_S = 5
"""Shortest timeout of a liveness probe: an answer takes seconds while the node's disk or processor is busy."""


@rule("contract.probes", "Workloads have liveness and readiness probes, on ports of the container.")
def probes(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        if container.workload.kind in ENDING_KINDS or container.init:
            continue
        ports = {str(port.get(key)) for port in listing(container.spec, "ports") for key in ("name", "containerPort")}
        for field in ("livenessProbe", "readinessProbe", "startupProbe"):
            probe = dig(container.spec, field)
            if not probe and field != "startupProbe":
                yield container.violation(f"has no {field}")
            for handler in ("httpGet", "tcpSocket", "grpc"):
                port = dig(probe, handler).get("port")
                if port is not None and str(port) not in ports:
                    yield container.violation(f"has a {field} on port {port}, which is not one of its ports")


@rule(
    "contract.liveness",
    "A liveness probe is more patient than the readiness probe: traffic stops before the kubelet restarts a busy container.",
)
def patient_liveness(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        liveness, readiness = dig(container.spec, "livenessProbe"), dig(container.spec, "readinessProbe")
        if not liveness:
            continue
        if (timeout := seconds(liveness, "timeoutSeconds")) < LIVENESS_TIMEOUT_S:
            yield container.violation(
                f"has a livenessProbe with a timeout of {timeout} s, which is less than {LIVENESS_TIMEOUT_S} s"
            )
        if readiness and (restarted := failing_s(liveness)) <= (unready := failing_s(readiness)):
            yield container.violation(
                f"is restarted after failing for {restarted} s, and is not ready after {unready} s: the first must be longer"
            )


@rule("contract.deadline", "The progress deadline of a Deployment is longer than what its startup probes allow.")
def progress_deadline(chart: ChartObjects) -> Iterator[Violation]:
    for item, pod in chart.workloads:
        if item.kind != "Deployment":
            continue
        deadline = int(str(item.at("spec", "progressDeadlineSeconds") or PROGRESS_DEADLINE_S))
        if deadline <= (startup := startup_s(dig(pod, "spec"))):
            fact = f"is Degraded after {deadline} s, and its startup probes allow {startup} s"
            yield violation(item, fact, name="progressDeadlineSeconds")


def seconds(probe: Mapping[str, object], field: str) -> int:
    """A number of a probe, or the API server's default."""
    return int(str(probe.get(field, DEFAULTS[field])))


def failing_s(probe: Mapping[str, object]) -> int:
    """How long a probe fails until it has failed; an attempt begins when the one before has ended."""
    attempt = max(seconds(probe, "periodSeconds"), seconds(probe, "timeoutSeconds"))
    return attempt * seconds(probe, "failureThreshold")


def startup_s(pod_spec: Mapping[str, object]) -> int:
    """How long startup probes let a pod start: init containers one after another, then the containers at once."""
    one_by_one, at_once = (
        [
            seconds(probe, "initialDelaySeconds") + failing_s(probe)
            for container in listing(pod_spec, field)
            if (probe := dig(container, "startupProbe"))
        ]
        for field in ("initContainers", "containers")
    )
    return sum(one_by_one) + max(at_once, default=0)
