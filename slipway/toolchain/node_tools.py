"""The programs of a lab's node that are built from source: what k3s has in one program, and what its pods run."""

from __future__ import annotations

from slipway.toolchain.gotool import GoTool

COMMAND = "./inv lab up --node"
FOLDER = "tools/lab/node"

NODE_TOOLS: tuple[GoTool, ...] = (
    *(
        GoTool(
            name=name,
            purpose=purpose,
            module="k8s.io/kubernetes",
            package=f"k8s.io/kubernetes/cmd/{name}",
            stamp="k8s.io/component-base/version.gitVersion",
            version_args=("--version",),
            folder="tools/lab/kubernetes",
            command=COMMAND,
            cold_s=cold_s,
        )
        for name, purpose, cold_s in (
            ("kubelet", "starts the pods of the lab's node", 150),
            ("kube-proxy", "addresses of Services on the lab's node", 20),
        )
    ),
    *(
        GoTool(
            name=name,
            purpose=purpose,
            module="github.com/containerd/containerd/v2",
            package=f"github.com/containerd/containerd/v2/cmd/{name}",
            stamp="github.com/containerd/containerd/v2/version.Version",
            folder=f"{FOLDER}/containerd",
            command=COMMAND,
            cold_s=cold_s,
        )
        for name, purpose, cold_s in (
            ("containerd", "container runtime of the lab's node", 50),
            ("containerd-shim-runc-v2", "parent of the containers of a pod", 5),
            ("ctr", "imports images into the lab's node", 5),
        )
    ),
    GoTool(
        name="runc",
        purpose="starts the containers of the lab's node",
        module="github.com/opencontainers/runc",
        package="github.com/opencontainers/runc",
        tags="seccomp",
        # libseccomp is a C library.
        cgo=True,
        folder=f"{FOLDER}/runc",
        command=COMMAND,
        cold_s=20,
    ),
    *(
        GoTool(
            name=f"cni-{name}",
            purpose=purpose,
            module="github.com/containernetworking/plugins",
            package=f"github.com/containernetworking/plugins/plugins/{kind}/{name}",
            folder=f"{FOLDER}/cni",
            command=COMMAND,
            cold_s=5,
        )
        for name, kind, purpose in (
            ("bridge", "main", "joins pods to the network of their node"),
            ("loopback", "main", "loopback device of a pod"),
            ("host-local", "ipam", "addresses of pods"),
            ("portmap", "meta", "ports of the node that lead to pods"),
        )
    ),
    GoTool(
        name="kube-router",
        purpose="network policies of the lab's node, as k3s embeds it",
        module="github.com/cloudnativelabs/kube-router/v2",
        package="github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
        folder=f"{FOLDER}/kube-router",
        command=COMMAND,
        cold_s=60,
    ),
    *(
        GoTool(
            name=name,
            purpose=purpose,
            module="github.com/coredns/coredns",
            package=f"homelab/tools/lab/node/pods/{name}",
            folder=f"{FOLDER}/pods",
            command=COMMAND,
            cold_s=cold_s,
        )
        for name, purpose, cold_s in (
            ("coredns", "DNS of the cluster and of the home network", 60),
            ("stand-in", "runs in pods whose program cannot be had", 5),
        )
    ),
    GoTool(
        name="cert-manager",
        purpose="certificates on the lab's node: controller, webhook and cainjector",
        module="github.com/cert-manager/cert-manager",
        package="github.com/cert-manager/cert-manager/homelab",
        folder=f"{FOLDER}/cert-manager",
        command=COMMAND,
        cold_s=150,
    ),
    GoTool(
        name="internet",
        purpose="certificate authorities, the DNS provider and resolvers of the lab's node",
        module="github.com/letsencrypt/pebble/v2",
        package="homelab/tools/lab/node/internet",
        folder=f"{FOLDER}/internet",
        command=COMMAND,
        cold_s=20,
    ),
    GoTool(
        name="local-path-provisioner",
        purpose="volumes of the lab's node",
        module="github.com/rancher/local-path-provisioner",
        package="github.com/rancher/local-path-provisioner",
        folder=f"{FOLDER}/local-path-provisioner",
        command=COMMAND,
        cold_s=100,
    ),
    GoTool(
        name="blackbox-exporter",
        purpose="probes the routes of the lab's node",
        module="github.com/prometheus/blackbox_exporter",
        package="github.com/prometheus/blackbox_exporter",
        stamp="github.com/prometheus/common/version.Version",
        bare=True,
        version_args=("--version",),
        folder="tools/lab/blackbox-exporter",
        command=COMMAND,
        cold_s=40,
    ),
    GoTool(
        name="metallb-speaker",
        purpose="answers ARP for the addresses of Services",
        module="go.universe.tf/metallb",
        package="go.universe.tf/metallb/speaker",
        folder="tools/lab/metallb",
        command=COMMAND,
        cold_s=30,
    ),
)
