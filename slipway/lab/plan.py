"""Components of a lab: control plane, registry and Argo CD, each program with its flags. Pure.

Flags are those of Kubernetes 1.37, etcd 3.7, kwok 0.8 and Argo CD 3.6; a comment says where a default would not do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.lab import argocd
from slipway.lab.component import Component
from slipway.lab.operators.roles import OF_A_SIMULATED_NODE
from slipway.lab.place import Place
from slipway.registry.daemon import Daemon
from slipway.toolchain.toolbox import CHECKOUT
from slipway.tools.process import LOOPBACK

if TYPE_CHECKING:
    from slipway.lab.pki import Pki  # needs a group of packages that only a start installs

CLUSTER = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok")
DELIVERY = ("argocd", "redis", "registry", "helm")


class Extent(Enum):
    """How much of a platform's surroundings a lab has; the programs that it runs."""

    WHOLE = (*CLUSTER, *DELIVERY)
    """A cluster, a registry and Argo CD."""
    CLUSTER = CLUSTER
    """Only a cluster."""
    BARE = (*CLUSTER, "registry")
    """A cluster that nothing was installed in, and a registry."""


SERVICES = "10.43.0.0/16"
PODS = "10.42.0.0/16"
"""k3s's defaults, which the charts' network policies are written for."""
NODE_ADDRESS = "192.0.2.2"
"""From the range that RFC 5737 keeps for documentation: no host has it."""

WEBHOOKS = "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"
DEFINITIONS = "definitions"
OBJECTS = "objects"
STAGES = "stages.yaml"
OPERATORS = "operators"
"""Component and user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the components of one lab are made from."""

    place: Place
    pki: Pki
    ports: Mapping[str, int]
    programs: Mapping[str, Path]
    """Name → program, for every name of its extent."""
    extent: Extent = Extent.WHOLE
    has_definitions: bool = True
    """Whether there are custom resource definitions from the start."""
    has_webhooks: bool = False
    """Whether operators' webhooks are asked: pods serve them, and kwok's pods serve nothing."""
    path: str
    """PATH of this process."""

    def program(self, name: str) -> str:
        """One program."""
        return str(self.programs[name])

    def at(self, port: str) -> str:
        """`host:port` of a server."""
        return f"{LOOPBACK}:{self.ports[port]}"

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://{self.at('apiserver')}"

    def kubeconfig(self, user: str) -> str:
        """A component's access to the API server."""
        return str(self.place.kubeconfig_of(user))


def components(parts: Parts) -> tuple[Component, ...]:
    """Everything that a lab runs, in the order of its dependencies."""
    cluster = (*control_plane(parts), *node(parts))
    return (
        *cluster,
        *((registry(parts),) if "registry" in parts.extent.value else ()),
        *(argocd.components(parts) if "argocd" in parts.extent.value else ()),
    )


def control_plane(parts: Parts) -> tuple[Component, ...]:
    """etcd, the API server, its controllers and its scheduler."""
    pki, folder = parts.pki, parts.place.folder
    client, peer = f"http://{parts.at('etcd')}", f"http://{parts.at('etcd-peer')}"
    serving = ("--tls-cert-file", str(pki.certificate), "--tls-private-key-file", str(pki.key))
    return (
        Component(
            name="etcd",
            purpose="holds the objects",
            argv=(
                *(parts.program("etcd"), "--name", "lab", "--data-dir", str(folder / "etcd"), "--log-level", "warn"),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                *("--initial-cluster", f"lab={peer}"),
                # The objects of a lab need not survive a power cut.
                "--unsafe-no-fsync",
            ),
            ready=f"{client}/health",
        ),
        Component(
            name="kube-apiserver",
            purpose="the Kubernetes API",
            argv=(
                *(parts.program("kube-apiserver"), "--etcd-servers", client),
                *("--bind-address", LOOPBACK, "--secure-port", str(parts.ports["apiserver"]), *serving),
                *("--token-auth-file", str(pki.tokens), "--authorization-mode", "Node,RBAC"),
                *("--service-account-issuer", "https://kubernetes.default.svc"),
                *("--service-account-key-file", str(pki.service_accounts)),
                *("--service-account-signing-key-file", str(pki.service_accounts)),
                *("--service-cluster-ip-range", SERVICES, "--allow-privileged=true"),
                # It would advertise the loopback address, which an Endpoints object must not have.
                *("--advertise-address", NODE_ADDRESS, "--endpoint-reconciler-type", "none"),
                *(() if parts.has_webhooks else ("--disable-admission-plugins", WEBHOOKS)),
            ),
            after=("etcd",),
            ready=f"{parts.server}/readyz",
            ca=str(pki.ca),
        ),
        Component(
            name="kube-controller-manager",
            purpose="deployments, jobs, claims, namespaces, quotas",
            argv=(
                *(parts.program("kube-controller-manager"), "--leader-elect=false"),
                *("--kubeconfig", parts.kubeconfig("system:kube-controller-manager")),
                *("--bind-address", LOOPBACK, "--secure-port", str(parts.ports["controller-manager"]), *serving),
                *("--service-account-private-key-file", str(pki.service_accounts), "--root-ca-file", str(pki.ca)),
                "--use-service-account-credentials",
            ),
            after=("kube-apiserver",),
            ready=f"https://{parts.at('controller-manager')}/healthz",
            ca=str(pki.ca),
        ),
        Component(
            name="kube-scheduler",
            purpose="gives pods a node",
            argv=(
                *(parts.program("kube-scheduler"), "--leader-elect=false"),
                *("--kubeconfig", parts.kubeconfig("system:kube-scheduler")),
                *("--bind-address", LOOPBACK, "--secure-port", str(parts.ports["scheduler"]), *serving),
            ),
            after=("kube-apiserver",),
            ready=f"https://{parts.at('scheduler')}/healthz",
            ca=str(pki.ca),
        ),
    )


def node(parts: Parts) -> tuple[Component, ...]:
    """The simulated node: kwok, and what the cluster has from the start."""
    return (
        *inhabitants(parts, OF_A_SIMULATED_NODE),
        Component(
            name="kwok",
            purpose="simulates the node, its pods and volumes",
            argv=(
                *(parts.program("kwok"), "--kubeconfig", parts.kubeconfig("kwok")),
                *("--config", str(parts.place.folder / STAGES)),
                *("--manage-all-nodes=true", "--node-ip", NODE_ADDRESS, "--cidr", PODS),
                *("--node-lease-duration-seconds", "40", "--server-address", parts.at("kwok")),
            ),
            after=("kube-apiserver",),
            ready=f"http://{parts.at('kwok')}/healthz",
        ),
    )


Elsewhere = Callable[[tuple[str, ...]], tuple[str, ...]]
"""An argument vector → the one that starts it on another machine."""


def inhabitants(
    parts: Parts, roles: tuple[str, ...], *, on: Elsewhere = tuple, netns: str = ""
) -> tuple[Component, ...]:
    """Definitions, the objects that a cluster has from the start, and operators that play these roles."""
    folder = parts.place.folder
    access, ready = parts.kubeconfig(OPERATORS), str(folder / f"{OPERATORS}.ready")
    found = (
        *(definitions(parts) if parts.has_definitions else ()),
        Component(
            name="objects",
            purpose="the node, storage classes, Argo CD's settings",
            argv=apply(parts, folder / OBJECTS),
            after=("established" if parts.has_definitions else "kube-apiserver",),
        ),
        Component(
            name=OPERATORS,
            purpose="plays the operators that have no program here",
            argv=(sys.executable, "-m", "slipway.lab.operators", access, ready, *roles),
            after=("kube-apiserver",),
            ready=f"file://{ready}",
        ),
    )
    return tuple(
        replace(item, argv=on(item.argv), env={**item.env, "PYTHONPATH": str(CHECKOUT)}, netns=netns) for item in found
    )


def definitions(parts: Parts) -> tuple[Component, ...]:
    """The kinds that are there from the start."""
    return (
        Component(
            name="definitions",
            purpose="custom resource definitions",
            argv=apply(parts, parts.place.folder / DEFINITIONS),
            after=("kube-apiserver",),
        ),
        Component(
            name="established",
            purpose="waits until they are served",
            argv=(
                *kubectl(parts),
                *("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=60s"),
            ),
            after=("definitions",),
        ),
    )


def kubectl(parts: Parts) -> tuple[str, ...]:
    """kubectl as the administrator."""
    return (parts.program("kubectl"), "--kubeconfig", parts.kubeconfig("admin"))


def apply(parts: Parts, folder: Path) -> tuple[str, ...]:
    """Apply every file of a folder. Server-side: a definition may be too long for kubectl's annotation."""
    return (*kubectl(parts), "apply", "--server-side", "--force-conflicts", "-f", str(folder))


def served(place: Place, port: int, host: str = LOOPBACK) -> Daemon:
    """The registry's folder and settings, as for the embedded one."""
    return Daemon(folder=place.folder / "registry", port=port, host=host)


def registry(parts: Parts) -> Component:
    """The lab's own registry: separate from every release."""
    return Component(
        name="registry",
        purpose="the charts",
        argv=served(parts.place, parts.ports["registry"]).command(parts.programs["registry"]).argv,
        ready=f"http://{parts.at('registry')}/v2/",
    )
