"""What holds data in an environment, and how each of it is backed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slipway.build import cases
from slipway.build.render import Object
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.core.model import Chart, ChartName
from slipway.delivery import restore
from slipway.tools.kubectl import Kubectl
from slipway.util.mapping import dig
from slipway.workspace import backups as coverage
from slipway.workspace.values import Effective, members_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One volume or database in one environment, and its backup."""

    namespace: str
    service: str
    what: str
    size: str
    how: str
    when: str
    """Five fields of cron; empty when it is not backed up."""
    backed_up: str = ""
    """When a backup last succeeded, as the cluster has it; empty if it was not asked, or has none."""
    drilled: str = ""
    """When a drill last succeeded."""


def coverage_of(context: Context, environment: str, names: Sequence[ChartName]) -> tuple[Coverage, ...]:
    """Everything that holds data in an environment.

    Args:
        context: the wiring.
        environment: whose values count.
        names: umbrellas and services; every one when empty.

    Raises:
        BuildError: an umbrella cannot be built or rendered.
    """
    return tuple(
        item
        for name in context.umbrellas_of(names)
        for umbrella in (context.workspace.charts[name],)
        for chart, item in of_umbrella(context, umbrella, environment, rendered(context, umbrella, environment))
        if not names or {umbrella.name, chart.name} & set(names)
    )


def of_umbrella(
    context: Context, umbrella: Chart, environment: str, objects: Sequence[Object]
) -> Iterator[tuple[Chart, Coverage]]:
    """What holds data in one namespace, each with its chart."""
    for member in members(context, umbrella, environment):
        crons = (item for item in objects if item.kind == "CronJob" and restore.is_copy(item, member.key))
        when = next((str(item.at("spec", "schedule")) for item in crons), "")
        kept = coverage.kept(member.values)
        for item in coverage.holdings(member.values):
            known = kept.get((item.kind, item.identifier), coverage.Kept(reason="no setting covers it"))
            yield (
                member.chart,
                Coverage(
                    namespace=umbrella.name,
                    service=member.key,
                    what=".".join(item.path),
                    size=item.detail,
                    how=known.description,
                    when="" if known.reason else when,
                ),
            )


def with_last(found: Sequence[Coverage], kubectl: Kubectl) -> tuple[Coverage, ...]:
    """The same, with the times at which a cluster's CronJobs last succeeded.

    Raises:
        ToolFailed: the API server does not answer.
    """
    times = {
        (str(meta["namespace"]), str(labels.get(restore.NAME)), str(labels.get(restore.COMPONENT))): str(
            dig(item, "status").get("lastSuccessfulTime", "")
        )
        for item in kubectl.items("cronjobs", "--all-namespaces")
        for meta in (dig(item, "metadata"),)
        for labels in (dig(meta, "labels"),)
    }
    return tuple(
        replace(
            item,
            backed_up=times.get((item.namespace, item.service, "backup"), ""),
            drilled=times.get((item.namespace, item.service, "drill"), ""),
        )
        if item.when
        else item
        for item in found
    )


def members(context: Context, umbrella: Chart, environment: str) -> Iterator[Effective]:
    """The enabled members, with their values in an environment."""
    found = members_in(context.workspace, umbrella, context.workspace.environments[environment])
    return (member for member in found if member.enabled)


def rendered(context: Context, umbrella: Chart, environment: str) -> tuple[Object, ...]:
    """The objects of an umbrella in an environment.

    Raises:
        ProblemsFound: it cannot be built or rendered.
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
