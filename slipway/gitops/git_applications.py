"""The Applications that read this repository from git: the root, and the sealed secrets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slipway.config import Config
from slipway.core.model import SEALED_FOLDER

PART_OF = "homelab"

RETRY: Mapping[str, object] = {
    "limit": -1,
    "refresh": True,
    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "2m"},
}
"""How each Application retries a failed sync: without a limit, at the newest revision.

What a sync needs from another Application (CRDs, webhooks, namespaces) may take longer than any number of attempts on a
slow line, and after its limit Argo CD never syncs that revision again.
Source: argo-cd v3.6.1 controller/appcontroller.go:1747, 2700-2705.
"""


def metadata(config: Config, name: str) -> dict[str, object]:
    """Metadata of an object that Argo CD itself reads."""
    return {"name": name, "namespace": config.argocd_namespace, "labels": {"app.kubernetes.io/part-of": PART_OF}}


def sealed_application(config: Config, environment: str, umbrellas: Iterable[str]) -> list[dict[str, object]]:
    """The Application that applies the environment's SealedSecrets, and its project, which admits nothing else.

    At the first sync neither their kind nor their namespaces are there. What can be applied is; the rest is tried until it
    can, since after a limit Argo CD leaves a commit alone for good. The path is the environment's folder, not that of its
    SealedSecrets: Argo CD refuses a path that git does not have, and git has no empty folder.
    Source: argo-cd v3.6.1 controller/appcontroller.go:1747, 2700-2705, reposerver/repository/repository.go:2149-2204;
    gitops-engine pkg/sync/sync_context.go:1438-1441, which tries objects on the client only before it applies them.
    """
    name = f"{PART_OF}-sealed-secrets"
    spaces = sorted({config.argocd_namespace, *umbrellas})
    project_spec = {
        "description": f"The sealed secrets of {environment}, and nothing else",
        "sourceRepos": [config.repository_url],
        "destinations": [{"server": config.cluster, "namespace": space} for space in spaces],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [{"group": "bitnami.com", "kind": "SealedSecret"}],
    }
    application = {
        "project": name,
        "source": {
            "repoURL": config.repository_url,
            "path": f"values/{environment}",
            "targetRevision": "HEAD",
            "directory": {"recurse": True, "include": f"{SEALED_FOLDER}/**"},
        },
        "destination": {"server": config.cluster, "namespace": config.argocd_namespace},
        "syncPolicy": {
            # A file that is taken away takes no secret from a running pod: that is for a person to do.
            "automated": {"prune": False, "selfHeal": True},
            "retry": RETRY,
            "syncOptions": ["ServerSideApply=true", "ApplyOutOfSyncOnly=true", "SkipDryRunOnMissingResource=true"],
        },
    }
    head = {"apiVersion": "argoproj.io/v1alpha1"}
    return [
        {**head, "kind": "AppProject", "metadata": metadata(config, name), "spec": project_spec},
        {**head, "kind": "Application", "metadata": metadata(config, name), "spec": application},
    ]


def root_application(config: Config, environment: str, synced: Sequence[str]) -> list[dict[str, object]]:
    """The Application that applies this folder, and its project."""
    name = f"{PART_OF}-root"
    kinds = [*(("argoproj.io", kind) for kind in ("AppProject", "Application", "ApplicationSet")), ("", "Secret")]
    project_spec = {
        "description": "deploy/ of the repository: the projects, the ApplicationSet, the registry's address, the sealed secrets",
        "sourceRepos": [config.repository_url],
        "destinations": [{"server": config.cluster, "namespace": config.argocd_namespace}],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in kinds],
    }
    application = {
        "project": name,
        "source": {
            "repoURL": config.repository_url,
            "path": f"deploy/{environment}",
            "targetRevision": "HEAD",
            "directory": {"include": "{" + ",".join(synced) + "}"},
        },
        "destination": {"server": config.cluster, "namespace": config.argocd_namespace},
        "syncPolicy": {
            "automated": {"prune": False, "selfHeal": True},
            "retry": RETRY,
            "syncOptions": ["ServerSideApply=true"],
        },
    }
    head = {"apiVersion": "argoproj.io/v1alpha1"}
    return [
        {**head, "kind": "AppProject", "metadata": metadata(config, name), "spec": project_spec},
        {**head, "kind": "Application", "metadata": metadata(config, name), "spec": application},
    ]
