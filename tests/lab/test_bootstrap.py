"""A bare control plane becomes one with Argo CD in it, and a second bootstrap finds nothing to change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from slipway.cluster.apply import MANAGER
from slipway.context import Context
from slipway.delivery import bootstrap
from slipway.delivery.bootstrap import Outcome
from slipway.gitops.pins import write_deploy_folder
from slipway.lab import lab, provide
from slipway.lab.place import Place, place_of
from slipway.lab.plan import Extent
from slipway.tools.kubectl import Data, Kubectl
from slipway.util import yaml
from slipway.util.mapping import dig
from slipway.workspace.pinned import PINS, deploy_folder
from testing import cluster
from testing.cluster import Platform
from testing.product import product_context

KINDS = (
    "serviceaccounts", "roles", "rolebindings", "networkpolicies", "configmaps", "services", "deployments", "statefulsets",
    "secrets", "appprojects", "applications", "applicationsets", "clusterroles", "clusterrolebindings",
    "customresourcedefinitions", "namespaces",
)  # fmt: skip
OURS = (MANAGER, bootstrap.OWN_MANAGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrapped:
    """A cluster after its first bootstrap."""

    context: Context
    kubectl: Kubectl
    preview: Outcome
    """Of the dry run before it."""
    previewed: bool
    """Whether the dry run left the cluster without the namespace."""
    first: Outcome

    def again(self) -> Outcome:
        """Another bootstrap."""
        return bootstrap.bootstrap(self.context, "staging", self.kubectl)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, no_settings_of_the_user: None) -> Iterator[Place]:
    """A control plane with a node, and a registry: no definitions, and nothing in it."""
    made = place_of(tmp_path_factory.mktemp("bare"))
    lab.start(product_context(), made, attached=True, extent=Extent.BARE, definitions=())
    lab.wait_ready(made)
    yield made
    lab.stop(made)


@pytest.fixture(scope="module")
def here(bare: Place, tmp_path_factory: pytest.TempPathFactory) -> Bootstrapped:
    """This repository's staging, published and pinned, and its bootstrap run once."""
    platform: Platform = cluster.checkout(tmp_path_factory.mktemp("checkout") / "homelab", bare)
    pins = platform.publish(secrets=False)
    handle = platform.lab
    write_deploy_folder(handle.context.config, "staging", lab.files_of(handle, pins))
    preview = bootstrap.bootstrap(handle.context, "staging", handle.kubectl, dry_run=True)
    previewed = handle.kubectl.find("namespace", "argocd") is None
    # In a cluster, a program in a pod of Argo CD makes the Secret that its other pods wait for.
    provide.provide_secrets(handle)
    first = bootstrap.bootstrap(handle.context, "staging", handle.kubectl)
    return Bootstrapped(
        context=handle.context, kubectl=handle.kubectl, preview=preview, previewed=previewed, first=first
    )


def test_a_dry_run_tells_what_would_be_applied_and_changes_nothing(here: Bootstrapped) -> None:
    assert here.previewed
    assert here.preview == replace(here.first, dry_run=True)
    assert "Deployment argocd-server" in here.preview.objects


def test_every_workload_is_ready_and_every_definition_is_served(here: Bootstrapped) -> None:
    workloads = here.kubectl.items("deployments,statefulsets", "-n", "argocd")

    names = sorted(str(dig(item, "metadata")["name"]) for item in workloads)
    assert names == [
        "argocd-application-controller", "argocd-applicationset-controller", "argocd-redis", "argocd-repo-server",
        "argocd-server",
    ]  # fmt: skip
    assert all(dig(item, "status").get("readyReplicas") == 1 for item in workloads)
    assert set(here.first.definitions) == {
        f"{kind}.argoproj.io" for kind in ("applications", "applicationsets", "appprojects")
    }


def test_the_namespace_enforces_what_the_umbrella_declares(here: Bootstrapped) -> None:
    labels = dig(here.kubectl.find("namespace", "argocd") or {}, "metadata", "labels")

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_kind_that_comes_with_another_umbrella_is_left_to_argo_cd(here: Bootstrapped) -> None:
    assert here.first.left == ("IngressRoute argocd-server",)


def test_the_environment_is_handed_over_and_argo_cd_is_one_of_its_elements(here: Bootstrapped) -> None:
    sets = here.kubectl.items("applicationsets", "-n", "argocd")
    applications = here.kubectl.items("applications", "-n", "argocd")
    projects = {str(dig(item, "metadata")["name"]) for item in here.kubectl.items("appprojects", "-n", "argocd")}

    (generator,) = dig(sets[0], "spec")["generators"]
    assert "argocd" in {element["name"] for element in generator["list"]["elements"]}
    assert [dig(item, "metadata")["name"] for item in applications] == ["homelab-root", "homelab-sealed-secrets"]
    assert {"argocd", "htpc", "homelab-root"} <= projects
    assert here.kubectl.find("secret", "homelab-registry", "-n", "argocd") is not None


def test_argo_cd_owns_what_it_will_manage_and_knows_it_as_its_own(here: Bootstrapped) -> None:
    server = here.kubectl.find("deployment", "argocd-server", "-n", "argocd", "--show-managed-fields")
    role = here.kubectl.find("clusterrole", "argocd-argocd-server-cluster")
    assert server is not None
    assert role is not None

    metadata = dig(server, "metadata")
    applied = {entry["manager"] for entry in metadata["managedFields"] if entry["operation"] == "Apply"}
    assert applied == {"argocd-controller"}
    tracked = dig(server, "metadata", "annotations")["argocd.argoproj.io/tracking-id"]
    assert tracked == "argocd:apps/Deployment:argocd/argocd-server"
    # An object of the cluster counts as one of the Application's namespace.
    tracked = dig(role, "metadata", "annotations")["argocd.argoproj.io/tracking-id"]
    assert tracked == "argocd:rbac.authorization.k8s.io/ClusterRole:argocd/argocd-argocd-server-cluster"


def test_a_second_bootstrap_changes_nothing_and_keeps_what_argo_cd_wrote(here: Bootstrapped) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "argocd-secret", "namespace": "argocd"},
        "stringData": {"server.secretkey": "written by the server"},
    }
    here.kubectl.apply(yaml.dump(secret), manager="argocd-server")
    before = applied_state(here.kubectl)

    assert here.again() == here.first

    assert applied_state(here.kubectl) == before
    kept = here.kubectl.find("secret", "argocd-secret", "-n", "argocd") or {}
    assert set(dig(kept, "data")) == {"server.secretkey"}
    assert dig(kept, "metadata", "labels")["app.kubernetes.io/part-of"] == "argocd"


def test_where_argo_cd_manages_itself_a_bootstrap_changes_none_of_its_objects(homelab: Platform) -> None:
    context, kubectl = homelab.lab.context, homelab.kubectl
    write_deploy_folder(context.config, "staging", lab.deploy_files(homelab.lab))

    def its_own() -> Mapping[str, object]:
        found = applied_state(kubectl)
        names = {f"{item.kind.lower()}s/{item.name}" for item in homelab.rendered("argocd")}
        return {name: state for name, state in found.items() if name in names - {"namespaces/argocd"}}

    before = its_own()
    outcome = bootstrap.bootstrap(context, "staging", kubectl)

    assert outcome.left == ()
    # Network policies have an irregular plural.
    assert len(before) > 25
    after = its_own()
    # The lab itself applied the definitions, so Argo CD did not have to.
    assert {name.partition("/")[0] for name in set(after) - set(before)} <= {"customresourcedefinitions"}
    assert {name: after[name] for name in before} == before
    assert homelab.application("argocd").healthy


def applied_state(kubectl: Kubectl) -> Mapping[str, object]:
    """What was applied, by object: its generation, labels and data, and when each manager of ours last changed it."""
    found: dict[str, object] = {}
    for kind in KINDS:
        for item in kubectl.items(kind, "-A", "--show-managed-fields"):
            metadata = dig(item, "metadata")
            times = [
                (entry["manager"], str(entry.get("time")))
                for entry in metadata.get("managedFields", ())
                if entry["manager"] in OURS
            ]
            if times:
                found[f"{kind}/{metadata['name']}"] = (facts(item), sorted(times))
    assert len(found) > 40
    return found


def facts(item: Data) -> object:
    """Of an object, what nobody but its owner changes."""
    metadata = dig(item, "metadata")
    return [
        metadata.get("uid"),
        metadata.get("generation"),
        metadata.get("labels"),
        metadata.get("annotations"),
        item.get("data"),
    ]


def test_the_files_are_those_of_the_deploy_folder(here: Bootstrapped, tmp_path: Path) -> None:
    folder_of_env = deploy_folder(here.context.config, "staging")

    assert set(here.first.files) | {PINS} == {path.name for path in folder_of_env.iterdir()}
