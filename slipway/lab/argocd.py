"""Argo CD's components: its controllers outside of the cluster, configured as if inside. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from slipway.lab.component import Component
from slipway.tools.process import LOOPBACK

if TYPE_CHECKING:
    from slipway.lab.plan import Parts


def components(parts: Parts) -> tuple[Component, ...]:
    """Those of version 3.6, in the order of their dependencies."""
    base = environment(parts)
    binary = parts.program("argocd")
    repo = ("--repo-server-plaintext",)
    return (
        Component(
            name="redis",
            purpose="Argo CD's cache",
            argv=(parts.program("redis"), "--address", parts.at("redis")),
            ready=f"tcp://{parts.at('redis')}",
        ),
        Component(
            name="argocd-repo-server",
            purpose="pulls and renders charts",
            argv=(
                *(binary, "--address", LOOPBACK, "--port", str(parts.ports["repo-server"])),
                *("--metrics-address", LOOPBACK, "--metrics-port", str(parts.ports["repo-server-metrics"])),
                *("--disable-tls", "--client-ca-path=", "--redis", parts.at("redis")),
            ),
            env={**base, "ARGOCD_BINARY_NAME": "argocd-repo-server"},
            after=("redis", "objects"),
            ready=f"http://{parts.at('repo-server-metrics')}/healthz",
        ),
        Component(
            name="argocd-application-controller",
            purpose="compares and syncs Applications",
            argv=(
                *(binary, "--repo-server", parts.at("repo-server"), *repo, "--redis", parts.at("redis")),
                *("--metrics-port", str(parts.ports["controller-metrics"]), "--app-resync", "30"),
                *("--status-processors", "4", "--operation-processors", "4"),
            ),
            env={**base, "ARGOCD_BINARY_NAME": "argocd-application-controller"},
            after=("argocd-repo-server",),
            ready=f"http://{parts.at('controller-metrics')}/healthz",
        ),
        Component(
            name="argocd-applicationset-controller",
            purpose="makes Applications of ApplicationSets",
            argv=(
                *(binary, "--argocd-repo-server", parts.at("repo-server"), *repo, "--enable-progressive-syncs"),
                *("--metrics-addr", parts.at("applicationset-metrics")),
                *("--probe-addr", parts.at("applicationset-probe")),
                *("--webhook-addr", parts.at("applicationset-webhook"), "--refresh-grace-period-seconds", "0"),
            ),
            env={**base, "ARGOCD_BINARY_NAME": "argocd-applicationset-controller"},
            after=("objects", "argocd-repo-server"),
            # It registers no health check.
            ready=f"http://{parts.at('applicationset-metrics')}/metrics",
        ),
    )


def environment(parts: Parts) -> dict[str, str]:
    """Argo CD's environment: every folder of its own, so that labs do not meet."""
    folder = parts.place.folder / "argocd"
    helm = str(parts.programs["helm"].parent)
    return {
        "KUBECONFIG": parts.kubeconfig("argocd"),
        # https://kubernetes.default.svc means the cluster of KUBECONFIG.
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
        "ARGOCD_GNUPGHOME": str(folder / "gpg"),
        "ARGOCD_GPG_DATA_PATH": str(folder / "gpg-source"),
        "ARGOCD_ASK_PASS_SOCK": str(folder / "askpass.sock"),
        "HELM_CACHE_HOME": str(folder / "helm" / "cache"),
        "HELM_CONFIG_HOME": str(folder / "helm" / "config"),
        "HELM_DATA_HOME": str(folder / "helm" / "data"),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "PATH": os.pathsep.join([helm, parts.path]),
    }
