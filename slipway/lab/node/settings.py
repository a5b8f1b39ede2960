"""Files that the programs of a node read: container runtime, kubelet, pods' network, DNS. Pure.

The node is configured as k3s v1.37 configures it; where it differs, a comment says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from slipway.lab.node.home import RESOLVERS

DNS_SERVICE = "10.43.0.10"
"""Of k3s: the tenth address of the Services."""
PODS = IPv4Network("10.42.0.0/24")
"""Of the first node: flannel gives each node a /24 of `plan.PODS`."""
RUNTIME_SOCKET = "/run/containerd/containerd.sock"
PAUSE = "docker.io/rancher/mirrored-pause:3.10"
PORTS = {
    "etcd": 2379, "etcd-peer": 2380, "apiserver": 6443, "controller-manager": 10257, "scheduler": 10259,
    "registry": 5000, "kubelet": 10248, "kube-proxy": 10249, "kube-router": 20244, "containerd": 1338, "dns-health": 8053,
}  # fmt: skip
"""On the machines of the home; those of Kubernetes are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where things are on the node: the lab's folder is at the same place there."""

    folder: Path
    """Of the node's settings."""
    plugins: Path
    """Programs of the pods' network."""
    runc: Path

    @property
    def resolv_conf(self) -> Path:
        """Name server of the node."""
        return self.folder / "resolv.conf"


def containerd(paths: Paths) -> str:
    """containerd's configuration, version 3.

    Source: containerd v2.4.2 docs/cri/config.md.
    """
    return f"""\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs", "io.containerd.snapshotter.v1.zfs", "io.containerd.nri.v1.nri"]

[grpc]
  address = "{RUNTIME_SOCKET}"

[metrics]
  address = "127.0.0.1:{PORTS["containerd"]}"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{PAUSE}"

[plugins."io.containerd.cri.v1.runtime"]
  enable_selinux = false
  # The first process of a namespace may not lower the score of what it starts below its own.
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["{paths.plugins}"]
  conf_dir = "{paths.folder / "cni"}"
[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = "{paths.runc}"
"""


def network() -> str:
    """The pods' network: flannel's bridge, with the plugins that flannel delegates to."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isDefaultGateway": True,
        "hairpinMode": True,
        "ipMasq": True,
        "forceAddress": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": str(PODS)}]]},
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return encoded({"cniVersion": "1.0.0", "name": "cbr0", "plugins": plugins})


def kubelet(paths: Paths, ca: Path, cgroup: str) -> str:
    """The kubelet's configuration.

    Source: k3s v1.37 pkg/daemons/agent/agent.go, kubeletArgsAndConfig.
    """
    return encoded(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(ca)},
            },
            "authorization": {"mode": "Webhook"},
            "clusterDNS": [DNS_SERVICE],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": f"unix://{RUNTIME_SOCKET}",
            "cgroupDriver": "cgroupfs",
            # A machine may still have the first version; and its groups are not ours to divide: pods get one below our own.
            "failCgroupV1": False,
            "cgroupRoot": cgroup,
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            "evictionHard": {"imagefs.available": "1%", "nodefs.available": "1%"},
            "failSwapOn": False,
            # An image that is deleted on a full disk could not be pulled again.
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "healthzPort": PORTS["kubelet"],
            "protectKernelDefaults": False,
            "resolvConf": str(paths.resolv_conf),
            "serializeImagePulls": False,
            "staticPodPath": "",
        }
    )


def router_dns(domain: str, ingress: str) -> str:
    """The router's DNS: every name of our domain is Traefik, as an operator sets it; it asks the internet for others."""
    return f"""\
{domain}:53 {{
    template IN A {{
        answer "{{{{ .Name }}}} 60 IN A {ingress}"
    }}
    template IN AAAA {{
        rcode NOERROR
    }}
    errors
}}
.:53 {{
    health 127.0.0.1:{PORTS["dns-health"]}
    forward . {" ".join(map(str, RESOLVERS))}
    errors
}}
"""


def encoded(data: Mapping[str, object]) -> str:
    """JSON, which is YAML too."""
    return json.dumps(data, indent=2) + "\n"
