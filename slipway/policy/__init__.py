"""The contract: the rules, with identifiers `contract.…`, that the objects of every service satisfy with any values.

Pure: rendered objects in, problems out. A new rule is a function with the decorator `rule` in one of the modules below.

A chart that cannot satisfy a rule states the reason in Chart.yaml, in the annotation
`slipway.homelab/exception.<rule>` (with the prefix of the settings): `container: reason`; semicolons separate several. An exception that nothing needs is
a problem too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.errors import Problem
from slipway.core.model import PREFIX
from slipway.core.rules import Rule
from slipway.policy import (
    bounds,
    drift,
    exclusive,
    metadata,
    network,
    network_edges,
    pod_security,
    probes,
    secret_access,
    signals,
    storage,
    sync_order,
    workloads,
)
from slipway.policy.chart_objects import ChartObjects
from slipway.policy.object_rule import ObjectRule

EXCEPTION = "exception."
"""How the annotations in Chart.yaml begin that permit violations, behind the prefix of the settings."""

UNUSED_EXCEPTION = Rule("contract.exception", "An exception is for a rule, gives a reason, and is needed.")

OBJECT_RULES: tuple[ObjectRule, ...] = tuple(
    value
    for module in (pod_security, secret_access, workloads, signals, probes, metadata, network, storage, drift)
    for value in vars(module).values()
    if isinstance(value, ObjectRule)
)

RULES: Mapping[str, str] = {
    rule.identifier: rule.meaning
    for rule in (
        *OBJECT_RULES,
        network_edges.ONE_SIDED,
        sync_order.SYNC_ORDER,
        bounds.LIMIT_RANGE,
        bounds.QUOTA,
        exclusive.ADDRESS,
        exclusive.HOST_PORT,
        exclusive.NODE_PORT,
        UNUSED_EXCEPTION,
    )
}
"""Identifier → meaning."""


def contract_problems(chart: ChartObjects) -> Iterator[Problem]:
    """Every violation that no exception permits, and every invalid or unused exception."""
    used: set[tuple[str, str]] = set()
    for rule in OBJECT_RULES:
        permitted = chart.exceptions.get(rule.identifier, {})
        for found in rule.find(chart):
            if found.name in permitted:
                used.add((rule.identifier, found.name))
                continue
            annotation = f"{chart.prefix}/{EXCEPTION}{rule.identifier.removeprefix('contract.')}"
            yield rule.problem(
                where=f"{chart.chart}: {found.object}",
                fact=found.fact,
                evidence=(rule.meaning, f"rendered with {chart.label}"),
                hint=f"fix it, or give the reason in the annotation {annotation} in Chart.yaml",
            )
    for identifier, reasons in chart.exceptions.items():
        for name, reason in reasons.items():
            unused = chart.default_values and (identifier, name) not in used and name not in chart.switched_off
            if identifier not in RULES:
                why = "there is no such rule"
            elif not reason:
                why = "it gives no reason"
            elif unused:
                why = "nothing violates the rule"
            else:
                continue
            fact = f"exception {identifier.removeprefix('contract.')} for {name!r}: {why}"
            yield UNUSED_EXCEPTION.problem(where=chart.chart, fact=fact)


def parse_exceptions(annotations: object, prefix: str = PREFIX) -> dict[str, dict[str, str]]:
    """Annotations of a Chart.yaml → rule → container or object → reason."""
    found: dict[str, dict[str, str]] = {}
    for key, text in (annotations if isinstance(annotations, Mapping) else {}).items():
        if str(key).startswith(f"{prefix}/{EXCEPTION}"):
            entries = (entry.partition(":") for entry in str(text).split(";") if entry.strip())
            identifier = f"contract.{str(key).removeprefix(f'{prefix}/{EXCEPTION}')}"
            found[identifier] = {name.strip(): reason.strip() for name, _, reason in entries}
    return found
