"""Fields that the API server rewrites or drops: the live object would always differ from the rendered one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.policy.chart_objects import ChartObjects, Violation, children, violation
from slipway.policy.metadata import DEFINITION
from slipway.policy.object_rule import rule
from slipway.util import quantity

QUANTITY_FIELDS = frozenset({"requests", "limits", "sizeLimit", "storage", "capacity"})
QUANTITY_MAPS = frozenset({"requests", "limits", "hard", "defaultRequest"})
"""Of a container, a claim, a ResourceQuota and a LimitRange."""

MAY_BE_EMPTY = frozenset({"emptyDir", "podSelector", "namespaceSelector", "selfSigned", "spec", "rules", "tls"})
"""Fields whose empty mapping has a meaning: a volume, everything, or TLS with the default certificate (Traefik)."""


@rule("contract.quantity", "Quantities have the API server's canonical form.")
def canonical_quantities(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        for path, value in quantities(item.data, "") if item.kind != DEFINITION else ():
            canonical = quantity.canonical(value)
            if canonical != str(value):
                form = f" as {canonical!r}" if canonical else ""
                yield violation(item, f"{path} is {value!r}, which the API server rewrites{form}", name=path)


def quantities(node: object, path: str, *, in_quantity_map: bool = False) -> Iterator[tuple[str, object]]:
    """Path and value of every quantity below a node."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            name = item.get("name", index) if isinstance(item, Mapping) else index
            yield from quantities(item, f"{path}[{name}]", in_quantity_map=in_quantity_map)
        return
    for key, here, value in children(node, path):
        if isinstance(value, (dict, list, Mapping)):
            # The `limits` of a LimitRange are a list of rules, each with its own mappings of quantities.
            nested = key in QUANTITY_MAPS and isinstance(value, Mapping)
            yield from quantities(value, here, in_quantity_map=in_quantity_map or nested)
        elif in_quantity_map or (key in QUANTITY_FIELDS and value is not None):
            yield here, value


@rule("contract.empty", "No mapping or list is empty: a server-side apply drops it, and the object never looks synced.")
def empty_fields(chart: ChartObjects) -> Iterator[Violation]:
    for item in chart.objects:
        for path in empty_paths(item.data, "") if item.kind != DEFINITION else ():
            fact = f"{path} is empty; a server-side apply drops it, and the object never looks synced"
            yield violation(item, fact, name=path)


def empty_paths(node: object, path: str) -> Iterator[str]:
    """Paths of empty mappings and lists."""
    for key, here, value in children(node, path):
        if not isinstance(value, (dict, list, Mapping)):
            continue
        if not value and key not in MAY_BE_EMPTY and isinstance(key, str):
            yield here
        else:
            yield from empty_paths(value, here)
