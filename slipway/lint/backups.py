"""Each volume and database with data has a backup, or a reason for none: with a chart's own values and in each environment."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.lint.positions import value_position
from slipway.workspace import backups
from slipway.workspace.values import Scope, Scopes

MISSING = Rule("backup.missing", "Each volume and database has a backup, or a reason for none.")
UNKNOWN = Rule("backup.unknown", "A backup entry names a volume or database that holds data.")


@chart_check(MISSING, UNKNOWN)
def backup_entries(context: LintContext, chart: Chart) -> Iterator[Problem]:
    for scope in scopes_of(context.scopes, chart):
        yield from problems_of(scope)


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
        kind = backups.kind_of(entry)
        if kind != "secret" and (kind, str(entry.get(kind))) not in with_data:
            known = ", ".join(sorted(identifier for other, identifier in with_data if other == kind)) or "none"
            yield UNKNOWN.problem(
                where=value_position(scope.layers, ("backup", name), scope.chart.folder),
                fact=f"{scope.chart.name}: backup {name} names the {kind} {entry.get(kind)}, which holds no data",
                hint=f"remove backup.{name}, or name one of: {known}",
            )
