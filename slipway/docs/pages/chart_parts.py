"""The pages of a chart beside its first one: its values, and its network and rights. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from slipway.docs.markdown import code, codes, prose, section, site_page, table, value
from slipway.docs.source import resources
from slipway.docs.source.parsing import ParsedChart
from slipway.docs.source.schema import items, texts
from slipway.docs.source.value_rows import ValueRow, description, dotted
from slipway.policy import parse_exceptions
from slipway.util.mapping import listing

OVERVIEW, VALUES, ACCESS = "Overview", "Values", "Network and rights"
PARTS = {VALUES: "values", ACCESS: "access"}
"""Title of a part → its file in the chart's folder."""

ROWS = 90
"""The most values on one page, so that it stays short on a phone."""

SMALL = 20
"""The most values that stay on the first of several pages."""

VALUES_NOTE = """\
The defaults in values.yaml.
All other keys that can be set are in the [library reference](../../reference/library.md)."""

EXCEPTIONS_NOTE = "Rules of the [contract](../../reference/rules.md#the-contract-of-a-service) that the chart does not satisfy, with the reason."


def pages(entry: ParsedChart) -> dict[str, str]:
    """Path below docs/ → text of the pages of a service beside its first one."""
    folder = f"charts/{entry.chart.name}"
    return {
        f"{folder}/{PARTS[ACCESS]}.md": access(entry),
        **{f"{folder}/{name}.md": text for name, text in value_pages(entry)},
    }


def line(entry: ParsedChart, current: str, name: str = "") -> str:
    """The links between the pages of a chart.

    Args:
        entry: the chart.
        current: the part that the page shows.
        name: the file of the page without `.md`, if it is not that of the part.
    """
    inside = current != OVERVIEW
    chart = entry.chart.name
    links = {OVERVIEW: f"../{chart}.md" if inside else f"{chart}.md"}
    links |= {title: f"{file}.md" if inside else f"{chart}/{file}.md" for title, file in PARTS.items()}
    own = not name or name == PARTS.get(current)
    return " · ".join(
        f"**{title}**" if own and title == current else f"[{title}]({link})" for title, link in links.items()
    )


def access(entry: ParsedChart) -> str:
    """The page of what the pods may reach and do."""
    found = exceptions(entry)
    return site_page(
        f"# {entry.title}: network and rights",
        line(entry, ACCESS),
        section(2, "Network policy", network_policy(entry), empty="It runs no pods."),
        section(2, "Contract exceptions", EXCEPTIONS_NOTE if found else "", found, empty="It needs none."),
        section(2, "Kubernetes API", rbac(entry), empty="Its pods have no access to the Kubernetes API."),
        section(2, "Probes", probes(entry)),
        section(2, "Metrics", metrics(entry), empty="It exposes no metrics."),
    )


def value_pages(entry: ParsedChart) -> Iterator[tuple[str, str]]:
    """File without `.md` and text of the pages of values: one, or an index and a page for each group if they are many."""
    rows = tuple(entry.rows())
    title, first = f"# {entry.title}: values", PARTS[VALUES]
    if len(rows) <= ROWS:
        yield first, site_page(title, line(entry, VALUES), VALUES_NOTE, values(rows))
        return
    groups = grouped(rows)
    large = {path: group for path, group in groups.items() if len(group) > SMALL}
    small = tuple(row for path, group in groups.items() if path not in large for row in group)
    listed = ((f"[`{dotted(path)}`]({file_of(path)}.md)", str(len(group))) for path, group in large.items())
    beside = table(("On pages of their own", "Keys"), listed)
    yield first, site_page(title, line(entry, VALUES), VALUES_NOTE, beside, values(small))
    for path, group in large.items():
        name = file_of(path)
        yield name, site_page(f"{title} of {dotted(path)}", line(entry, VALUES, name), values(group))


def file_of(path: Sequence[str]) -> str:
    """The file of a group of values."""
    return "-".join((PARTS[VALUES], *path)).lower().replace(".", "-").replace("/", "-")


def grouped(rows: Sequence[ValueRow], depth: int = 1) -> dict[tuple[str, ...], tuple[ValueRow, ...]]:
    """The rows by root key; a root key with too many of them by its second key, and so on."""
    found: dict[tuple[str, ...], tuple[ValueRow, ...]] = {}
    for path, group in groupby(rows, key=lambda row: row.path[:depth]):
        below = tuple(group)
        splits = len(below) > ROWS and all(len(row.path) > depth + 1 for row in below)
        found |= grouped(below, depth + 1) if splits else {path: below}
    return found


def exceptions(entry: ParsedChart) -> str:
    """The rules of the contract that the chart does not satisfy, with the reason."""
    declared = parse_exceptions(entry.chart.metadata.get("annotations"), entry.chart.prefix)
    rows = ((code(rule), code(part), prose(why)) for rule, parts in declared.items() for part, why in parts.items())
    return table(("Rule", "Part", "Reason"), rows)


def rbac(entry: ParsedChart) -> str:
    """What the service accounts of the chart may do."""
    rows = (
        (str(spec.get("scope", "namespace")), codes(resources.granted(rule)), ", ".join(texts(rule.get("verbs"))))
        for _, spec in items(entry.values.get("rbac"))
        for rule in listing(spec, "rules")
    )
    return table(("Scope", "Resources", "Verbs"), rows)


def network_policy(entry: ParsedChart) -> str:
    """Allowed ingress and egress."""
    found = tuple(resources.network_rules(entry.values))
    if not entry.values.get("controllers") and not entry.values.get("databases"):
        return ""
    blocks = ["Network policies allow only this traffic."]
    for incoming, title, end in ((True, "Allowed ingress", "From"), (False, "Allowed egress", "To")):
        rows = ((code(e.peer), e.ports, prose(e.purpose)) for e in found if e.incoming is incoming)
        blocks.append(section(3, title, table((end, "Ports", "Purpose"), rows), empty="None."))
    return "\n\n".join(blocks)


def probes(entry: ParsedChart) -> str:
    """The probes of each container."""
    return table(
        ("Container", "Probe", "Check", "Timing"),
        (
            (code(item.name), name, code(resources.probe_text(spec)), resources.probe_time(spec))
            for item in resources.containers(entry.values)
            for name, spec in items(item.spec.get("probes"))
        ),
    )


def metrics(entry: ParsedChart) -> str:
    """The endpoints that Prometheus scrapes."""
    rows = (
        (code(name), code(spec.get("port", "")), code(spec.get("path", "/metrics")), str(spec.get("interval", "60s")))
        for name, spec in items(entry.values.get("metrics"))
    )
    return table(("Endpoint", "Port", "Path", "Interval"), rows)


def values(rows: Sequence[ValueRow]) -> str:
    """A table for each root key."""
    blocks = []
    for root, group in groupby(rows, key=lambda row: row.path[0]):
        lines = (
            (code(dotted(row.path[1:]) or root), prose(row.type), value(row.default), description(row)) for row in group
        )
        blocks.append(section(2, f"`{root}`", table(("Key", "Type", "Default", "Description"), lines)))
    return "\n\n".join(blocks)
