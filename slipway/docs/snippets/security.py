"""Pod Security levels, contract exceptions, cluster-wide RBAC, Secrets. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, codes, prose, table
from slipway.docs.source import resources
from slipway.docs.source.parsing import ParsedWorkspace
from slipway.docs.source.platform import CHARTS, POD_SECURITY_RULES, ContractException, Platform, exceptions
from slipway.docs.source.schema import items, texts
from slipway.util.mapping import dig, listing
from slipway.workspace import declarations
from slipway.workspace.annotations import namespace_annotations


def contract_exceptions(found: Sequence[ContractException]) -> str:
    """Rules of the contract that charts do not satisfy."""
    rows = ((item.member.link, code(item.rule), code(item.part), prose(item.reason)) for item in found)
    return table(("Service", "Rule", "Part", "Reason"), rows)


def beyond_restricted(platform: Platform) -> str:
    """Exceptions that violate the Pod Security level restricted."""
    return contract_exceptions([item for item in exceptions(platform.members) if item.rule in POD_SECURITY_RULES])


def pod_security(parsed: ParsedWorkspace) -> str:
    """The enforced Pod Security level of each namespace."""
    rows = (
        (
            f"[{entry.chart.name}]({CHARTS}/{entry.chart.name}.md)",
            code(namespace_annotations(entry.chart).pod_security),
        )
        for entry in parsed.of_kind(ChartKind.UMBRELLA)
    )
    return table(("Namespace", "Enforced level"), rows)


def cluster_rbac(platform: Platform) -> str:
    """All cluster-wide RBAC rules."""
    rows = []
    for member in platform.members:
        for _, spec in items(member.values.get("rbac")):
            if spec.get("scope") != "cluster":
                continue
            rows += [
                (member.link, codes(resources.granted(rule)), ", ".join(texts(rule.get("verbs"))))
                for rule in listing(spec, "rules")
            ]
    return table(("Service", "Resources", "Verbs"), rows)


def secrets(platform: Platform) -> str:
    """All Secrets that charts reference."""
    rows = (
        (
            code(member.umbrella),
            code(resources.fill(name, dig(member.values, "global"))),
            codes(texts(spec.get("keys"))),
            member.link,
            prose(str(spec.get("purpose", ""))),
        )
        for member in platform.members
        for name, spec in declarations.secrets(member.entry.chart, member.name, member.values)
    )
    return table(("Namespace", "Secret", "Keys", "Used by", "Purpose"), rows)
