"""Components of a lab with a real node: machines, control plane, node, home. Pure.

Each program runs on one of the machines of `home.py`: those of the control plane have only its network, so that they read
this machine's files; those of the node have everything of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.lab import plan
from slipway.lab.component import Component
from slipway.lab.node import internet
from slipway.lab.node.home import WEB, Home, Machine
from slipway.lab.node.settings import PORTS, RUNTIME_SOCKET
from slipway.lab.operators.roles import OF_A_REAL_NODE
from slipway.toolchain.toolbox import CHECKOUT
from slipway.tools.process import LOOPBACK

SERVER = "server"
"""Name of the node and of its machine."""
START_S = 120.0
"""How long a program of the node may take to be ready: unpacking the images takes most of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeParts:
    """What the components are made from."""

    cluster: plan.Parts
    home: Home
    machines: Mapping[str, Machine]
    settings: Path
    """Folder with the files of the node's programs."""
    images: Path
    """What `archive.py` writes an archive from."""
    doors: Mapping[str, tuple[int, str, str]]
    """Name → port of the loopback address here, machine, and `host:port` there."""

    def program(self, name: str) -> str:
        """One program."""
        return self.cluster.program(name)

    def on(self, machine: str, argv: tuple[str, ...], *, everything: bool = False) -> tuple[str, ...]:
        """A program on a machine: with its network only, or with everything of it."""
        what = "all" if everything else "net"
        return (sys.executable, "-m", "slipway.lab.node.enter", self.machines[machine].folder, what, *argv)

    def netns(self, machine: str) -> str:
        """Where a question to a server of a machine is asked from."""
        return str(self.machines[machine].namespace("net"))


DEVICES = json.dumps(
    {
        "status": {
            "capacity": dict.fromkeys(("gpu.intel.com/i915", "gpu.intel.com/xe", "amd.com/gpu", "nvidia.com/gpu"), "4"),
        }
    }
)
"""Shares of each kind that a chart may ask for, without a device behind them."""
ENV = {"PYTHONPATH": str(CHECKOUT)}


def components(parts: NodeParts) -> tuple[Component, ...]:
    """Everything that such a lab runs, in the order of its dependencies."""
    return (
        *(machine(item) for item in parts.machines.values()),
        doors(parts),
        *control_plane(parts),
        *plan.inhabitants(
            parts.cluster, OF_A_REAL_NODE, on=lambda argv: parts.on(SERVER, argv), netns=parts.netns(SERVER)
        ),
        *node(parts),
        *home(parts),
    )


def machine(item: Machine) -> Component:
    """A machine of the home, after those that its cables lead to."""
    return Component(
        name=f"machine-{item.name}",
        purpose=f"network and files of {item.name}",
        argv=(sys.executable, "-m", "slipway.lab.node.machine", f"{item.folder}/machine.json"),
        env=ENV,
        after=tuple(f"machine-{cable.other}" for cable in item.cables),
        ready=f"file://{item.ready}",
        carries=True,
    )


def doors(parts: NodeParts) -> Component:
    """Ports of this machine that lead to servers of the home."""
    listed = (f"{LOOPBACK}:{port}={parts.netns(machine_name)}={to}" for port, machine_name, to in parts.doors.values())
    return Component(
        name="doors",
        purpose="ports of this machine that lead to the API server and to the registry",
        argv=(sys.executable, "-m", "slipway.lab.node.doors", *listed),
        env=ENV,
        after=tuple(f"machine-{name}" for name in parts.machines),
        ready=f"tcp://{LOOPBACK}:{next(iter(parts.doors.values()))[0]}",
    )


def control_plane(parts: NodeParts) -> tuple[Component, ...]:
    """The programs of every lab, on the node's network, as k3s runs them."""
    pki, address = parts.cluster.pki, str(parts.home.server)
    extra: Mapping[str, tuple[str, ...]] = {
        "kube-apiserver": (
            *("--bind-address=0.0.0.0", f"--advertise-address={address}", "--endpoint-reconciler-type=lease"),
            f"--kubelet-client-certificate={pki.client_certificate}",
            f"--kubelet-client-key={pki.client_key}",
            *("--kubelet-preferred-address-types=InternalIP", "--enable-admission-plugins=NodeRestriction"),
            f"--client-ca-file={pki.ca}",
        ),
        "kube-controller-manager": ("--allocate-node-cidrs=true", f"--cluster-cidr={plan.PODS}"),
    }
    return tuple(
        replace(
            item,
            argv=parts.on(SERVER, (*item.argv, *extra.get(item.name, ()))),
            env={**item.env, **ENV},
            after=item.after or (f"machine-{SERVER}",),
            netns=parts.netns(SERVER),
        )
        for item in plan.control_plane(parts.cluster)
    )


def node(parts: NodeParts) -> tuple[Component, ...]:
    """Container runtime, kubelet, Services and network policies."""
    settings, address = parts.settings, str(parts.home.server)
    path = ":".join(
        dict.fromkeys(
            [str(Path(parts.program(name)).parent) for name in ("containerd-shim-runc-v2", "runc")]
            + parts.cluster.path.split(":")
            + ["/usr/sbin", "/sbin"]
        )
    )

    def inside(name: str, purpose: str, argv: tuple[str, ...], *after: str, ready: str = "") -> Component:
        return Component(
            name=name,
            purpose=purpose,
            argv=parts.on(SERVER, argv, everything=True),
            env={**ENV, "PATH": path},
            after=after,
            ready=ready,
            netns=parts.netns(SERVER),
            startup_timeout_s=START_S,
        )

    archive = parts.images.with_suffix(".tar")
    return (
        Component(
            name="archive",
            purpose="writes the images, which have the certificates that the internet made",
            argv=(sys.executable, "-m", "slipway.lab.node.archive", str(parts.images), str(archive)),
            env=ENV,
            after=(internet.NAME,),
            startup_timeout_s=START_S,
        ),
        inside(
            "containerd",
            "runs containers",
            (parts.program("containerd"), "--config", str(settings / "containerd.toml")),
            f"machine-{SERVER}",
            ready=f"http://{LOOPBACK}:{PORTS['containerd']}/v1/metrics",
        ),
        inside(
            "images",
            "what the pods run",
            (
                *(parts.program("ctr"), "--address", RUNTIME_SOCKET, "--namespace", "k8s.io"),
                *("images", "import", "--local", str(archive)),
            ),
            "containerd",
            "archive",
        ),
        inside(
            "kubelet",
            "starts the pods of the node",
            (
                *(parts.program("kubelet"), f"--config={settings / 'kubelet.json'}"),
                *(f"--kubeconfig={parts.cluster.kubeconfig('system:node:server')}", f"--hostname-override={SERVER}"),
                f"--node-ip={address}",
            ),
            "images",
            ready=f"http://{LOOPBACK}:{PORTS['kubelet']}/healthz",
        ),
        Component(
            name="devices",
            purpose="graphics cards that charts may ask for",
            argv=parts.on(
                SERVER,
                (
                    *plan.kubectl(parts.cluster),
                    *("patch", "node", SERVER, "--subresource=status", "--type=merge", "--patch", DEVICES),
                ),
            ),
            env=ENV,
            after=("kubelet", "objects"),
        ),
        inside(
            "kube-proxy",
            "addresses of Services",
            (
                *(parts.program("kube-proxy"), f"--kubeconfig={parts.cluster.kubeconfig('system:kube-proxy')}"),
                *(f"--hostname-override={SERVER}", f"--cluster-cidr={plan.PODS}", "--proxy-mode=iptables"),
                # The table of connections is the whole machine's; its size is not the node's to set.
                *("--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0s"),
                *("--conntrack-tcp-timeout-close-wait=0s", f"--metrics-bind-address={LOOPBACK}:{PORTS['kube-proxy']}"),
            ),
            "kubelet",
            ready=f"http://{LOOPBACK}:{PORTS['kube-proxy']}/healthz",
        ),
        inside(
            "kube-router",
            "network policies, as k3s embeds it",
            (
                *(parts.program("kube-router"), f"--kubeconfig={parts.cluster.kubeconfig('kube-router')}"),
                *("--run-firewall=true", "--run-router=false", "--run-service-proxy=false"),
                *("--run-loadbalancer=false", f"--hostname-override={SERVER}"),
                *(f"--service-cluster-ip-range={plan.SERVICES}", f"--health-port={PORTS['kube-router']}"),
            ),
            "kube-proxy",
            ready=f"http://{LOOPBACK}:{PORTS['kube-router']}/healthz",
        ),
    )


def home(parts: NodeParts) -> tuple[Component, ...]:
    """Servers of the home network, and of the internet."""
    registry = plan.served(parts.cluster.place, PORTS["registry"], str(parts.home.store))
    at = f"{registry.host}:{registry.port}"
    return (
        Component(
            name="registry",
            purpose="the charts",
            argv=parts.on("home", registry.command(parts.cluster.programs["registry"]).argv),
            env=ENV,
            after=("machine-home",),
            ready=f"http://{at}/v2/",
            netns=parts.netns("home"),
        ),
        Component(
            name="router-dns",
            purpose="names of the home network",
            argv=parts.on("home", (parts.program("coredns"), "-conf", str(parts.settings / "router.Corefile"))),
            env=ENV,
            after=("machine-home",),
            ready=f"http://{LOOPBACK}:{PORTS['dns-health']}/health",
            netns=parts.netns("home"),
        ),
        Component(
            name=internet.NAME,
            purpose="certificate authorities, the DNS provider, public resolvers",
            argv=parts.on(
                internet.NAME, (parts.program(internet.NAME), str(parts.settings / internet.NAME / internet.SETTINGS))
            ),
            # pebble waits a random time before it looks a record up, and takes some of its own answers for others.
            env={**ENV, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"},
            after=(f"machine-{internet.NAME}",),
            ready=f"tcp://{WEB}:443",
            netns=parts.netns(internet.NAME),
        ),
    )
