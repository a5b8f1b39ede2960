"""The bootstrap up to the cluster's edge: what it refuses, what it asks of kubectl and in which order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

from slipway.build.archive import pack_archive
from slipway.context import Context, open_context
from slipway.core.errors import RegistryError, ToolFailed, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.delivery import bootstrap, prepare
from slipway.delivery.bootstrap import Outcome
from slipway.gitops import applications, pins
from slipway.registry.manifest import sha256
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed
from slipway.util.progress import Progress
from slipway.workspace.annotations import NamespaceAnnotations
from slipway.workspace.pinned import PINS, deploy_folder
from testing.monorepo import Monorepo

RENDERED = """\
---
# Source: argocd/crds/argoproj.io.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec: {group: argoproj.io, versions: [{name: v1alpha1}]}
---
# Source: argocd/templates/all.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, namespace: argocd, annotations: {a: b}}
---
# Source: argocd/templates/all.yaml
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: argocd-server, namespace: argocd}
"""
SERVED = "v1\napps/v1\napiextensions.k8s.io/v1\n"
VERSION = json.dumps({"gitVersion": "v1.37.2+k3s1"})
ESTABLISHED = {"kind": "List", "items": [{"status": {"conditions": [{"type": "Established", "status": "True"}]}}]}
ARCHIVE = pack_archive({"argocd/Chart.yaml": b"name: argocd\n", "argocd/values-staging.yaml": b"{}\n"})


@dataclass(kw_only=True)
class Recorder:
    """A runner that answers as a cluster and helm would, and remembers what it was asked."""

    version: str = VERSION
    rollout: int = 0
    commands: list[Command] = field(default_factory=list)

    def __call__(self, command: Command) -> Completed:
        """Answer a command."""
        self.commands.append(command)
        code, message = self.answer(command.argv)
        done = Completed(argv=command.argv, code=code, stdout=message, stderr="" if code == 0 else "no", seconds=0.0)
        assert code == 0 or command.ok_codes is None
        return done

    def answer(self, argv: Sequence[str]) -> tuple[int, str]:
        """Exit code and output."""
        if argv[0].endswith("helm-batch"):
            # It leaves every call to helm.
            return 3, ""
        if argv[1] == "template":
            namespace = argv[argv.index("--namespace") + 1]
            return 0, RENDERED.replace("namespace: argocd", f"namespace: {namespace}")
        if "/version" in argv:
            return (0, self.version) if self.version else (1, "")
        if "rollout" in argv:
            return self.rollout, "waiting"
        if "api-versions" in argv:
            return 0, SERVED
        if argv[3] == "config":
            return 0, "https://cluster.example.org:6443"
        return 0, json.dumps(ESTABLISHED) if argv[3] == "get" else ""

    @property
    def verbs(self) -> list[str]:
        """What kubectl was asked for, in order."""
        return [command.argv[3] for command in self.commands if command.argv[0].endswith("kubectl")]

    def applied(self) -> list[tuple[str, list[dict[str, object]]]]:
        """Field manager and objects of each apply."""
        return [
            (command.argv[command.argv.index("--field-manager") + 1], list(yaml.safe_load_all(command.stdin or b"")))
            for command in self.commands
            if "apply" in command.argv
        ]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def context(tmp_path: Path, recorder: Recorder) -> Context:
    """A monorepo whose registry is only an address; nothing is pinned."""
    repo = Monorepo(root=tmp_path)
    repo.configure(registry="oci://registry.example.org/charts", repository_url="https://git.home/homelab.git")
    made = open_context(tmp_path, {}, run=recorder, progress=Progress(quiet=True))
    made.__dict__["helm"] = replace(made.helm, program=lambda: Path("helm"))
    return made


@pytest.fixture
def kubectl(recorder: Recorder, tmp_path: Path) -> Kubectl:
    return Kubectl(run=recorder, program=lambda: Path("kubectl"), kubeconfig=tmp_path / "kubeconfig")


def pinned(context: Context, *names: str) -> None:
    """Write deploy/staging with these umbrellas."""
    members = [
        applications.PinnedUmbrella(
            pin=Pin(name=ChartName(name), version="1.2.3", manifest=sha256(b"x"), input_digest=sha256(b"y")),
            annotations=NamespaceAnnotations(sync_step=10),
        )
        for name in names
    ]
    pins.write_deploy_folder(context.config, "staging", applications.files(context.config, "staging", members))


class Held:
    """A registry that has one archive under every digest, and remembers which it was asked for."""

    def __init__(self, archive: bytes | None = ARCHIVE) -> None:
        self.content, self.asked = archive, list[tuple[str, str]]()

    def archive(self, name: str, reference: str) -> bytes | None:
        """An archive by digest."""
        self.asked.append((name, reference))
        return self.content


def run(context: Context, kubectl: Kubectl, held: Held | None = None, *, dry_run: bool = False) -> Outcome:
    """A bootstrap of staging from this registry."""
    context.__dict__["registry"] = held or Held()
    return bootstrap.bootstrap(context, "staging", kubectl, dry_run=dry_run)


def test_without_pins_the_cluster_is_not_asked(context: Context, kubectl: Kubectl, recorder: Recorder) -> None:
    with pytest.raises(WorkspaceError, match=r"deploy/staging: is not there: nothing is pinned yet\n.*\./inv release"):
        run(context, kubectl)

    assert recorder.commands == []


def test_pins_without_argo_cd_are_refused(context: Context, kubectl: Kubectl, recorder: Recorder) -> None:
    pinned(context, "htpc", "infra")

    with pytest.raises(WorkspaceError, match=r"pins.yaml: does not pin argocd\n    pinned: htpc, infra\n"):
        run(context, kubectl)

    assert recorder.commands == []


def test_pins_of_another_registry_are_refused(context: Context, kubectl: Kubectl) -> None:
    pinned(context, "argocd")
    path = deploy_folder(context.config, "staging") / PINS
    path.write_text(path.read_text(encoding="utf-8").replace("registry.example.org", "ghcr.io"), encoding="utf-8")

    with pytest.raises(WorkspaceError, match="is of another registry than the settings"):
        run(context, kubectl)


def test_a_cluster_that_does_not_answer_is_reported_with_its_kubeconfig(
    context: Context, kubectl: Kubectl, recorder: Recorder
) -> None:
    pinned(context, "argocd")
    recorder.version = ""

    with pytest.raises(ToolFailed, match=r"kubeconfig: the cluster does not answer\n    no\n    hint: .*--kubeconfig"):
        run(context, kubectl)

    assert recorder.applied() == []


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (Held(None), r"argocd: 1.2.3 \(sha256:.*\) is missing"),
        (Held(pack_archive({"argocd/Chart.yaml": b""})), "the published package has no values-staging.yaml"),
    ],
)
def test_a_package_that_argo_cd_could_not_take_is_refused(
    context: Context, kubectl: Kubectl, held: Held, message: str
) -> None:
    pinned(context, "argocd")

    with pytest.raises(RegistryError, match=message):
        run(context, kubectl, held)


def test_the_pinned_digest_is_rendered_for_the_clusters_version(
    context: Context, kubectl: Kubectl, recorder: Recorder
) -> None:
    pinned(context, "argocd")
    held = Held()

    run(context, kubectl, held)

    assert held.asked == [("argocd", sha256(b"x"))]
    (argv,) = (command.argv for command in recorder.commands if "template" in command.argv)
    assert argv[argv.index("--kube-version") + 1] == "1.37.2"
    assert argv[argv.index("--values") + 1].endswith("/argocd/values-staging.yaml")
    assert "--include-crds" in argv


def test_definitions_come_before_the_rest_and_the_deploy_folder_last(
    context: Context, kubectl: Kubectl, recorder: Recorder
) -> None:
    pinned(context, "argocd")

    outcome = run(context, kubectl)

    assert recorder.verbs == [
        "get", "config", "apply", "apply", "get", "api-versions", "apply", "rollout", "apply", "apply",
    ]  # fmt: skip
    kinds = [(manager, [item["kind"] for item in items]) for manager, items in recorder.applied()]
    assert kinds == [
        ("slipway", ["Namespace"]),
        ("argocd-controller", ["CustomResourceDefinition"]),
        ("argocd-controller", ["Deployment"]),
        ("slipway", ["AppProject", "Application"]),
        ("argocd-controller", ["AppProject", "ApplicationSet", "Secret", "AppProject", "Application"]),
    ]
    assert outcome.left == ("IngressRoute argocd-server",)
    assert outcome.warnings == ()


def test_the_namespace_is_that_of_the_application_set(context: Context, kubectl: Kubectl, recorder: Recorder) -> None:
    pinned(context, "argocd", "htpc")

    run(context, kubectl)

    ((_, (namespace,)), *_) = recorder.applied()
    assert namespace["metadata"] == {
        "name": "argocd",
        "labels": {
            "app.kubernetes.io/part-of": "homelab",
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        },
        "annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
    }


def test_a_dry_run_reads_only(context: Context, kubectl: Kubectl, recorder: Recorder) -> None:
    pinned(context, "argocd")

    outcome = run(context, kubectl, dry_run=True)

    assert recorder.verbs == ["get", "config", "api-versions"]
    assert "would install argocd 1.2.3 of staging in https://cluster.example.org:6443" in bootstrap.text(outcome)


def test_a_workload_that_does_not_become_ready_is_named(context: Context, kubectl: Kubectl, recorder: Recorder) -> None:
    pinned(context, "argocd")
    recorder.rollout = 1

    with pytest.raises(ToolFailed, match=r"deployment/argocd-server: does not become ready\n    waiting\n"):
        run(context, kubectl)

    # Nothing is handed over to an Argo CD that does not run.
    assert len(recorder.applied()) == 3


def test_tracking_adds_one_annotation_and_leaves_the_original_alone() -> None:
    data = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "namespace": "b", "annotations": {"c": "d"}},
    }

    made = bootstrap.tracked(data, "argocd", "argocd")

    assert made["metadata"] == {
        "name": "a",
        "namespace": "b",
        "annotations": {"c": "d", "argocd.argoproj.io/tracking-id": "argocd:/Secret:b/a"},
    }
    assert data["metadata"] == {"name": "a", "namespace": "b", "annotations": {"c": "d"}}


def test_the_kubeconfig_is_the_named_one_then_that_of_the_variable_then_the_users(tmp_path: Path) -> None:
    named, variable, home = tmp_path / "named", tmp_path / "variable", tmp_path / "home/.kube/config"
    home.parent.mkdir(parents=True)
    for path in (named, variable, home):
        path.touch()
    environ = {"KUBECONFIG": str(variable), "HOME": str(tmp_path / "home")}

    assert prepare.kubeconfig_of(environ, str(named)) == named
    assert prepare.kubeconfig_of(environ, "") == variable
    assert prepare.kubeconfig_of({"HOME": str(tmp_path / "home")}, "") == home
    with pytest.raises(WorkspaceError, match=r"--kubeconfig: .*/none is not a file"):
        prepare.kubeconfig_of(environ, str(tmp_path / "none"))


def test_another_namespace_of_argo_cd_is_used_everywhere(
    context: Context, recorder: Recorder, kubectl: Kubectl
) -> None:
    helm = context.helm
    context = replace(context, config=replace(context.config, argocd_namespace="gitops"))
    context.__dict__["helm"] = helm
    pinned(context, "gitops")

    outcome = run(context, kubectl, Held(pack_archive({"gitops/Chart.yaml": b"", "gitops/values-staging.yaml": b""})))

    told = bootstrap.text(outcome)
    assert "kubectl -n gitops get applications" in told
    assert "kubectl -n gitops port-forward" in told
    assert "installed gitops 1.2.3" in told
    assert "argocd " not in told
    for _, objects in recorder.applied():
        spaces = {item["metadata"].get("namespace", "gitops") for item in objects}
        assert spaces <= {"gitops", "kube-system"}, objects
    commands = [command.argv for command in recorder.commands if "-n" in command.argv]
    assert {argv[argv.index("-n") + 1] for argv in commands} == {"gitops"}
    (rendered,) = (command.argv for command in recorder.commands if "template" in command.argv)
    assert rendered[rendered.index("--namespace") + 1] == "gitops"
