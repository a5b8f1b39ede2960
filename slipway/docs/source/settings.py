"""What each setting and each variable means; the tests hold these tables against `config.KEYS` and the sources."""

from __future__ import annotations

SETTINGS: dict[str, str] = {
    "registry": "Where charts are published: `embedded`, or `oci://HOST[:PORT]/PATH`.",
    "plain-http": "Speak HTTP without TLS to another registry than the embedded one.",
    "ca-file": "File with the certificate of a private authority, relative to the repository.",
    "embedded-port": "Port of the embedded registry on 127.0.0.1.",
    "environments": "Folders of `values/`, in the order of promotion; a release pins the first.",
    "source": "How Argo CD addresses a chart: `oci` (version and digest) or `helm` (exact version).",
    "rolling-sync": "Argo CD goes through the umbrellas step by step instead of syncing each by itself.",
    "kube-version": "Kubernetes version that every render assumes.",
    "tools": "Exact versions of helm, ct, kubeconform and registry.",
    "cluster": "Address of the cluster that Argo CD deploys to.",
    "repository-url": "Git address of this repository, for the root Application.",
    "argocd-namespace": "Namespace that Argo CD runs in.",
    "timeout-seconds": "Limit for connecting to the registry, and for each read.",
    "attempts": "How often one request to the registry is tried.",
}
"""Key of `[tool.slipway]` → meaning."""

VARIABLES: dict[str, str] = {
    "SLIPWAY_REGISTRY": "Like `registry`.",
    "SLIPWAY_REGISTRY_PLAIN_HTTP": "Like `plain-http`: true or false.",
    "SLIPWAY_REGISTRY_CA_FILE": "Like `ca-file`.",
    "SLIPWAY_REGISTRY_PORT": "Like `embedded-port`.",
    "SLIPWAY_REGISTRY_TIMEOUT": "Like `timeout-seconds`.",
    "SLIPWAY_REGISTRY_USERNAME": "User of the registry; wins over the login files.",
    "SLIPWAY_REGISTRY_PASSWORD": "Password or token of that user; needed when the user is set.",
    "SLIPWAY_ROOT": "Another checkout that the tasks work on.",
    "SLIPWAY_PYTHON": "The Python that `./inv` makes its environment with.",
}
"""Environment variable → meaning. Each wins over the setting of the same meaning."""

INTERNAL = frozenset({"SLIPWAY_REPAIRED"})
"""Variables that the launcher sets for itself."""
