"""Operators for a cluster without the platform: they are played while a pod of them is ready."""

from __future__ import annotations

import yaml

from slipway.gitops.applications import documents
from slipway.tools.kubectl import Data, Kubectl
from testing.monorepo import ROOT

LABELS = {"metallb": "controller", "cert-manager": "controller", "cloudnative-pg": "cloudnative-pg"}
"""Chart → the controller in it that acts."""
POOL = "198.18.0.0/24"
"""Addresses, from the range that RFC 2544 keeps for tests."""


def operator(chart: str, namespace: str) -> Data:
    """A pod that has the labels of an operator, and is allowed everywhere."""
    labels = {"app.kubernetes.io/name": chart, "app.kubernetes.io/component": LABELS.get(chart, chart)}
    secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "app", "image": "registry.example.org/operator:1", "securityContext": secure}
    user = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"operator-{chart}", "namespace": namespace, "labels": labels},
        "spec": {"securityContext": user, "containers": [container]},
    }


def pool(name: str, namespace: str) -> Data:
    """Addresses that are given only to the Services of this namespace."""
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"addresses": [POOL], "serviceAllocation": {"namespaces": [namespace]}},
    }


def with_pools(kubectl: Kubectl) -> None:
    """Have the kinds of MetalLB in a cluster."""
    if kubectl.find("crd", "ipaddresspools.metallb.io") is None:
        files = (ROOT / "charts/metallb/crds").glob("*.yaml")
        found = [item for file in files for item in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
        kubectl.apply(documents(found), manager="tests")
        kubectl("wait", "--for=condition=Established", "crd/ipaddresspools.metallb.io", "--timeout=30s")
