"""The first page of a service chart: what runs, where it is reached, what it stores and needs. Pure.

Its values, its network and its rights are pages of `chart_parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.docs.markdown import EMPTY, code, codes, digest, prose, section, site_page, table
from slipway.docs.pages import alerting, chart_parts, operations, value_examples
from slipway.docs.source import monitoring, pinned_versions, resources
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.docs.source.schema import items, texts
from slipway.lint import notes
from slipway.util.mapping import dig
from slipway.workspace import declarations


def link(entry: ParsedChart) -> str:
    """A link to the page of a chart, from a page in the same folder."""
    return f"[{entry.chart.name}]({entry.chart.name}.md)"


def accesses(entry: ParsedChart) -> Iterator[tuple[str, str]]:
    """Route and access of every enabled route."""
    for name, route in entry.routes():
        yield name, str(route.get("access", "internal"))


def service(
    parsed: ParsedWorkspace,
    entry: ParsedChart,
    monitored: monitoring.Monitoring,
    pinned: pinned_versions.PinnedVersions,
) -> str:
    """The page of a service."""
    names = (str(entry.chart.name), entry.title, *parsed.member_keys(entry.chart.name))
    return site_page(
        f"# {entry.title}",
        chart_parts.line(entry, chart_parts.OVERVIEW),
        prose(entry.description) + ".",
        overview(entry, pinned),
        section(2, "Images", images(entry), empty="It runs no containers."),
        section(2, "Ingress", ingress(entry), empty="It has no route: it is not reachable from outside the cluster."),
        section(2, notes.FIRST_LOGIN, operations.note(entry, notes.FIRST_LOGIN)),
        section(2, "Ports", ports(entry)),
        section(2, "Storage", storage(entry), empty="It has no volumes."),
        section(
            2, "Backup and restore", operations.backup_and_restore(parsed, entry), empty="It has no persistent data."
        ),
        section(2, "Required secrets", SECRETS_NOTE if secrets(entry) else "", secrets(entry), empty="It needs none."),
        section(2, "Dependencies", operations.dependencies(parsed, entry), empty="It depends on no other service."),
        section(2, "Used by", operations.used_by(parsed, entry)),
        section(
            2,
            "Alerts and dashboards",
            alerting.alerts(parsed, entry, monitored),
            alerting.dashboards(parsed, entry, monitored),
            operations.GENERIC_ALERTS,
        ),
        section(2, "Gotchas", operations.note(entry, "Gotchas"), operations.disabled(entry)),
        section(
            2, "Upgrades", operations.note(entry, "Upgrades"), operations.update_strategies(entry), operations.PREVIEW
        ),
        section(2, "Examples", value_examples.examples(parsed, entry)),
        tags=tuple(dict.fromkeys((*names, *texts(entry.chart.metadata.get("keywords")), "update"))),
    )


SECRETS_NOTE = (
    "Each Secret must exist in the namespace before the pods start; the chart references it and never contains its value.\n"
    "`./inv secrets` lists the missing ones."
)


def overview(entry: ParsedChart, pinned: pinned_versions.PinnedVersions) -> str:
    """Versions, dependencies and links."""
    chart = entry.chart
    links = [str(chart.metadata.get("home", "")), *texts(chart.metadata.get("sources"))]
    rows = [
        ("Chart", f"{code(chart.name)} {code(chart.version)}, in {code(chart.folder)}"),
        ("Application version", code(chart.app_version or "")),
        ("Kubernetes", code(chart.metadata.get("kubeVersion", ""))),
        ("Namespace", ", ".join(f"[{name}]({name}.md)" for name in entry.umbrellas) or EMPTY),
        (
            "Depends on",
            ", ".join(f"[{dep.name}](../reference/library.md) {code(dep.version)}" for dep in chart.dependencies),
        ),
        *pinned_versions.rows(pinned, entry),
        ("Upstream", ", ".join(f"<{url}>" for url in dict.fromkeys(links) if url)),
    ]
    return table(("", ""), [(name, cell) for name, cell in rows if cell and cell != EMPTY])


def images(entry: ParsedChart) -> str:
    """The image and digest of each container."""
    return table(
        ("Container", "Type", "Image and digest"),
        (
            (code(f"{item.controller}/{item.name}"), item.kind, image(item))
            for item in resources.containers(entry.values)
        ),
    )


def image(container: resources.Container) -> str:
    """`repository:tag`, and the digest on the next line."""
    spec = container.image
    name = code(f"{spec.get('repository', '')}:{spec.get('tag', '')}")
    return f"{name}<br>{digest(spec['digest'])}" if "digest" in spec else name


def ingress(entry: ParsedChart) -> str:
    """The routes with their URL in each environment, and LoadBalancer addresses."""
    rows = [
        (code(name), str(route.get("access", "internal")), environment, address(entry, environment, name))
        for name, route in entry.routes()
        for environment in entry.environments
    ]
    blocked = [
        f"Paths blocked on route {code(name)}: {codes(texts(route.get('blockPaths')))}."
        for name, route in entry.routes()
        if route.get("blockPaths")
    ]
    note = "`internal` routes accept clients of the home network, `external` routes accept clients of the internet too."
    blocks = (table(("Route", "Access", "Environment", "URL"), rows), *blocked, note) if rows else ()
    return "\n\n".join((*blocks, *load_balancers(entry)))


def load_balancers(entry: ParsedChart) -> Iterator[str]:
    """The Services of type LoadBalancer with their address in each environment."""
    for name, spec in items(entry.values.get("service")):
        if spec.get("type") == "LoadBalancer":
            wanted = (
                f"{environment} {code(resources.own_address(values, name))}"
                for environment, values in entry.environments.items()
            )
            yield f"LoadBalancer address of Service {code(name)}: {', '.join(wanted)}."


def address(entry: ParsedChart, environment: str, name: str) -> str:
    """The URL of a route in an environment; a dash if it is disabled there."""
    values = entry.environments[environment]
    route = dict(resources.routes(values)).get(name, {})
    if not route or route.get("enabled", True) is False or values.get("enabled", True) is False:
        return EMPTY
    host = resources.fill(str(route.get("host", "")), dig(values, "global"))
    path = str(route.get("path", "/"))
    return code(f"https://{host}{'' if path == '/' else path}")


def ports(entry: ParsedChart) -> str:
    """The ports of all Services."""
    rows = []
    for name, spec in items(entry.values.get("service")):
        for port, detail in items(spec.get("ports")):
            number, target = detail.get("port"), detail.get("targetPort", detail.get("port"))
            rows.append(
                (
                    code(name),
                    code(port),
                    code(number),
                    code(target),
                    str(detail.get("protocol", "TCP")),
                    str(spec.get("type", "ClusterIP")),
                )
            )
    return table(("Service", "Port name", "Port", "Target port", "Protocol", "Service type"), rows)


def storage(entry: ParsedChart) -> str:
    """The volumes, with the size of claims in each environment."""
    rows = (
        (
            code(volume.name),
            volume.type,
            sizes(entry, volume),
            codes(volume.mounts),
            prose(volume.retention),
        )
        for volume in resources.volumes(entry.values)
    )
    return table(("Volume", "Type", "Size or source", "Mount path", "Retention and backup"), rows)


def sizes(entry: ParsedChart, volume: resources.Volume) -> str:
    """Size or source of a volume; per environment if they differ."""
    found = {}
    for environment, values in entry.environments.items():
        volumes = {item.name: item for item in resources.volumes(values)}
        found[environment] = code(volumes[volume.name].detail) if volume.name in volumes else EMPTY
    if len(set(found.values())) <= 1:
        return next(iter(found.values()), code(volume.detail))
    return "<br>".join(f"{environment} {size}" for environment, size in found.items())


def secrets(entry: ParsedChart) -> str:
    """The Secrets that the chart references."""
    return table(
        ("Secret", "Keys", "Purpose", "Created by", "Used by"),
        (
            (
                code(declarations.secret_name(entry.chart, entry.chart.name, name, spec)),
                codes(texts(spec.get("keys"))),
                prose(str(spec.get("purpose", ""))),
                creator(spec),
                codes(resources.secret_users(entry.values, name)),
            )
            for name, spec in items(entry.values.get("secrets"))
        ),
    )


def creator(spec: Mapping[str, object]) -> str:
    """Who creates a Secret."""
    if database := spec.get("database"):
        return f"CloudNativePG, for {code(database)}"
    producer = str(spec.get("producer", ""))
    return {"": "you, as a sealed secret", "hand": "you, in the cluster"}.get(producer) or code(producer)
