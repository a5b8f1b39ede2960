"""Every program that is built from source: what it is for, its Go package, and the module folder that pins it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.toolchain.gotool import GoTool
from slipway.toolchain.node_tools import NODE_TOOLS
from slipway.util.text import suggest

TOOLS: Mapping[str, GoTool] = {
    tool.name: tool
    for tool in (
        GoTool(
            name="helm",
            purpose="renders, lints and packs the charts",
            module="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            stamp="helm.sh/helm/v4/internal/version.version",
            version_args=("version", "--template", "{{.Version}}"),
            cold_s=120,
        ),
        GoTool(
            name="ct",
            purpose="checks the changed charts as chart-testing does",
            module="github.com/helm/chart-testing/v3",
            package="github.com/helm/chart-testing/v3/ct",
            stamp="github.com/helm/chart-testing/v3/ct/cmd.Version",
            version_args=("version",),
            cold_s=30,
        ),
        GoTool(
            name="kubeconform",
            purpose="checks rendered objects against the Kubernetes schemas",
            module="github.com/yannh/kubeconform",
            package="github.com/yannh/kubeconform/cmd/kubeconform",
            stamp="main.version",
            version_args=("-v",),
            cold_s=10,
        ),
        GoTool(
            name="gitleaks",
            purpose="finds the tokens of the usual providers in the sources",
            module="github.com/zricethezav/gitleaks/v8",
            package="github.com/zricethezav/gitleaks/v8",
            stamp="github.com/zricethezav/gitleaks/v8/version.Version",
            version_args=("version",),
            # Not beside helm and ct: it requires other libraries than they do.
            folder="tools/secrets",
            cold_s=20,
        ),
        GoTool(
            name="registry",
            purpose="the embedded OCI registry, whose tags never move",
            module="github.com/distribution/distribution/v3",
            # Without a version: the registry of this name on PATH would let everyone move a tag.
            package="homelab/tools/release/registry",
            stamp="github.com/distribution/distribution/v3/version.version",
            command="./inv registry start",
            cold_s=90,
        ),
        GoTool(
            name="controller-gen",
            purpose="generates CustomResourceDefinitions from Go types",
            module="sigs.k8s.io/controller-tools",
            package="sigs.k8s.io/controller-tools/cmd/controller-gen",
            folder="tools/crds",
            command="./inv crds --check",
            cold_s=40,
        ),
        GoTool(
            name="crowdsec-check",
            purpose="parses CrowdSec's configuration with CrowdSec's code",
            module="github.com/crowdsecurity/crowdsec",
            package="homelab/tools/checks/crowdsec/crowdsec-check",
            folder="tools/checks/crowdsec",
            command="./inv test --tier charts",
            cold_s=60,
        ),
        GoTool(
            name="external-dns-flags",
            purpose="parses external-dns' settings with its code, without the clients of the providers",
            module="sigs.k8s.io/external-dns",
            package="homelab/tools/checks/external-dns/external-dns-flags",
            folder="tools/checks/external-dns",
            command="./inv test --tier charts",
            cold_s=30,
        ),
        GoTool(
            name="promtool",
            purpose="checks Prometheus' configuration, and runs unit tests of rules",
            module="github.com/prometheus/prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            # Without it the clients of every cloud are compiled in, and one of their modules is missing.
            tags="remove_all_sd",
            folder="tools/checks",
            command="./inv test --tier charts",
            cold_s=60,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="github.com/prometheus/alertmanager",
                package=package,
                # Not beside promtool: it requires newer libraries than promtool.
                folder="tools/alertmanager",
                command="./inv test --tier charts",
                cold_s=cold_s,
            )
            for name, purpose, package, cold_s in (
                ("amtool", "checks Alertmanager's configuration", "github.com/prometheus/alertmanager/cmd/amtool", 50),
                ("inhibited", "lists the alerts that Alertmanager inhibits", "homelab/tools/alertmanager/inhibited", 5),
            )
        ),
        GoTool(
            name="loki",
            purpose="reads its configuration, and runs queries over log lines",
            module="github.com/grafana/loki/v3",
            package="github.com/grafana/loki/v3/cmd/loki",
            stamp="github.com/grafana/loki/v3/pkg/util/build.Version",
            bare=True,
            version_args=("-version",),
            folder="tools/checks/loki",
            command="./inv test --lab",
            cold_s=400,
        ),
        GoTool(
            name="logql",
            purpose="parses LogQL queries with Loki's parser",
            module="github.com/grafana/loki/v3",
            package="homelab/tools/checks/loki/logql",
            folder="tools/checks/loki",
            command="./inv test --tier charts",
            cold_s=10,
        ),
        GoTool(
            name="alloycheck",
            purpose="parses Alloy's configuration with Alloy's parser",
            module="github.com/grafana/alloy/syntax",
            package="homelab/tools/checks/alloy/alloycheck",
            folder="tools/checks/alloy",
            command="./inv test --tier charts",
            cold_s=20,
        ),
        GoTool(
            name="restic",
            purpose="backs up volumes and restores them",
            module="github.com/restic/restic",
            package="github.com/restic/restic/cmd/restic",
            version_args=("version",),
            folder="tools/backup",
            command="./inv test --tier charts",
            cold_s=90,
        ),
        GoTool(
            name="cosign",
            purpose="signs and verifies charts in a registry: keyless, and as the judge of the signatures that we make",
            module="github.com/sigstore/cosign/v3",
            package="github.com/sigstore/cosign/v3/cmd/cosign",
            stamp="sigs.k8s.io/release-utils/version.gitVersion",
            version_args=("version",),
            folder="tools/signing",
            command="./inv test --tier release",
            cold_s=130,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="k8s.io/kubernetes",
                package=f"k8s.io/kubernetes/cmd/{name}",
                stamp="k8s.io/component-base/version.gitVersion",
                version_args=ask,
                folder="tools/lab/kubernetes",
                command="./inv lab up",
                cold_s=cold_s,
            )
            for name, purpose, ask, cold_s in (
                ("kube-apiserver", "the lab's Kubernetes API", ("--version",), 180),
                ("kube-controller-manager", "the lab's controllers", ("--version",), 60),
                ("kube-scheduler", "the lab's scheduler", ("--version",), 30),
                ("kubectl", "client of the lab's API server", ("version", "--client"), 50),
            )
        ),
        GoTool(
            name="etcd",
            purpose="stores the objects of the lab",
            module="go.etcd.io/etcd/server/v3",
            package="go.etcd.io/etcd/server/v3",
            version_args=("--version",),
            folder="tools/lab/etcd",
            command="./inv lab up",
            cold_s=20,
        ),
        GoTool(
            name="kwok",
            purpose="simulates the nodes and pods of the lab",
            module="sigs.k8s.io/kwok",
            package="sigs.k8s.io/kwok/cmd/kwok",
            version_args=("--version",),
            folder="tools/lab/kwok",
            command="./inv lab up",
            cold_s=60,
        ),
        GoTool(
            name="argocd",
            purpose="Argo CD, every component of it, for the lab",
            module="github.com/argoproj/argo-cd/v3",
            package="github.com/argoproj/argo-cd/v3/cmd",
            stamp="github.com/argoproj/argo-cd/v3/common.version",
            bare=True,
            version_args=("version", "--client", "--short"),
            folder="tools/lab/argocd",
            command="./inv lab up",
            cold_s=290,
        ),
        GoTool(
            name="redis",
            purpose="Argo CD's cache, in memory",
            module="github.com/alicebob/miniredis/v2",
            package="homelab/tools/lab/argocd/redis",
            stamp="main.version",
            version_args=("--version",),
            folder="tools/lab/argocd",
            command="./inv lab up",
            cold_s=5,
        ),
        GoTool(
            name="prometheus",
            purpose="the real Prometheus of a lab, which finds its targets at the API server",
            module="github.com/prometheus/prometheus",
            package="github.com/prometheus/prometheus/cmd/prometheus",
            # Without every cloud's client, as promtool; but with that of Kubernetes.
            tags="remove_all_sd,enable_kubernetes_sd",
            folder="tools/lab/prometheus",
            command="./inv lab up --real prometheus",
            cold_s=90,
        ),
        GoTool(
            name="kube-state-metrics",
            purpose="the real kube-state-metrics of a lab",
            module="k8s.io/kube-state-metrics/v2",
            package="k8s.io/kube-state-metrics/v2",
            folder="tools/lab/kube-state-metrics",
            command="./inv lab up --real kube-state-metrics",
            cold_s=60,
        ),
        GoTool(
            name="node-exporter",
            purpose="the real node-exporter of a lab",
            module="github.com/prometheus/node_exporter",
            package="github.com/prometheus/node_exporter",
            stamp="github.com/prometheus/common/version.Version",
            bare=True,
            version_args=("--version",),
            folder="tools/lab/node-exporter",
            command="./inv lab up --real node-exporter",
            cold_s=20,
        ),
        GoTool(
            name="metallb",
            purpose="the real controller of MetalLB of a lab",
            module="go.universe.tf/metallb",
            package="go.universe.tf/metallb/controller",
            folder="tools/lab/metallb",
            command="./inv lab up --real metallb",
            cold_s=90,
        ),
        GoTool(
            name="external-dns",
            purpose="the real external-dns of a lab, without the clients of the providers",
            module="sigs.k8s.io/external-dns",
            package="homelab/tools/lab/external-dns",
            folder="tools/lab/external-dns",
            command="./inv lab up --real external-dns",
            cold_s=160,
        ),
        *(
            GoTool(
                name=name,
                purpose=purpose,
                module="github.com/bitnami/sealed-secrets",
                package=f"github.com/bitnami/sealed-secrets/cmd/{program}",
                stamp="main.VERSION",
                bare=True,
                version_args=("--version",),
                folder="tools/lab/sealed-secrets",
                command="./inv lab up --real sealed-secrets",
                cold_s=30,
            )
            for name, program, purpose in (
                ("sealed-secrets", "controller", "the real controller of sealed-secrets of a lab"),
                ("kubeseal", "kubeseal", "decrypts what `inv seal` has encrypted, as the controller does"),
            )
        ),
        *NODE_TOOLS,
    )
}


def tool_of(name: str) -> GoTool:
    """The entry of a program.

    Raises:
        WorkspaceError: there is none.
    """
    if name not in TOOLS:
        fact, hint = f"there is no tool {name!r}", suggest(name, tuple(TOOLS), otherwise="use")
        raise WorkspaceError(Problem(where="[tool.slipway.tools]", fact=fact, hint=hint))
    return TOOLS[name]
