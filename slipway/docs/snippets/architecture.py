"""Facts of the whole platform, as pieces that the pages under docs/architecture/ include. Pure.

A piece is `facts/<name>.md` below the site's sources: it stands in no navigation, and a page takes it in by snippet. Sizes,
hosts and addresses are those of every environment; drawings and edges are those of the last one, which is the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import EMPTY, code, page, prose, section, table
from slipway.docs.snippets import (
    diagrams,
    observability,
    platform_map,
    requirements,
    secret_diagrams,
    security,
    storage,
)
from slipway.docs.source import resources
from slipway.docs.source.parsing import Book
from slipway.docs.source.platform import CHARTS, Member, Platform, exceptions, platform, traffic
from slipway.docs.source.schema import dig, items, mapping

FOLDER = "facts"
FACTS = (
    ("domain", "Domain"),
    ("timezone", "Time zone"),
    ("addressPool", "MetalLB address pool"),
    ("ingressAddress", "Ingress address: LoadBalancer address of Traefik"),
    ("lan.cidr", "Home network"),
    ("pods.cidr", "Pod CIDR"),
    ("services.cidr", "Service CIDR"),
    ("storage.class", "Storage class"),
    ("tls.issuer", "Certificate issuer"),
)
"""Key of `global` → what it is."""
LIBRARY_WAVES = (
    ("base", "ServiceAccounts, RBAC, NetworkPolicies, ConfigMaps"),
    ("workload", "workloads, Services, PVCs"),
    ("route", "IngressRoutes, ServiceMonitors, backup CronJobs"),
)
DEFINITIONS_WAVE = "-30"


def pieces(book: Book, icons: Collection[str]) -> dict[str, str]:
    """Path below the site's sources → text of every piece.

    Args:
        book: the workspace.
        icons: see `catalogue.text`.

    Raises:
        WorkspaceError: a values file cannot be understood.
    """
    every = {name: platform(book, name) for name in book.workspace.environments}
    if not every:
        return {}
    real = list(every.values())[-1]
    made = {
        "front": platform_map.picture(real, "charts", icons),
        "overview": platform_map.picture(real, CHARTS, icons),
        "members": members(book),
        "platform": environment_facts(every),
        "hosts": hosts(every),
        "load-balancers": load_balancers(every),
        "needs": requirements.text(every),
        "volumes": storage.volumes(every),
        "storage-classes": storage.storage_classes(real),
        "exceptions": security.deviations(tuple(exceptions(real.members))),
        "pod-security": security.pod_security(book),
        "beyond-restricted": security.beyond_restricted(real),
        "cluster-rights": security.cluster_rights(real),
        "secrets": storage.secrets(real),
        "metrics": observability.metrics(real),
        "alerts": observability.alerts(book),
        "dashboards": observability.dashboards(book),
    }
    made["edges"] = each(real, lambda umbrella: edges(real, umbrella))
    made["claims"] = each(real, lambda umbrella: diagrams.volumes(real.of(umbrella)))
    made["secret-makers"] = each(real, lambda umbrella: secret_diagrams.drawing(book, real, umbrella))
    made["waves"] = each(
        real, lambda umbrella: diagrams.waves(real.of(umbrella), library_waves(book, real.of(umbrella)))
    )
    return {f"{FOLDER}/{name}.md": page(text) for name, text in made.items()}


def each(found: Platform, text: Callable[[str], str]) -> str:
    """A section for each namespace that there is something to say about."""
    return "\n\n".join(part for umbrella in found.umbrellas if (part := section(3, umbrella, text(umbrella))))


def members(book: Book) -> str:
    """Every namespace with its members."""
    rows = (
        (
            f"[{entry.chart.name}]({CHARTS}/{entry.chart.name}.md)",
            prose(entry.description),
            ", ".join(f"[{dep.key}]({CHARTS}/{dep.name}.md)" for dep in entry.chart.dependencies),
        )
        for entry in book.of_kind(ChartKind.UMBRELLA)
    )
    return table(("Namespace", "Description", "Members"), rows)


def environment_facts(every: Mapping[str, Platform]) -> str:
    """The facts of each environment."""
    shared = {name: mapping(found.members[0].values.get("global")) for name, found in every.items() if found.members}
    rows = (
        (said, code(f"global.{key}"), *(code(dig(known, *key.split(".")) or "") for known in shared.values()))
        for key, said in FACTS
    )
    return table(("Value", "Key", *shared), rows)


def hosts(every: Mapping[str, Platform]) -> str:
    """Every route with its host in each environment."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    about: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name, one in every.items():
        for member in one.members:
            for route, spec in resources.routes(member.values):
                key = (member.umbrella, member.name, route)
                host = resources.fill(str(spec.get("host", "")), mapping(member.values.get("global")))
                path = str(spec.get("path", "/"))
                found.setdefault(key, {})[name] = code(f"{host}{'' if path == '/' else path}")
                about[key] = (member.link, str(spec.get("access", "internal")))
    rows = (
        (about[key][0], code(key[0]), about[key][1], *(found[key].get(name, EMPTY) for name in every))
        for key in sorted(found)
    )
    return table(("Service", "Namespace", "Access", *every), rows)


def load_balancers(every: Mapping[str, Platform]) -> str:
    """Services with an address in the home network."""
    rows = []
    for name, one in every.items():
        for member in one.members:
            for service, spec in items(member.values.get("service")):
                if spec.get("type") == "LoadBalancer":
                    ports = ", ".join(
                        f"{port.get('port')}/{port.get('protocol', 'TCP')}" for _, port in items(spec.get("ports"))
                    )
                    rows.append((name, member.link, code(resources.own_address(member.values, service)), ports))
    return table(("Environment", "Service", "Address", "Ports"), rows)


def edges(found: Platform, umbrella: str) -> str:
    """The drawing of a namespace, and every edge of it."""
    rows = [
        (code(edge.source), code(edge.target), edge.ports, prose(edge.purpose))
        for edge in traffic(found)
        if umbrella in {edge.source.partition("/")[0], edge.target.partition("/")[0]}
    ]
    listed = table(("From", "To", "Ports", "Purpose"), rows)
    return f"{diagrams.talk(found, umbrella)}\n\n{listed}"


def library_waves(book: Book, found: Iterable[Member]) -> tuple[tuple[str, str], ...]:
    """Wave → what the library puts there; definitions where a member brings some."""
    known: Mapping[str, object] = {}
    for entry in book.of_kind(ChartKind.LIBRARY):
        known = mapping(entry.values.get("waves"))
    steps = tuple((str(known[key]), said) for key, said in LIBRARY_WAVES if key in known)
    brings = [member.name for member in found if any(path.startswith("crds/") for path in member.entry.chart.files)]
    first = ((DEFINITIONS_WAVE, f"CRDs of {', '.join(brings)}"),) if brings else ()
    return (*first, *steps)
