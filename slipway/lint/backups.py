"""Every volume that holds data has a copy, or a reason why not: by a chart's own values, and in each place that changes them."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.workspace import backups
from slipway.workspace import values as lay
from slipway.workspace.values import Scope, Scopes


def check(run: Scopes, chart: Chart) -> Iterator[Problem]:
    """The holdings of a service with its own values and each ci file, or of an umbrella's members in each environment."""
    for scope in scopes(run, chart):
        yield from judge(scope)


def scopes(run: Scopes, chart: Chart) -> Iterator[Scope]:
    """Every set of values that a chart is looked at with."""
    if chart.kind is ChartKind.SERVICE:
        yield from run.of_service(chart)
    elif chart.kind is ChartKind.UMBRELLA:
        for environment in (None, *run.workspace.environments.values()):
            yield from (scope for _, scope in run.members(chart, environment))


def judge(scope: Scope) -> Iterator[Problem]:
    """What one set of values leaves open."""
    values = scope.values
    kept = backups.kept(values)
    held = {(item.kind, item.identifier): item for item in backups.holdings(values)}
    for key, item in held.items():
        if key in kept:
            continue
        layer = lay.top_layer(scope.layers, item.path)
        entry = "method: files" if item.kind == "persistence" else "method: database"
        yield Problem(
            where=layer.where(item.path) if layer else scope.chart.folder,
            fact=f"{scope.chart.name}: nothing says how {'.'.join(item.path)} is kept",
            evidence=(f"it holds {item.detail} of data",),
            hint=f"add backup.{item.identifier}: {{{item.kind}: {item.identifier}, {entry}}}, or optOut with the reason",
            rule="backup.missing",
        )
    for name, spec in backups.entries(values, "backup"):
        kind = backups.kind_of(spec)
        if kind != "secret" and (kind, str(spec.get(kind))) not in held:
            path = ("backup", name)
            layer = lay.top_layer(scope.layers, path)
            yield Problem(
                where=layer.where(path) if layer else scope.chart.folder,
                fact=f"{scope.chart.name}: backup {name} is about {kind} {spec.get(kind)}, which holds no data",
                hint=f"remove backup.{name}, or name one of: {', '.join(sorted(i for k, i in held if k == kind)) or 'none'}",
                rule="backup.unknown",
            )
