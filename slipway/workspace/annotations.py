"""The annotations of an umbrella's Chart.yaml that describe its namespace: their schema, and their values with types. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import PREFIX, Chart
from slipway.util.mapping import dig, type_name

POD_SECURITY = "pod-security"
SYNC_STEP = "sync-step"
CLUSTER_RESOURCES = "cluster-resources"
"""Names of the annotations, behind the prefix of the settings."""

POD_SECURITY_LEVELS = ("privileged", "baseline", "restricted")
"""Source: Kubernetes' Pod Security Standards."""

RULE = "umbrella.annotation"

RESOURCE = r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Z][A-Za-z0-9]*"

SCHEMA: dict[str, object] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        POD_SECURITY: {
            "type": "string",
            "enum": list(POD_SECURITY_LEVELS),
            "default": "restricted",
            "description": "The Pod Security level that the namespace enforces.",
        },
        SYNC_STEP: {
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,8})$",
            "default": "50",
            "description": "The step of a rolling sync: a number as text. Lower steps come first, equal steps together.",
        },
        CLUSTER_RESOURCES: {
            "type": "string",
            "pattern": rf"^\s*({RESOURCE}\s*(,\s*{RESOURCE}\s*)*)?$",
            "default": "",
            "description": "The cluster-scoped kinds that the umbrella may create besides Namespace, as `group/Kind`.",
        },
    },
}
"""Helm reads every annotation as text, so numbers are quoted."""

HINTS = {
    POD_SECURITY: f"use {', '.join(POD_SECURITY_LEVELS)}",
    SYNC_STEP: 'write a whole number in quotes, such as "50"',
    CLUSTER_RESOURCES: "write group/Kind, separated by commas, such as networking.k8s.io/IngressClass",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceAnnotations:
    """What an umbrella's annotations say about its namespace."""

    pod_security: str = "restricted"
    sync_step: int = 50
    cluster_resources: tuple[tuple[str, str], ...] = ()
    """(group, kind) pairs; the core group is empty."""


def namespace_annotations(chart: Chart) -> NamespaceAnnotations:
    """The annotations of an umbrella of the workspace.

    Raises:
        WorkspaceError: one of them does not match the schema.
    """
    if problems := tuple(check(chart)):
        raise WorkspaceError(problems)
    return typed(chart.metadata, chart.prefix)


def typed(metadata: Mapping[str, object], prefix: str = PREFIX) -> NamespaceAnnotations:
    """The annotations of a Chart.yaml that matches the schema, such as a published one."""
    written = dig(metadata, "annotations")
    found = {key: str(written.get(f"{prefix}/{key}", default)) for key, default in defaults().items()}
    kinds = (entry.strip().rpartition("/") for entry in found[CLUSTER_RESOURCES].split(",") if entry.strip())
    return NamespaceAnnotations(
        pod_security=found[POD_SECURITY],
        sync_step=int(found[SYNC_STEP]),
        cluster_resources=tuple((group, kind) for group, _, kind in kinds),
    )


def defaults() -> dict[str, str]:
    """Name of an annotation → its value where an umbrella does not have it."""
    return {key: str(dig(SCHEMA, "properties", key)["default"]) for key in dig(SCHEMA, "properties")}


def check(chart: Chart) -> Iterator[Problem]:
    """Annotations of an umbrella that do not match the schema."""
    from jsonschema import Draft7Validator

    written = dig(chart.metadata, "annotations")
    found = {key: written[f"{chart.prefix}/{key}"] for key in HINTS if f"{chart.prefix}/{key}" in written}
    errors = Draft7Validator(SCHEMA).iter_errors(found)
    for key in dict.fromkeys(str(error.absolute_path[0]) for error in errors):
        value, full = found[key], f"{chart.prefix}/{key}"
        kind = "" if isinstance(value, str) else f", a YAML {type_name(value)}"
        yield Problem(
            where=chart.line_of("annotations", full), fact=f"{full} is {value!r}{kind}", hint=HINTS[key], rule=RULE
        )
