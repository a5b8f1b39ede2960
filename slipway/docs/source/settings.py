"""Descriptions of settings and environment variables; tests compare both tables with `config.KEYS` and the sources."""

from __future__ import annotations

SETTINGS: dict[str, str] = {
    "registry": "Registry that charts are published to: `embedded`, or `oci://HOST[:PORT]/PATH`.",
    "plain-http": "Use plain HTTP for a registry other than the embedded one.",
    "ca-file": "File with the CA certificate of the registry, relative to the repository.",
    "embedded-port": "Port of the embedded registry on 127.0.0.1.",
    "environments": "Folders of `values/`, in the order of promotion; a release pins the first.",
    "source": "How Argo CD addresses a chart: `oci` (version and digest) or `helm` (exact version).",
    "rolling-sync": "Argo CD syncs the umbrellas step by step instead of each on its own.",
    "kube-version": "Kubernetes version that charts are rendered for.",
    "tools": "Exact versions of helm, ct, kubeconform and registry.",
    "cluster": "API server URL of the cluster that Argo CD deploys to.",
    "repository-url": "Git URL of this repository, for the root Application.",
    "argocd-namespace": "Namespace of Argo CD.",
    "timeout-seconds": "Timeout for connecting to the registry, and for each read.",
    "attempts": "Attempts per request to the registry.",
}
"""Key of `[tool.slipway]` → description."""

VARIABLES: dict[str, str] = {
    "SLIPWAY_REGISTRY": "Like `registry`.",
    "SLIPWAY_REGISTRY_PLAIN_HTTP": "Like `plain-http`: `true` or `false`.",
    "SLIPWAY_REGISTRY_CA_FILE": "Like `ca-file`.",
    "SLIPWAY_REGISTRY_PORT": "Like `embedded-port`.",
    "SLIPWAY_REGISTRY_TIMEOUT": "Like `timeout-seconds`.",
    "SLIPWAY_REGISTRY_USERNAME": "User name for the registry; overrides the credential files.",
    "SLIPWAY_REGISTRY_PASSWORD": "Password or token of that user; required if the user name is set.",
    "SLIPWAY_ROOT": "Path of another checkout for the tasks to work on.",
    "SLIPWAY_PYTHON": "Python interpreter for the virtual environment of `./inv`.",
}
"""Environment variable → description. Each overrides its setting."""

INTERNAL = frozenset({"SLIPWAY_REPAIRED"})
"""Variables that the launcher sets for itself."""
