"""Which definitions there are, and the Go modules that they come from. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from slipway.util import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A webhook that converts between the versions of a definition."""

    service: str
    namespace: str
    """Where the chart is installed: a definition is no template."""
    path: str
    versions: tuple[str, ...] = ("v1",)
    """Of the ConversionReview that it understands."""

    @property
    def text(self) -> str:
        """The section below `spec:`."""
        section = {
            "strategy": "Webhook",
            "webhook": {
                "clientConfig": {"service": {"name": self.service, "namespace": self.namespace, "path": self.path}},
                "conversionReviewVersions": list(self.versions),
            },
        }
        return textwrap.indent(yaml.dump({"conversion": section}).decode(), "  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrdSource:
    """Where the definitions of one API group come from."""

    group: str
    module: str
    packages: tuple[str, ...]
    """Go packages below the module; `apis.go` imports them, so that go.mod keeps the module."""
    chart: str = ""
    """The service whose chart has them under `crds/`; empty when none does."""
    plurals: tuple[str, ...] = ()
    """The resources to generate; empty: all of them."""
    converted: Mapping[str, Conversion] = field(default_factory=dict)
    """Resource → who converts its versions; controller-gen knows the versions only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """Definitions that a module carries as files: what its authors make of the types is more than controller-gen gives."""

    group: str
    module: str
    folder: str
    """Module folder in this repository that requires it."""
    files: tuple[str, ...]
    """Below the module."""
    chart: str
    """The service whose chart has them under `crds/`."""


SOURCES = (
    CrdSource(
        group="acme.cert-manager.io",
        chart="cert-manager",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/acme/v1",),
    ),
    CrdSource(
        group="bitnami.com",
        chart="sealed-secrets",
        module="github.com/bitnami/sealed-secrets",
        packages=("pkg/apis/sealedsecrets/v1alpha1",),
    ),
    CrdSource(
        group="cert-manager.io",
        chart="cert-manager",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/certmanager/v1",),
    ),
    CrdSource(
        group="metallb.io",
        chart="metallb",
        module="go.universe.tf/metallb",
        packages=("api/v1beta1", "api/v1beta2"),
        # Its controller writes its authority into this section, and starts no webhook at all while it is missing.
        converted={
            "bgppeers": Conversion(
                service="metallb-webhook-service",
                namespace="infra",
                path="/convert",
                versions=("v1beta1", "v1beta2"),
            )
        },
    ),
    CrdSource(
        group="monitoring.coreos.com",
        module="github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring",
        packages=("v1",),
        # The platform runs no operator; these are what charts may offer to one.
        plurals=("podmonitors", "probes", "prometheusrules", "servicemonitors"),
    ),
    CrdSource(
        group="postgresql.cnpg.io",
        chart="cloudnative-pg",
        module="github.com/cloudnative-pg/cloudnative-pg",
        packages=("api/v1",),
    ),
    CrdSource(
        group="traefik.io",
        chart="traefik",
        module="github.com/traefik/traefik/v3",
        packages=("pkg/provider/kubernetes/crd/traefikio/v1alpha1",),
    ),
)

SHIPPED = (
    Shipped(
        group="argoproj.io",
        chart="argo-cd",
        module="github.com/argoproj/argo-cd/v3",
        folder="tools/lab/argocd",
        files=tuple(f"manifests/crds/{name}-crd.yaml" for name in ("application", "applicationset", "appproject")),
    ),
)
