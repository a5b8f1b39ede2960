"""The programs of a lab: a control plane, Argo CD, and the real ones of `lab up --real`. Pure."""

from __future__ import annotations

from slipway.toolchain.gotool import GoTool

LAB_TOOLS: tuple[GoTool, ...] = (
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
)
