"""A restore from end to end: the plan for a service of the workspace, and its steps run against a cluster."""

from __future__ import annotations

from slipway.context import Context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.core.model import Chart
from slipway.delivery import backups, restore
from slipway.delivery.restore import Plan
from slipway.tools.kubectl import Kubectl
from slipway.util.mapping import dig
from slipway.util.text import closest
from slipway.workspace import backups as holdings
from slipway.workspace import declarations
from slipway.workspace.values import Effective


def plan(context: Context, service: str, environment: str, snapshot: str) -> Plan:
    """The steps that restore a service.

    Raises:
        WorkspaceError: the environment has no such service, or none of its data is backed up.
        ProblemsFound: its umbrella cannot be rendered.
    """
    umbrella, member = member_of(context, service, environment)
    check_backed_up(member, environment)
    databases = declarations.databases(member.chart, member.key, member.values)
    return restore.plan(
        backups.rendered(context, umbrella, environment),
        service=service,
        namespace=umbrella.name,
        argocd=context.config.argocd_namespace,
        also=tuple(str(spec["application"]) for _, spec in databases if "application" in spec),
        snapshot=snapshot or restore.LATEST,
    )


def member_of(context: Context, service: str, environment: str) -> tuple[Chart, Effective]:
    """The umbrella that has a service, and the service with its values in an environment.

    Raises:
        WorkspaceError: none has it.
    """
    for umbrella in context.workspace.umbrellas:
        for member in backups.members(context, umbrella, environment):
            if member.key == service:
                return umbrella, member
    known = sorted(member.key for umbrella in context.workspace.umbrellas for member in umbrella.dependencies)
    near = closest(service, known)
    hint = f"did you mean {near!r}?" if near else "./inv backups lists those that hold data"
    raise WorkspaceError(Problem(where="SERVICE", fact=f"there is no service {service!r} in {environment}", hint=hint))


def check_backed_up(member: Effective, environment: str) -> None:
    """Refuse a service without a backup, with the reason.

    Raises:
        WorkspaceError: it holds no data, backups are off in the environment, or every volume has a reason for none.
    """
    kept, problem = holdings.kept(member.values), None
    held = [(item, kept.get((item.kind, item.identifier))) for item in holdings.holdings(member.values)]
    if not held:
        problem = Problem(
            where=member.key, fact=f"holds no data in {environment}", hint="./inv backups lists what does"
        )
    elif not any(found is not None and found.method for _, found in held):
        why = tuple(f"{'.'.join(item.path)}: {found.description if found else 'no entry'}" for item, found in held)
        problem = Problem(where=member.key, fact=f"none of its data is backed up in {environment}", evidence=why)
    elif dig(member.values, "global", "backup").get("enabled") is not True:
        hint = f"set backup.enabled to true in values/{environment}/platform.yaml"
        problem = Problem(where=member.key, fact=f"backups are off in {environment}", hint=hint)
    if problem is not None:
        raise WorkspaceError(problem)


def perform(context: Context, made: Plan, kubectl: Kubectl) -> None:
    """Run the steps of a plan.

    Raises:
        ToolFailed: one of them failed; the service stays stopped, because its data may be half of a backup.
    """
    for number, step in enumerate(made.steps, 1):
        context.progress.say(f"{number}/{len(made.steps)} {step.title}")
        try:
            kubectl(*step.arguments, stdin=step.stdin or None)
        except ToolFailed as error:
            (problem,) = error.problems
            raise ToolFailed(
                Problem(
                    where=f"restore of {made.service}",
                    fact=f"stopped at step {number}: {step.title}",
                    evidence=(problem.fact, *problem.evidence),
                    hint="fix it and run the same command again; until then Argo CD is paused and the service is stopped",
                )
            ) from error
