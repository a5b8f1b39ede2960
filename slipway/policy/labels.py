"""The label keys of Kubernetes and Helm. Source: kubernetes.io, Recommended Labels."""

from __future__ import annotations

PREFIX = "app.kubernetes.io/"
PART_OF_LABEL = f"{PREFIX}part-of"
VERSION_LABEL = f"{PREFIX}version"
CHART_LABEL = "helm.sh/chart"

REQUIRED_LABELS = tuple(PREFIX + key for key in ("name", "instance", "managed-by", "part-of"))
SELECTOR_LABELS = frozenset(PREFIX + key for key in ("name", "instance", "component"))
"""Labels that never change, so a selector may use them."""
