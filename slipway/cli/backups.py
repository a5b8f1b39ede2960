"""`backups` and `restore`: what is kept and how, and a service as it was. The edge; `coverage` and `restore` decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway.build import cases
from slipway.build.render import Object
from slipway.cli.run import chosen
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, ToolFailed, WorkspaceError
from slipway.core.model import Chart, ChartName
from slipway.delivery import restore as restoring
from slipway.delivery.prepare import kubeconfig_of
from slipway.tools.kubectl import Kubectl
from slipway.util import text
from slipway.workspace import backups as coverage
from slipway.workspace import declarations
from slipway.workspace.values import Effective, members_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that holds data, in one environment."""

    namespace: str
    service: str
    what: str
    size: str
    how: str
    when: str
    """Five fields of cron; empty when nothing is copied."""


def backups(context: Context, environment: str, names: Sequence[ChartName]) -> tuple[Row, ...]:
    """Everything that holds data in an environment.

    Raises:
        BuildError: an umbrella cannot be built or rendered.
    """
    return tuple(
        row
        for umbrella in context.workspace.umbrellas
        if umbrella.name in names or not names
        for row in rows(context, umbrella, environment, rendered(context, umbrella, environment))
    )


def rows(context: Context, umbrella: Chart, environment: str, objects: Sequence[Object]) -> Iterator[Row]:
    """The rows of one namespace."""
    for member in members(context, umbrella, environment):
        crons = (item for item in objects if item.kind == "CronJob" and restoring.is_copy(item, member.key))
        when = next((str(item.at("spec", "schedule")) for item in crons), "")
        kept = coverage.kept(member.values)
        for item in coverage.holdings(member.values):
            known = kept.get((item.kind, item.identifier), coverage.Kept(reason="nothing says so"))
            yield Row(
                namespace=umbrella.name,
                service=member.key,
                what=".".join(item.path),
                size=item.detail,
                how=known.said,
                when="" if known.reason else when,
            )


def members(context: Context, umbrella: Chart, environment: str) -> Iterator[Effective]:
    """The members that are on in an environment."""
    found = members_in(context.workspace, umbrella, context.workspace.environments[environment])
    return (member for member in found if member.enabled)


def rendered(context: Context, umbrella: Chart, environment: str) -> tuple[Object, ...]:
    """What an umbrella renders in an environment.

    Raises:
        ProblemsFound: it does not.
    """
    builder = context.builder()
    _, problems = builder.build((umbrella.name,))
    if problems:
        raise ProblemsFound(problems)
    case = next(case for case in cases.cases_of(builder, umbrella) if case.label == environment)
    done = context.renderer.render(case.request)
    if done.error:
        raise ProblemsFound(tuple(cases.problems_of(case, done.error, context.workspace)))
    return done.objects


def table(found: Sequence[Row]) -> str:
    """The rows for a reader."""
    head = ("NAMESPACE", "SERVICE", "WHAT", "SIZE", "WHEN", "HOW")
    lines = ((row.namespace, row.service, row.what, row.size, row.when or "-", row.how) for row in found)
    return text.table(head, lines)


def plan(context: Context, service: str, environment: str, snapshot: str) -> restoring.Plan:
    """The steps that restore a service.

    Raises:
        WorkspaceError: there is no such service, or nothing of it is copied.
        ProblemsFound: its umbrella does not render.
    """
    for umbrella in context.workspace.umbrellas:
        for member in members(context, umbrella, environment):
            if member.key == service:
                databases = declarations.databases(member.chart, member.key, member.values)
                return restoring.plan(
                    rendered(context, umbrella, environment),
                    service=service,
                    namespace=umbrella.name,
                    argocd=context.config.argocd_namespace,
                    also=tuple(str(spec["application"]) for _, spec in databases if "application" in spec),
                    snapshot=snapshot or restoring.LATEST,
                )
    raise WorkspaceError(
        Problem(where=service, fact=f"is no service of {environment}", hint="./inv backups names those that hold data")
    )


def perform(context: Context, made: restoring.Plan, kubectl: Kubectl) -> None:
    """Do the steps, one after the other.

    Raises:
        ToolFailed: one of them failed; what was stopped stays so, because its data may be half of one copy.
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
                    hint="mend it and run the same again; until then Argo CD is paused and the service is stopped",
                )
            ) from error


def restore(context: Context, service: str, env: str, snapshot: str, kubeconfig: str, *, apply: bool) -> None:
    """`restore`: the steps, or what comes of them.

    Raises:
        BuildError: see `plan` and `perform`.
    """
    made = plan(context, service, chosen(context, env), snapshot)
    if apply:
        perform(context, made, context.kubectl(kubeconfig_of(context.environ, kubeconfig)))
        print(f"{service} is as it was in the copy {made.snapshot}")
    else:
        print(restoring.text(made))
