"""The snippets that the pages below docs/ include. Pure.

A snippet is `facts/<name>.md` below the sources of the site, outside of the navigation. Sizes, hosts and addresses are shown for
every environment; diagrams and traffic for the last one in the order of promotion, which is production.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, page, prose, section, table
from slipway.docs.snippets import (
    diagrams,
    networking,
    observability,
    platform_map,
    requirements,
    secret_diagrams,
    security,
    storage,
)
from slipway.docs.source.parsing import ParsedWorkspace
from slipway.docs.source.platform import CHARTS, Member, Platform, exceptions, platform
from slipway.docs.source.schema import lookup
from slipway.util.mapping import dig

FOLDER = "facts"
GLOBAL_VALUES = (
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
"""Key of `global` → its title."""
LIBRARY_WAVES = (
    ("base", "ServiceAccounts, RBAC, NetworkPolicies, ConfigMaps"),
    ("workload", "workloads, Services, PVCs, IngressRoutes, ServiceMonitors, backup CronJobs"),
    ("address", "Services of type LoadBalancer"),
)
CRD_WAVE = "-30"


def snippets(parsed: ParsedWorkspace, icons: Collection[str]) -> dict[str, str]:
    """Path below docs/ → text of every snippet.

    Args:
        parsed: the workspace.
        icons: see `chart_index.text`.

    Raises:
        WorkspaceError: a values file cannot be parsed.
    """
    every = {name: platform(parsed, name) for name in parsed.workspace.environments}
    if not every:
        return {}
    production = list(every.values())[-1]
    result = {
        "front": platform_map.render(production, "charts", icons),
        "overview": platform_map.render(production, CHARTS, icons),
        "members": members(parsed),
        "platform": global_values(every),
        "hosts": networking.hosts(every),
        "logins": networking.first_logins(production),
        "load-balancers": networking.load_balancers(every),
        "needs": requirements.text(every),
        "volumes": storage.volumes(every),
        "storage-classes": storage.storage_classes(production),
        "exceptions": security.contract_exceptions(tuple(exceptions(production.members))),
        "pod-security": security.pod_security(parsed),
        "beyond-restricted": security.beyond_restricted(production),
        "cluster-rights": security.cluster_rbac(production),
        "secrets": security.secrets(production),
        "metrics": observability.metrics(production),
        "runbooks": observability.runbooks(parsed),
        "dashboards": observability.dashboards(parsed),
    }
    result["edges"] = each(production, lambda umbrella: networking.traffic_of(production, umbrella))
    result["claims"] = each(production, lambda umbrella: diagrams.pvc_diagram(production.of(umbrella)))
    result["secret-makers"] = each(production, lambda umbrella: secret_diagrams.diagram(parsed, production, umbrella))
    result["waves"] = each(
        production,
        lambda umbrella: diagrams.sync_waves(production.of(umbrella), library_waves(parsed, production.of(umbrella))),
    )
    return {f"{FOLDER}/{name}.md": page(text) for name, text in result.items()}


def each(platform: Platform, text: Callable[[str], str]) -> str:
    """A section for each namespace with content."""
    return "\n\n".join(part for umbrella in platform.umbrellas if (part := section(3, umbrella, text(umbrella))))


def members(parsed: ParsedWorkspace) -> str:
    """All namespaces with their members."""
    rows = (
        (
            f"[{entry.chart.name}]({CHARTS}/{entry.chart.name}.md)",
            prose(entry.description),
            ", ".join(f"[{dep.key}]({CHARTS}/{dep.name}.md)" for dep in entry.chart.dependencies),
        )
        for entry in parsed.of_kind(ChartKind.UMBRELLA)
    )
    return table(("Namespace", "Description", "Members"), rows)


def global_values(every: Mapping[str, Platform]) -> str:
    """The global values of each environment."""
    shared = {name: dig(found.members[0].values.get("global")) for name, found in every.items() if found.members}
    rows = (
        (title, code(f"global.{key}"), *(code(lookup(values, *key.split(".")) or "") for values in shared.values()))
        for key, title in GLOBAL_VALUES
    )
    return table(("Value", "Key", *shared), rows)


def library_waves(parsed: ParsedWorkspace, found: Iterable[Member]) -> tuple[tuple[str, str], ...]:
    """Sync wave → its objects from the library chart; CRDs if a member has any."""
    waves: Mapping[str, object] = {}
    for entry in parsed.of_kind(ChartKind.LIBRARY):
        waves = dig(entry.values, "waves")
    steps = tuple((str(waves[key]), title) for key, title in LIBRARY_WAVES if key in waves)
    with_crds = [member.name for member in found if any(path.startswith("crds/") for path in member.entry.chart.files)]
    first = ((CRD_WAVE, f"CRDs of {', '.join(with_crds)}"),) if with_crds else ()
    return (*first, *steps)
