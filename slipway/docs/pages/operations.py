"""What the page of a service says to whoever runs it: what it leans on, how its data is kept, what an update does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import EMPTY, code, codes, prose, table
from slipway.docs.source.parsing import Book, Entry, layered
from slipway.docs.source.schema import Map, items, mapping
from slipway.lint import notes
from slipway.util.files import decode
from slipway.workspace import backups, declarations
from slipway.workspace import environments as overlay
from slipway.workspace.discover import NOTES

WATCHED = (
    "Generic alerts cover every pod, PVC, backup and scrape target; see [the runbooks](../runbooks/index.md).\n"
    "The dashboards Workloads, Logs and Storage cover every service."
)

REHEARSE = """\
```console
$ ./inv diff
$ ./inv rehearse
```

`diff` shows what changes, `rehearse` shows what restarts and whether a rollback is possible.
The [changelog](../changelog/index.md) lists the changes of each version."""

COPIES = (
    "`./inv backups` shows the schedule; [the guide](../guides/backups.md) restores a single file or an older snapshot."
)


def real(entry: Entry) -> Map:
    """The values of the last environment, which is the real one."""
    return list(entry.environments.values())[-1] if entry.environments else entry.values


def chart_of(book: Book) -> Mapping[str, str]:
    """What an umbrella calls a member → its chart."""
    return {dep.key: str(dep.name) for umbrella in book.workspace.umbrellas for dep in umbrella.dependencies}


def dependencies(book: Book, entry: Entry) -> str:
    """The members that it talks to, and what it takes from them."""
    charts = chart_of(book)
    rows = []
    for name, purpose in needs(book, entry):
        if name in charts and name not in book.member_keys(entry.chart.name):
            rows.append((f"[{name}]({charts[name]}.md)", prose(purpose)))
    return table(("Service", "Purpose"), list(dict.fromkeys(rows)))


def needs(book: Book, entry: Entry) -> Iterator[tuple[str, str]]:
    """Member and purpose: databases first, then volumes of others, then whom it asks."""
    values = real(entry)
    charts = chart_of(book)
    for _, spec in items(values.get("secrets")):
        if database := str(spec.get("database", "")):
            maker = next(
                (
                    key
                    for key in sorted(charts, key=len, reverse=True)
                    if database == key or database.startswith(f"{key}-")
                ),
                database,
            )
            yield maker, "its database"
    if values.get("databases"):
        yield "cloudnative-pg", "operates its database"
    for _, spec in items(values.get("persistence")):
        if "existingClaim" in spec:
            yield str(spec["existingClaim"]), "the PVC that it mounts"
    for _, edge in items(mapping(values.get("network")).get("egress")):
        target = mapping(edge.get("to"))
        name = str(target.get("app", target.get("peer", "")))
        yield name, str(edge.get("purpose", ""))


def used_by(book: Book, entry: Entry) -> str:
    """The members that list it as one that they talk to."""
    charts = chart_of(book)
    ours = set(book.member_keys(entry.chart.name))
    rows = []
    for key, name in sorted(charts.items()):
        other = next(each for each in book.entries.values() if each.chart.name == name)
        said = [purpose for needed, purpose in needs(book, other) if needed in ours]
        if said and key not in ours:
            rows.append((f"[{key}]({name}.md)", prose("; ".join(dict.fromkeys(said)))))
    return table(("Service", "Purpose"), rows)


def keeping(book: Book, entry: Entry) -> str:
    """What holds data and how it is kept, for each member that the chart is, then the way back."""
    found = tuple(of_members(book, entry)) or (("", entry.values),)
    rows = [
        (
            code(" ".join(part for part in (key if len(found) > 1 else "", ".".join(item.path)) if part)),
            code(item.detail),
            prose(kept.get((item.kind, item.identifier), backups.Kept(reason="not declared")).said),
        )
        for key, values in found
        for kept in [backups.kept(values)]
        for item in backups.holdings(values)
    ]
    if not rows:
        return ""
    blocks = [table(("Volume or database", "Size or claim", "Backup"), rows)]
    if commands := [f"$ ./inv restore {key}" for key, values in found if key and tuple(declarations.copied(values))]:
        blocks += ["Show the steps that restore the latest backup; `--apply` runs them:", fenced(commands), COPIES]
    return "\n\n".join(blocks)


def of_members(book: Book, entry: Entry) -> Iterator[tuple[str, Map]]:
    """What the umbrellas call a chart, with the values that it gets in the last environment."""
    environments = tuple(book.workspace.environments.values())
    for umbrella in book.of_kind(ChartKind.UMBRELLA):
        above = overlay.environment_values(environments[-1], umbrella.chart.name) if environments else {}
        for dep in umbrella.chart.dependencies:
            if dep.name == entry.chart.name:
                yield dep.key, layered(entry.values, dep.key, (umbrella.values, above), {})


def fenced(lines: list[str]) -> str:
    """Commands."""
    return "\n".join(["```console", *lines, "```"])


def replaced(entry: Entry) -> str:
    """How an update replaces each workload."""
    rows = []
    for name, spec in items(entry.values.get("controllers")):
        kind = str(spec.get("type", "Deployment"))
        strategy = str(spec.get("strategy", "RollingUpdate")) if kind == "Deployment" else ""
        rows.append((code(name), kind, WAYS.get(strategy or kind, EMPTY)))
    return table(("Workload", "Kind", "On update"), rows)


WAYS = {
    "Recreate": "stops the old pod, then starts the new one, with downtime",
    "RollingUpdate": "starts the new pod, then stops the old one",
    "StatefulSet": "stops each pod, then starts its replacement",
    "DaemonSet": "replaces the pods node by node",
    "CronJob": "applies from the next run",
    "Job": "runs again",
}
"""Strategy, or kind without one → what happens. Source: Kubernetes, workloads."""


def note(entry: Entry, heading: str) -> str:
    """A section of the chart's notes.md."""
    return notes.sections(decode(entry.chart.beside.get(NOTES, b""), f"{entry.chart.folder}/{NOTES}")).get(heading, "")


def switches(entry: Entry) -> str:
    """What is off and can be switched on, by key."""
    found = [
        f"{root}.{name}"
        for root in ("controllers", "route", "metrics", "config", "persistence")
        for name, spec in mapping(entry.values.get(root)).items()
        if mapping(spec).get("enabled", True) is False
    ]
    return f"Disabled unless an environment sets `enabled: true`: {codes(found)}." if found else ""
