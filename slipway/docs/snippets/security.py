"""What is allowed: Pod Security levels, exceptions from the contract, rights beyond a namespace. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.core.model import ChartKind
from slipway.docs.markdown import code, codes, prose, table
from slipway.docs.source.parsing import Book
from slipway.docs.source.platform import CHARTS, POD_SECURITY_RULES, Deviation, Platform, exceptions
from slipway.docs.source.schema import items, mapping, texts


def deviations(found: Sequence[Deviation]) -> str:
    """Exceptions from the contract."""
    rows = ((item.member.link, code(item.rule), code(item.part), prose(item.reason)) for item in found)
    return table(("Service", "Rule", "Part", "Reason"), rows)


def beyond_restricted(found: Platform) -> str:
    """What the restricted level of Pod Security would not admit."""
    return deviations([item for item in exceptions(found.members) if item.rule in POD_SECURITY_RULES])


def pod_security(book: Book) -> str:
    """The level of every namespace."""
    rows = (
        (
            f"[{entry.chart.name}]({CHARTS}/{entry.chart.name}.md)",
            code(mapping(entry.chart.metadata.get("annotations")).get("slipway.homelab/pod-security", "restricted")),
        )
        for entry in book.of_kind(ChartKind.UMBRELLA)
    )
    return table(("Namespace", "Enforced level"), rows)


def cluster_rights(found: Platform) -> str:
    """Every right that reaches beyond a namespace."""
    rows = []
    for member in found.members:
        for _, spec in items(member.values.get("rbac")):
            if spec.get("scope") != "cluster":
                continue
            rules = spec.get("rules")
            for rule in rules if isinstance(rules, list) else ():
                one = mapping(rule)
                groups = [f"{group}/" if group else "" for group in texts(one.get("apiGroups"))]
                what = [f"{group}{name}" for group in groups for name in texts(one.get("resources"))]
                what += list(texts(one.get("nonResourceURLs")))
                rows.append((member.link, codes(what), ", ".join(texts(one.get("verbs")))))
    return table(("Service", "Resources", "Verbs"), rows)
