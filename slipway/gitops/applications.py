"""What Argo CD reads for one environment: `deploy/<env>/`. Pure: pins and settings in, file texts out.

Semantics are those of Argo CD 3.6; field names and switches are explained where they are chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slipway.config import Config, SourceForm
from slipway.core.model import Chart, Pin
from slipway.gitops.git_applications import PART_OF, RETRY, metadata, root_application, sealed_application
from slipway.util import yaml
from slipway.workspace import environments
from slipway.workspace.annotations import NamespaceAnnotations, namespace_annotations
from slipway.workspace.pinned import PINS

STEP_LABEL = "slipway.homelab/step"

ROOT = "root.yaml"
PAUSE = "argocd.argoproj.io/skip-reconcile"
"""Annotation of an Application that Argo CD leaves alone. Source: argo-cd v3.6.1, docs/user-guide/skip_reconcile.md."""


SEALED = "sealed-secrets.yaml"
SYNCED = ("appprojects.yaml", "applicationset.yaml", "repository.yaml", SEALED)
"""What the root Application applies; the other files are ours and the operator's."""

HEADER = """\
# Written by `./inv {task}`; edits are overwritten.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedUmbrella:
    """An umbrella of an environment, with the settings of its namespace."""

    pin: Pin
    annotations: NamespaceAnnotations

    @property
    def cluster_resources(self) -> tuple[tuple[str, str], ...]:
        """(group, kind) of every cluster-scoped kind that it may create."""
        return (("", "Namespace"), *self.annotations.cluster_resources)


def pinned_umbrella(umbrella: Chart, pin: Pin) -> PinnedUmbrella:
    """A pin with the umbrella's annotations.

    Raises:
        WorkspaceError: an annotation does not match its schema.
    """
    return PinnedUmbrella(pin=pin, annotations=namespace_annotations(umbrella))


def files(
    config: Config, environment: str, umbrellas: Sequence[PinnedUmbrella], namespaces: Sequence[str] = ()
) -> dict[str, bytes]:
    """File name → text of `deploy/<environment>/`.

    Args:
        config: the settings.
        environment: its name.
        umbrellas: what it runs.
        namespaces: of umbrellas, pinned or not, whose secrets may be sealed already.
    """
    ordered = sorted(umbrellas, key=lambda umbrella: (umbrella.annotations.sync_step, umbrella.pin.name))
    head = HEADER.format(task="pin --env " + environment).encode()
    return {
        PINS: head + yaml.dump(pins_document(config, environment, [umbrella.pin for umbrella in ordered])),
        "appprojects.yaml": head + documents([project(config, umbrella) for umbrella in ordered]),
        "applicationset.yaml": head + documents([application_set(config, environment, ordered)]),
        "repository.yaml": NO_SECRET + head + REPOSITORY_NOTE + documents([repository_secret(config)]),
        SEALED: head
        + SEALED_NOTE.format(environment=environment).encode()
        + documents(
            sealed_application(config, environment, {*namespaces, *(str(umbrella.pin.name) for umbrella in ordered)})
        ),
        ROOT: head
        + ROOT_NOTE.format(environment=environment).encode()
        + documents(root_application(config, environment, SYNCED)),
    }


NO_SECRET = b"# slipway: not-a-secret it has the address of the registry, neither user nor password\n"

REPOSITORY_NOTE = b"""\
# How Argo CD reaches the registry, without a secret. The keys `username` and `password` of a private one are put into this
# Secret in the cluster, where they stay: docs/guides/argocd.md.
"""

ROOT_NOTE = """\
# The only thing applied by hand, once: kubectl apply -f deploy/{environment}/root.yaml
"""


SEALED_NOTE = """\
# What hands the cluster the SealedSecrets of values/{environment}/sealed, straight from git: a secret needs no release.
"""


def documents(objects: Iterable[Mapping[str, object]]) -> bytes:
    """A YAML stream."""
    return b"---\n".join(yaml.dump(item) for item in objects)


def pins_document(config: Config, environment: str, pins: Sequence[Pin]) -> dict[str, object]:
    """pins.yaml: the record of what an environment runs."""
    return {
        "environment": environment,
        "registry": config.registry.base,
        "umbrellas": {
            str(pin.name): {"version": pin.version, "manifest": str(pin.manifest), "input": str(pin.input_digest)}
            for pin in pins
        },
    }


def source_url(config: Config, name: str) -> str:
    """`repoURL` of a chart, in the spelling of the chosen source form."""
    if config.source is SourceForm.OCI:
        return f"{config.registry.base}/{name}"
    return config.registry.address


def project(config: Config, umbrella: PinnedUmbrella) -> dict[str, object]:
    """An AppProject that lets an umbrella come from its repository only, and go to its namespace only."""
    name = str(umbrella.pin.name)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": metadata(config, name),
        "spec": {
            "description": f"The {name} namespace: its chart from the registry, and nothing else",
            "sourceRepos": [source_url(config, name)],
            "destinations": [{"server": config.cluster, "namespace": name}],
            "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in umbrella.cluster_resources],
            "namespaceResourceWhitelist": [{"group": "*", "kind": "*"}],
            "orphanedResources": {"warn": False},
        },
    }


def application_set(config: Config, environment: str, umbrellas: Sequence[PinnedUmbrella]) -> dict[str, object]:
    """One element for each umbrella; a pin is the only thing that a release changes in it."""
    spec: dict[str, object] = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": [element(umbrella) for umbrella in umbrellas]}}],
        # Removing an element, or the ApplicationSet, never deletes a workload.
        "syncPolicy": {"preserveResourcesOnDeletion": True},
        # A restore pauses an Application by it; the set would take it away again.
        "preservedFields": {"annotations": [PAUSE]},
        "template": {
            "metadata": {
                "name": "{{.name}}",
                "labels": {"app.kubernetes.io/part-of": PART_OF, STEP_LABEL: "{{.step}}"},
            },
            "spec": application_spec(config, environment),
        },
    }
    if config.rolling_sync:
        steps = sorted({umbrella.annotations.sync_step for umbrella in umbrellas})
        spec["strategy"] = {
            "type": "RollingSync",
            "rollingSync": {
                "steps": [
                    {"matchExpressions": [{"key": STEP_LABEL, "operator": "In", "values": [str(step)]}]}
                    for step in steps
                ]
            },
        }
    meta = metadata(config, f"{PART_OF}-{environment}")
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": meta, "spec": spec}


def element(umbrella: PinnedUmbrella) -> dict[str, object]:
    """One umbrella's facts; all text, so that a template reads each alike."""
    return {
        "name": str(umbrella.pin.name),
        "version": umbrella.pin.version,
        "digest": str(umbrella.pin.manifest),
        "podSecurity": umbrella.annotations.pod_security,
        "step": str(umbrella.annotations.sync_step),
    }


def application_spec(config: Config, environment: str) -> dict[str, object]:
    """The Application of one umbrella."""
    url = source_url(config, "{{.name}}")
    helm = {"releaseName": "{{.name}}", "valueFiles": [environments.file_name(environment)]}
    if config.source is SourceForm.OCI:
        source = {"repoURL": url, "path": ".", "targetRevision": "{{.version}}@{{.digest}}", "helm": helm}
    else:
        source = {"repoURL": url, "chart": "{{.name}}", "targetRevision": "{{.version}}", "helm": helm}
    policy: dict[str, object] = {
        "retry": RETRY,
        "syncOptions": [
            "CreateNamespace=true",
            "ServerSideApply=true",
            "ApplyOutOfSyncOnly=true",
            "PruneLast=true",
            # Custom resources whose CRD another umbrella has: a retry applies them.
            "SkipDryRunOnMissingResource=true",
        ],
        "managedNamespaceMetadata": {
            "labels": {
                "app.kubernetes.io/part-of": PART_OF,
                "pod-security.kubernetes.io/enforce": "{{.podSecurity}}",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
            },
            # A namespace has PVCs: deleting an Application must never delete it.
            "annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
        },
    }
    if not config.rolling_sync:
        # RollingSync decides itself when to sync and forces automated sync off.
        policy["automated"] = {"prune": True, "selfHeal": True}
    return {
        "project": "{{.name}}",
        "source": source,
        "destination": {"server": config.cluster, "namespace": "{{.name}}"},
        "revisionHistoryLimit": 10,
        "syncPolicy": policy,
    }


def repository_secret(config: Config) -> dict[str, object]:
    """How Argo CD reaches the registry: a credentials template for every chart below its URL, or, in the Helm form, the one
    repository that all charts are in.

    A template without a scheme is no URL when its host is an address, and would match nothing.
    Source: argo-cd v3.6.1 util/git/git.go:74-91, util/db/repository_secrets.go:619-635.
    """
    oci = config.source is SourceForm.OCI
    data = {"type": "oci" if oci else "helm", "url": config.registry.base if oci else config.registry.address}
    if not oci:
        data |= {"name": PART_OF, "enableOCI": "true"}
    if config.registry.plain_http:
        # Helm 4 and Argo CD never fall back to plain HTTP by themselves.
        data["insecureOCIForceHttp"] = "true"
    meta = metadata(config, f"{PART_OF}-registry")
    labels = {
        "app.kubernetes.io/part-of": PART_OF,
        "argocd.argoproj.io/secret-type": "repo-creds" if oci else "repository",
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {**meta, "labels": labels}, "stringData": data}
