"""Each volume and database with data has a backup, or a reason for none: with a chart's own values and in each environment.

And each namespace with backups has a retention policy for its repository.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.lint.positions import value_position
from slipway.util.mapping import dig
from slipway.workspace import backups
from slipway.workspace.values import Scope, Scopes, members_in

MISSING = Rule("backup.missing", "Each volume and database has a backup, or a reason for none.")
UNKNOWN = Rule("backup.unknown", "A backup entry names a volume or database that holds data.")

RETENTION = Rule("backup.retention", "One member of an umbrella with backups keeps the repository of its namespace.")


@chart_check(MISSING, UNKNOWN)
def backup_entries(context: LintContext, chart: Chart) -> Iterator[Problem]:
    for scope in scopes_of(context.scopes, chart):
        yield from problems_of(scope)


@chart_check(RETENTION)
def retention(context: LintContext, chart: Chart) -> Iterator[Problem]:
    workspace = context.scopes.workspace
    for environment in workspace.environments.values() if chart.kind is ChartKind.UMBRELLA else ():
        members = [item for item in members_in(workspace, chart, environment) if item.enabled]
        copied = [item.key for item in members if backups.backs_up(item.values)]
        keepers = [item.key for item in members if backups.keeps_repository(item.values)]
        on = any(dig(item.facts, "backup").get("enabled") is True for item in members)
        if on and copied and len(keepers) != 1:
            yield RETENTION.problem(
                where=f"{chart.folder}/Chart.yaml",
                fact=f"{len(keepers)} members keep the repository of the backups in {environment.name}",
                evidence=(f"backed up: {', '.join(copied)}", f"keepers: {', '.join(keepers) or 'none'}"),
                hint="give one member, such as baseline, the entry backup.repository: {method: retention}",
            )


def scopes_of(scopes: Scopes, chart: Chart) -> Iterator[Scope]:
    """A service with its own values and each ci file, or the members of an umbrella in each environment."""
    if chart.kind is ChartKind.SERVICE:
        yield from scopes.of_service(chart)
    elif chart.kind is ChartKind.UMBRELLA:
        for environment in (None, *scopes.workspace.environments.values()):
            yield from (scope for _, scope in scopes.members(chart, environment))


def problems_of(scope: Scope) -> Iterator[Problem]:
    """Data without a backup entry, and backup entries without data."""
    values = scope.values
    covered = backups.kept(values)
    with_data = {(item.kind, item.identifier): item for item in backups.holdings(values)}
    for key, item in with_data.items():
        if key in covered:
            continue
        method = "method: files" if item.kind == "persistence" else "method: database"
        yield MISSING.problem(
            where=value_position(scope.layers, item.path, scope.chart.folder),
            fact=f"{scope.chart.name}: {'.'.join(item.path)} has no backup entry",
            evidence=(f"it holds {item.detail} of data",),
            hint=f"add backup.{item.identifier}: {{{item.kind}: {item.identifier}, {method}}}, or optOut with the reason",
        )
    for name, entry in backups.entries(values, "backup"):
        if entry.get("method") == backups.RETENTION:
            continue
        kind = backups.kind_of(entry)
        if kind != "secret" and (kind, str(entry.get(kind))) not in with_data:
            known = ", ".join(sorted(identifier for other, identifier in with_data if other == kind)) or "none"
            yield UNKNOWN.problem(
                where=value_position(scope.layers, ("backup", name), scope.chart.folder),
                fact=f"{scope.chart.name}: backup {name} names the {kind} {entry.get(kind)}, which holds no data",
                hint=f"remove backup.{name}, or name one of: {known}",
            )
