"""Sections of a service page about operation: dependencies, backup and restore, updates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.docs.markdown import EMPTY, code, codes, prose, table
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.docs.source.schema import Map, items
from slipway.lint import notes
from slipway.util.mapping import dig
from slipway.workspace import backups, declarations

GENERIC_ALERTS = (
    "Generic alerts cover every pod, PVC, backup and scrape target; see [the runbooks](../runbooks/index.md).\n"
    "The dashboards Workloads, Logs and Storage cover every service."
)

PREVIEW = """\
```console
$ ./inv diff
$ ./inv rehearse
```

`diff` shows what changes, `rehearse` shows what restarts and whether a rollback is possible.
The [changelog](../changelog/index.md) lists the changes of each version."""

RESTORE_NOTE = (
    "`./inv backups` shows the schedule; [the guide](../guides/backups.md) restores a single file or an older snapshot."
)


def production_values(entry: ParsedChart) -> Map:
    """The values of the last environment in the order of promotion."""
    return list(entry.environments.values())[-1] if entry.environments else entry.values


def charts_of_members(parsed: ParsedWorkspace) -> Mapping[str, str]:
    """Member → its chart."""
    return {dep.key: str(dep.name) for umbrella in parsed.workspace.umbrellas for dep in umbrella.dependencies}


def dependencies(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The members that a service depends on, with the purpose."""
    charts = charts_of_members(parsed)
    rows = []
    for name, purpose in peers(parsed, entry):
        if name in charts and name not in parsed.member_keys(entry.chart.name):
            rows.append((f"[{name}]({charts[name]}.md)", prose(purpose)))
    return table(("Service", "Purpose"), list(dict.fromkeys(rows)))


def peers(parsed: ParsedWorkspace, entry: ParsedChart) -> Iterator[tuple[str, str]]:
    """Member and purpose: databases, then volumes of other charts, then targets of egress rules."""
    values = production_values(entry)
    charts = charts_of_members(parsed)
    for _, spec in items(values.get("secrets")):
        if database := str(spec.get("database", "")):
            owner = next(
                (
                    key
                    for key in sorted(charts, key=len, reverse=True)
                    if database == key or database.startswith(f"{key}-")
                ),
                database,
            )
            yield owner, "its database"
    if values.get("databases"):
        yield "cloudnative-pg", "operates its database"
    for _, spec in items(values.get("persistence")):
        if "existingClaim" in spec:
            yield str(spec["existingClaim"]), "the PVC that it mounts"
    for _, edge in items(dig(values, "network").get("egress")):
        target = dig(edge, "to")
        name = str(target.get("app", target.get("peer", "")))
        yield name, str(edge.get("purpose", ""))


def used_by(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The members that depend on a service."""
    charts = charts_of_members(parsed)
    ours = set(parsed.member_keys(entry.chart.name))
    rows = []
    for key, name in sorted(charts.items()):
        other = next(each for each in parsed.entries.values() if each.chart.name == name)
        purposes = [purpose for peer, purpose in peers(parsed, other) if peer in ours]
        if purposes and key not in ours:
            rows.append((f"[{key}]({name}.md)", prose("; ".join(dict.fromkeys(purposes)))))
    return table(("Service", "Purpose"), rows)


def backup_and_restore(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """Volumes and databases of each member with their backup method, and the restore commands."""
    found = tuple(of_members(parsed, entry)) or (("", entry.values),)
    rows = [
        (
            code(" ".join(part for part in (key if len(found) > 1 else "", ".".join(item.path)) if part)),
            code(item.detail),
            prose(kept.get((item.kind, item.identifier), backups.Kept(reason="not declared")).description),
        )
        for key, values in found
        for kept in [backups.kept(values)]
        for item in backups.holdings(values)
    ]
    if not rows:
        return ""
    blocks = [table(("Volume or database", "Size or claim", "Backup"), rows)]
    if commands := [f"$ ./inv restore {key}" for key, values in found if key and tuple(declarations.copied(values))]:
        blocks += [
            "Show the steps that restore the latest backup; `--apply` runs them:",
            fenced(commands),
            RESTORE_NOTE,
        ]
    return "\n\n".join(blocks)


def of_members(parsed: ParsedWorkspace, entry: ParsedChart) -> Iterator[tuple[str, Map]]:
    """The members of a chart with their values in the last environment."""
    last = next(reversed(tuple(parsed.workspace.environments)), "")
    for umbrella in parsed.workspace.umbrellas:
        for member in parsed.members(umbrella, last):
            if member.chart.name == entry.chart.name:
                yield member.key, member.values


def fenced(lines: list[str]) -> str:
    """A console block."""
    return "\n".join(["```console", *lines, "```"])


def update_strategies(entry: ParsedChart) -> str:
    """How an update replaces the pods of each workload."""
    rows = []
    for name, spec in items(entry.values.get("controllers")):
        kind = str(spec.get("type", "Deployment"))
        strategy = str(spec.get("strategy", "RollingUpdate")) if kind == "Deployment" else ""
        rows.append((code(name), kind, UPDATE_STRATEGIES.get(strategy or kind, EMPTY)))
    return table(("Workload", "Kind", "On update"), rows)


UPDATE_STRATEGIES = {
    "Recreate": "stops the old pod, then starts the new one, with downtime",
    "RollingUpdate": "starts the new pod, then stops the old one",
    "StatefulSet": "stops each pod, then starts its replacement",
    "DaemonSet": "replaces the pods node by node",
    "CronJob": "applies from the next run",
    "Job": "runs again",
}
"""Strategy, or kind without a strategy → effect of an update. Source: Kubernetes, workloads."""


def note(entry: ParsedChart, heading: str) -> str:
    """A section of notes.md."""
    return notes.section_of(entry.chart, heading)


def disabled(entry: ParsedChart) -> str:
    """The keys that are disabled by default."""
    found = [
        f"{root}.{name}"
        for root in ("controllers", "route", "metrics", "config", "persistence")
        for name, spec in dig(entry.values, root).items()
        if dig(spec).get("enabled", True) is False
    ]
    return f"Disabled unless an environment sets `enabled: true`: {codes(found)}." if found else ""
