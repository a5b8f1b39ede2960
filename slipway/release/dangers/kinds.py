"""The kinds of danger: what each means, and what to do about it. Pure; a page of the site is made from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.text import suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerKind:
    """One kind of danger."""

    name: str
    """What `--accept` takes; it is never renamed, because changelogs have it."""
    meaning: str
    remedy: str
    """What to check or to do before the update."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Danger:
    """One danger of an update, or of a rollback."""

    name: str
    object: str
    """Kind and name."""
    fact: str

    def __str__(self) -> str:
        return f"{self.name}: {self.object} {self.fact}"


BACKUP = "Back up first (`./inv backups`), and know how to restore it."

KINDS: Mapping[str, DangerKind] = {
    kind.name: kind
    for kind in (
        DangerKind(
            name="removed-claim",
            meaning="A PersistentVolumeClaim is no longer part of the release. Argo CD deletes it with its data, unless it has `Prune=false`.",
            remedy=f"{BACKUP} Keep the claim if the data is still needed.",
        ),
        DangerKind(
            name="removed-database",
            meaning="A database or its cluster is no longer part of the release.",
            remedy=BACKUP,
        ),
        DangerKind(
            name="removed-statefulset",
            meaning="A StatefulSet is no longer part of the release; its claims stay without an owner.",
            remedy="Check that the data was moved: `kubectl get pvc` lists the claims that stay.",
        ),
        DangerKind(
            name="removed-namespace",
            meaning="A Namespace is no longer part of the release; deleting it deletes everything in it.",
            remedy="Move what is still needed to another namespace first.",
        ),
        DangerKind(
            name="removed-definition",
            meaning="A CustomResourceDefinition, or a version of it that is served, is no longer part of the release. Deleting a definition deletes every object of its kind.",
            remedy="Check that no object of the kind is left: `kubectl get KIND --all-namespaces`.",
        ),
        DangerKind(
            name="removed-service",
            meaning="A Service is no longer part of the release; whoever uses its name or its address loses the connection.",
            remedy="Look for the name in `values/`, in other charts and in DNS records.",
        ),
        DangerKind(
            name="removed-network-policy",
            meaning="A NetworkPolicy is no longer part of the release, although its pods are; they accept and open more connections than before.",
            remedy="Check that another policy selects the pods.",
        ),
        DangerKind(
            name="scaled-to-zero",
            meaning="A workload or a database has no replica any more.",
            remedy="Check that the service is meant to stop.",
        ),
        DangerKind(
            name="more-privilege",
            meaning="A pod violates a rule of pod security that it satisfied before, or is new and violates one.",
            remedy="Read the reason of the exception in the chart's annotations.",
        ),
        DangerKind(
            name="more-rights",
            meaning="A Role or ClusterRole permits more than before, or a binding has another subject.",
            remedy="Check why the application needs the permission.",
        ),
        DangerKind(
            name="immutable-field",
            meaning="A field changes that Kubernetes does not change in place; the update is rejected.",
            remedy="Keep the value, or delete the object first as its page says; `./inv rehearse` asks an API server.",
        ),
        DangerKind(
            name="smaller-claim",
            meaning="A volume is requested with less storage than before; Kubernetes rejects it.",
            remedy="Keep the size, or move the data to a new claim.",
        ),
        DangerKind(
            name="major-image",
            meaning="An image has another major version, or comes from another repository; the application may migrate its data, and few can go back.",
            remedy=f"Read the release notes of the application. {BACKUP}",
        ),
        DangerKind(
            name="major-chart",
            meaning="A chart has another major version, which announces steps by hand.",
            remedy="Read the changelog of the chart.",
        ),
        DangerKind(
            name="older-image",
            meaning="An image goes back to an earlier version; what the newer one has migrated may not be readable.",
            remedy="Restore the backup from before the update, or check that the older version reads the data.",
        ),
        DangerKind(
            name="unknown-state",
            meaning="A version is promoted without asking whether the environment before runs it.",
            remedy="Ask it: `./inv promote` with `--kubeconfig` or `--status`.",
        ),
        DangerKind(
            name="not-healthy",
            meaning="The environment before does not run the promoted version Synced and Healthy.",
            remedy="Look at its Application in Argo CD, and promote when it is healthy.",
        ),
        DangerKind(
            name="not-proven",
            meaning="The environment before has run the promoted version for a shorter time than `--proven-for` asks.",
            remedy="Wait, or ask for a shorter time.",
        ),
        DangerKind(
            name="not-rehearsed",
            meaning="The update was not rehearsed on an API server, or an object was rejected there.",
            remedy="Check out the released commit and run `./inv rehearse` for the environment.",
        ),
    )
}

OF_PROMOTION = frozenset({"unknown-state", "not-healthy", "not-proven", "not-rehearsed"})
"""Those that a promotion finds at the environment before; the others are found in the objects."""


def accepted_names(text: str) -> frozenset[str]:
    """The names of `--accept`, separated by commas.

    Raises:
        WorkspaceError: there is no such danger.
    """
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(names - KINDS.keys()):
        hint = suggest(unknown[0], list(KINDS), otherwise="dangers:")
        raise WorkspaceError(Problem(where="--accept", fact=f"there is no danger {unknown[0]!r}", hint=hint))
    return names
