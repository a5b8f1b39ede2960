"""A drill by hand: the Job of a service's CronJob on a cluster, its end, and what its containers logged.

The library makes the CronJob from the backup of the service; the containers of its pod say what they found, and the one that fails
says why in a line that begins with `drill failed:`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.context import Context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.delivery import backups, recovery
from slipway.delivery.restore import COMPONENT, NAME, STARTING_S, deadline
from slipway.tools.kubectl import Kubectl
from slipway.util.mapping import dig, listing

FAILED = "drill failed: "
SHOWN = 20
"""Lines of the log in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A CronJob that restores the newest snapshot of a service, and the Job that is made of it."""

    service: str
    namespace: str
    cron: str
    wait_s: int
    """How long its Job may take."""

    @property
    def job(self) -> str:
        """The name of the Job."""
        return f"{self.cron}-now"


def is_drill(item: Object, service: str) -> bool:
    """Whether a CronJob is the library's drill for a service."""
    return item.labels.get(NAME) == service and item.labels.get(COMPONENT) == "drill"


def find(context: Context, service: str, environment: str) -> Drill:
    """The drill of a service in an environment.

    Raises:
        WorkspaceError: the environment has no such service, none of its data is backed up, or drills are off.
        ProblemsFound: its umbrella cannot be rendered.
    """
    umbrella, member = recovery.member_of(context, service, environment)
    recovery.check_backed_up(member, environment)
    return drill_in(backups.rendered(context, umbrella, environment), service, umbrella.name, environment)


def drill_in(objects: Sequence[Object], service: str, namespace: str, environment: str) -> Drill:
    """The drill among the objects of a namespace.

    Raises:
        WorkspaceError: there is none.
    """
    for item in objects:
        if item.kind == "CronJob" and is_drill(item, service):
            wait_s = deadline(item) + STARTING_S
            return Drill(service=service, namespace=namespace, cron=item.name, wait_s=wait_s)
    hint = f"set backup.drill.enabled to true in values/{environment}/platform.yaml"
    raise WorkspaceError(Problem(where=service, fact=f"drills are off in {environment}", hint=hint))


def perform(drill: Drill, kubectl: Kubectl) -> tuple[str, ...]:
    """Run a drill to its end, and return what its containers logged.

    Raises:
        ToolFailed: it failed, or the cluster has no such CronJob.
    """
    here = ("--namespace", drill.namespace)
    kubectl(*here, "delete", "job", drill.job, "--ignore-not-found", "--wait")
    kubectl(*here, "create", "job", drill.job, f"--from=cronjob/{drill.cron}")
    # A condition of any kind ends the wait.
    condition = ("--for", "jsonpath={.status.conditions[0].type}", "--timeout", f"{drill.wait_s}s")
    kubectl(*here, "wait", f"job/{drill.job}", *condition)
    job = json.loads(kubectl(*here, "get", "job", drill.job, "--output", "json").stdout)
    # Of a container that never began there is no log, and that is no error.
    logs = kubectl(*here, "logs", f"job/{drill.job}", "--all-containers", "--ignore-errors", "--tail=-1", ok_codes=None)
    log = tuple(line for line in logs.stdout.splitlines() if line.strip())
    if not succeeded(job):
        raise ToolFailed(failure(drill, job, log))
    return log


def succeeded(job: Mapping[str, object]) -> bool:
    """Whether a Job that ended has done its work. Source: Kubernetes 1.31, JobSuccessCriteriaMet comes before Complete."""
    met = {item.get("type") for item in listing(dig(job, "status"), "conditions") if item.get("status") == "True"}
    return bool(met & {"Complete", "SuccessCriteriaMet"})


def failure(drill: Drill, job: Mapping[str, object], log: Sequence[str]) -> Problem:
    """Why a drill failed: what its containers logged, or what Kubernetes says of the Job."""
    reasons = [line.removeprefix(FAILED) for line in log if line.startswith(FAILED)]
    status = [str(item.get("message")) for item in listing(dig(job, "status"), "conditions") if item.get("message")]
    fact = reasons[-1] if reasons else (status or ["its Job failed"])[-1]
    evidence = tuple(line for line in log if not line.startswith(FAILED))[-SHOWN:]
    return Problem(
        where=f"drill of {drill.service}", fact=fact, evidence=evidence, hint="see docs/runbooks/DrillFailed.md"
    )
