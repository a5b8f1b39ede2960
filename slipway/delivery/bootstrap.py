"""A bare cluster → Argo CD that runs and manages itself.

Argo CD cannot install itself the first time. Here its umbrella is pulled by the digest that `deploy/<env>` pins, rendered
as Argo CD renders it, and applied with the field manager and the tracking annotations of Argo CD. So its first sync finds
its own objects and has nothing to change, and running this again changes nothing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.build import render
from slipway.build.render import Object
from slipway.cluster.apply import DEFINITION, ESTABLISH_S, MANAGER, wait_established
from slipway.context import Context
from slipway.core.errors import Problem, ToolFailed
from slipway.delivery.prepare import Ready, prepare
from slipway.gitops import applications
from slipway.gitops.git_applications import PART_OF
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.run import tail
from slipway.util import yaml
from slipway.util.files import decode
from slipway.util.mapping import dig

OWN_MANAGER = "slipway"
"""Ours, for the namespace and for root.yaml, which nothing in the cluster applies."""
TRACKING = "argocd.argoproj.io/tracking-id"
ROOT_NAME = f"{PART_OF}-root"

ROLLOUT_S = 600
"""How long a workload may take to be ready: on a new machine it pulls its image first."""
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a bootstrap did, or would do."""

    environment: str
    server: str
    umbrella: str
    """Argo CD's own, and its namespace."""
    version: str
    dry_run: bool
    definitions: tuple[str, ...]
    objects: tuple[str, ...]
    left: tuple[str, ...]
    """Objects whose kind the cluster does not know yet: Argo CD makes them when the definition is there."""
    files: tuple[str, ...]
    """Of the deploy folder, applied last."""
    warnings: tuple[str, ...] = ()


def bootstrap(
    context: Context,
    environment: str,
    kubectl: Kubectl,
    *,
    dry_run: bool = False,
    files: Mapping[str, bytes] | None = None,
) -> Outcome:
    """Install Argo CD and hand it the environment; does nothing to what is right already.

    Args:
        context: the wiring.
        environment: one of the checkout's.
        kubectl: the cluster's administrator.
        dry_run: change nothing.
        files: used instead of those in `deploy/<environment>`.

    Raises:
        WorkspaceError: there are no pins for this environment, or they do not name Argo CD.
        ProblemsFound: a pin is not signed, and signing is on.
        RegistryError: what is pinned is not in the registry, or does not render.
        ToolFailed: the cluster does not answer, refuses an object, or a workload does not become ready.
    """
    with context.progress.step("prepare") as done:
        ready = prepare(context, environment, kubectl, files)
        done(f"{ready.pin.name} {ready.pin.version} for {ready.server}, Kubernetes {ready.kube_version}")
    definitions = tuple(item for item in ready.objects if item.kind == DEFINITION)
    rest = tuple(item for item in ready.objects if item.kind != DEFINITION)
    warnings = warnings_of(context)
    if not dry_run:
        apply_definitions(context, kubectl, definitions, ready)
    known = served(kubectl) | defined(definitions)
    now = tuple(item for item in rest if item.api_version in known)
    if not dry_run:
        apply_objects(context, kubectl, now, ready)
        apply_files(context, kubectl, ready)
    return Outcome(
        environment=environment,
        server=ready.server,
        umbrella=str(ready.pin.name),
        version=ready.pin.version,
        dry_run=dry_run,
        definitions=tuple(item.name for item in definitions),
        objects=tuple(item.title for item in now),
        left=tuple(item.title for item in rest if item.api_version not in known),
        files=(*applications.SYNCED, applications.ROOT),
        warnings=warnings,
    )


def warnings_of(context: Context) -> tuple[str, ...]:
    """What will not work later, though nothing is wrong now."""
    found = []
    if context.config.registry.host.startswith(("127.", "localhost")):
        found.append(
            f"{context.config.registry.base} is this machine's own address: pods of another one cannot reach it"
        )
    if not context.config.has_repository:
        found.append("repository-url in pyproject.toml is not your fork: Argo CD will not see new pins")
    return tuple(found)


# Changes


def apply_definitions(context: Context, kubectl: Kubectl, definitions: Sequence[Object], ready: Ready) -> None:
    """The namespace and the definitions, until the API server serves them.

    Raises:
        ToolFailed: the API server refuses one.
    """
    name = context.config.argocd_namespace
    with context.progress.step("define") as done:
        kubectl.apply(yaml.dump(ready.namespace), manager=OWN_MANAGER)
        if definitions:
            # Argo CD marks every object as its own but these.
            kubectl.apply(applications.documents([item.data for item in definitions]), manager=MANAGER)
            names = [item.name for item in definitions]
            if not wait_established(kubectl, names):
                where, fact = ", ".join(f"crd/{name}" for name in names), f"are not served after {ESTABLISH_S:g} s"
                raise ToolFailed(Problem(where=where, fact=fact, hint="run this again"))
        done(f"namespace {name}, {len(definitions)} definitions")


def apply_objects(context: Context, kubectl: Kubectl, objects: Sequence[Object], ready: Ready) -> None:
    """Argo CD, until its workloads are ready.

    Raises:
        ToolFailed: the API server refuses an object, or a workload does not become ready.
    """
    name = context.config.argocd_namespace
    with context.progress.step("install") as done:
        kubectl.apply(applications.documents([tracked(item.data, name, name) for item in objects]), manager=MANAGER)
        done(f"{len(objects)} objects of {ready.pin.name} {ready.pin.version}")
    workloads = [item for item in objects if item.kind in WORKLOADS]
    with context.progress.step("wait") as done:
        for item in workloads:
            what = f"{item.kind.lower()}/{item.name}"
            rollout = kubectl("rollout", "status", what, "-n", name, f"--timeout={ROLLOUT_S}s", ok_codes=None)
            if rollout.code:
                hint = f"kubectl --kubeconfig {kubectl.kubeconfig} -n {name} describe {what}; then run this again"
                evidence = tail(f"{rollout.stdout}\n{rollout.stderr}", 5)
                raise ToolFailed(Problem(where=what, fact="does not become ready", evidence=evidence, hint=hint))
        done(f"{len(workloads)} workloads ready")


def apply_files(context: Context, kubectl: Kubectl, ready: Ready) -> None:
    """The projects, the registry and the ApplicationSet as the root Application would, and the root Application.

    Raises:
        ToolFailed: the API server refuses one.
    """
    name = context.config.argocd_namespace
    with context.progress.step("hand over") as done:
        items = [item for file in applications.SYNCED for item in render.parse(decode(ready.files[file], file))]
        # The project first: an Application without one is in error until it is there.
        kubectl.apply(ready.files[applications.ROOT], manager=OWN_MANAGER)
        kubectl.apply(applications.documents([tracked(item.data, ROOT_NAME, name) for item in items]), manager=MANAGER)
        done(f"deploy/{ready.environment}")


def served(kubectl: Kubectl) -> set[str]:
    """Every `group/version` that the API server has."""
    return set(kubectl("api-versions").stdout.split())


def defined(definitions: Sequence[Object]) -> set[str]:
    """Every `group/version` that definitions bring."""
    found: set[str] = set()
    for item in definitions:
        versions = item.at("spec", "versions")
        names = [str(one["name"]) for one in versions] if isinstance(versions, list) else []
        found |= {f"{item.at('spec', 'group')}/{name}" for name in names}
    return found


def tracked(data: Data, application: str, namespace: str) -> dict[str, object]:
    """An object with the annotation by which Argo CD knows it as an Application's.

    Source: argo-cd v3.6.1 util/argo/resource_tracking.go, UnstructuredToAppInstanceValue.
    """
    metadata = dig(data, "metadata")
    group = str(data["apiVersion"]).rpartition("/")[0]
    where = f"{metadata.get('namespace') or namespace}/{metadata['name']}"
    mark = f"{application}:{group}/{data['kind']}:{where}"
    return {**data, "metadata": {**metadata, "annotations": {**dig(metadata, "annotations"), TRACKING: mark}}}


def text(outcome: Outcome) -> str:
    """What was done, and what to do next."""
    verb = "would install" if outcome.dry_run else "installed"
    lines = [f"{verb} {outcome.umbrella} {outcome.version} of {outcome.environment} in {outcome.server}"]
    if outcome.dry_run:
        lines += [f"    CustomResourceDefinition {name}" for name in outcome.definitions]
        lines += [f"    {title}" for title in outcome.objects]
        lines += [f"    deploy/{outcome.environment}/{name}" for name in outcome.files]
    lines += [f"left to Argo CD, which makes it when its kind is known: {title}" for title in outcome.left]
    lines += [f"warning: {warning}" for warning in outcome.warnings]
    if not outcome.dry_run:
        lines += [
            "Next:",
            f"    kubectl -n {outcome.umbrella} get applications        what Argo CD makes of the pins",
            f"    kubectl -n {outcome.umbrella} port-forward service/argocd-server 8080:80   http://localhost:8080, until Traefik is there",
        ]
    return "\n".join(lines)
