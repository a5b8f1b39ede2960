"""The folder of a lab with a real node before its start: keys, settings, machines, images."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.lab import component, folder, plan
from slipway.lab.node import archive, cgroups, cluster_dns, images, internet, settings
from slipway.lab.node.contents import Shown
from slipway.lab.node.home import Home, Machine, machines
from slipway.lab.node.internet import Internet
from slipway.lab.node.plan import SERVER, NodeParts, components
from slipway.lab.node.settings import PORTS, Paths
from slipway.lab.place import NODE, Addresses, Place, free_ports, write_addresses
from slipway.lab.supervisor import COMPONENTS
from slipway.toolchain.toolbox import CHECKOUT
from slipway.tools.process import LOOPBACK

CNI = "cni-"
PROGRAMS = "programs.json"
"""Name of an image in the node's store → its program."""
KERNEL = {
    "/proc/sys/kernel/panic": "10",
    "/proc/sys/kernel/panic_on_oops": "1",
    "/proc/sys/kernel/keys/root_maxkeys": "1000000",
    "/proc/sys/kernel/keys/root_maxbytes": "25000000",
    "/proc/sys/vm/overcommit_memory": "1",
    "/proc/sys/vm/panic_on_oom": "0",
}
"""Settings of the whole machine that a kubelet writes: the node has files in their places. Source: Kubernetes v1.37
pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables."""
KEPT = ("/var/lib/containerd", "/var/lib/kubelet", "/sys/devices/system/cpu", "/sys/devices/system/node")
CORES = 8
"""That the node says it has: the requests of the platform, and of an update beside it, are more than those of two cores.

A kubelet counts them below /sys/devices/system; without nodes of memory there it counts processors.
Source: cAdvisor v0.60.5 utils/sysinfo/sysinfo.go, getCPUTopology."""
NODE_LABELS = {
    "node-role.kubernetes.io/control-plane": "true",
    "node.kubernetes.io/instance-type": "k3s",
    "beta.kubernetes.io/instance-type": "k3s",
    "kubernetes.io/hostname": SERVER,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
}
"""Those that k3s gives its first node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a node is made for: facts of an environment."""

    home: Home
    domain: str
    ingress: str


def facts_of(values: Mapping[str, object]) -> Facts:
    """The facts in an environment's global values."""
    lan = values.get("lan")
    cidr = str(lan.get("cidr")) if isinstance(lan, Mapping) else ""
    return Facts(
        home=Home(lan=ipaddress.IPv4Network(cidr), pool=str(values["addressPool"])),
        domain=str(values["domain"]),
        ingress=str(values["ingressAddress"]),
    )


def prepare(
    place: Place,
    *,
    facts: Facts,
    programs: Mapping[str, Path],
    contents: Sequence[images.Image],
    definitions: Sequence[Path],
    environ: Mapping[str, str],
    shown: Sequence[Shown] = (),
) -> NodeParts:
    """Create the folder; leftovers of an earlier lab are removed.

    Args:
        place: the lab.
        facts: of the environment.
        programs: every program of the node and of its control plane.
        contents: what its pods run.
        definitions: files with custom resource definitions of kinds that are played.
        environ: of this process.
        shown: what `contents` has, for the table.
    """
    folder.reset(place)
    home = facts.home
    keys, tokens = folder.access(place, (str(home.server),))
    outside = free_ports(("apiserver", "registry"))
    cluster = plan.Parts(
        place=place,
        pki=keys,
        ports=PORTS,
        programs=programs,
        path=environ.get("PATH", os.defpath),
        has_definitions=bool(definitions),
        has_webhooks=True,
    )
    folder.write_kubeconfigs(
        place,
        keys,
        tokens,
        server=cluster.server,
        argocd_namespace="argocd",
        outside=f"https://{LOOPBACK}:{outside['apiserver']}",
    )
    folder.write_definitions(place, definitions)
    folder.write_objects(place, (node_object(str(home.server)), *cluster_dns.objects()))
    folder.write_registry(plan.served(place, PORTS["registry"], str(home.store)))
    inside = f"{home.store}:{PORTS['registry']}"
    write_addresses(place, Addresses(registry=f"{LOOPBACK}:{outside['registry']}", registry_inside=inside))
    where = place.folder / NODE
    made = {item.name: item for item in machines(home, place.folder / "machines", node(place))}
    write_settings(place, where, facts, programs)
    write_internet(Internet.of(place), facts.domain)
    write_machines(made.values(), where)
    (where / PROGRAMS).write_text(json.dumps({item.name: item.program for item in shown}), encoding="utf-8")
    (where / "images.json").write_text(archive.to_json(contents), encoding="utf-8")
    parts = NodeParts(
        cluster=cluster,
        home=home,
        machines=made,
        settings=where,
        images=where / "images.json",
        doors={
            "apiserver": (outside["apiserver"], SERVER, f"{LOOPBACK}:{PORTS['apiserver']}"),
            "registry": (outside["registry"], "home", inside),
        },
    )
    (place.folder / COMPONENTS).write_text(component.to_json(components(parts)), encoding="utf-8")
    return parts


def node(place: Place) -> Machine:
    """The node's machine without its network: what it keeps is below the lab's folder, for a layer cannot hold layers."""
    own = place.folder / "machines" / SERVER
    kept = {path: str(own / path.strip("/").replace("/", "-")) for path in KEPT}
    return Machine(
        name=SERVER,
        folder=str(own),
        own_files=True,
        shown=(str(CHECKOUT), *([str(place.folder)] if CHECKOUT not in place.folder.parents else [])),
        kept=kept,
        files={path: str(place.folder / NODE / "kernel" / Path(path).name) for path in KERNEL if Path(path).exists()},
        settings={"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"},
    )


def write_internet(made: Internet, domain: str) -> None:
    """What its program reads, and the certificate that its hosts are trusted by."""
    from slipway.lab import pki  # its packages are installed at the first start

    made.folder.mkdir()
    authority, certificate, key = pki.signed(internet.hosts())
    for path, content in ((made.authority, authority), (made.certificate, certificate), (made.key, key)):
        pki.write(path, content)
    pki.write(made.settings, made.text(domain, secrets.token_urlsafe(30)).encode())


def write_machines(made: Iterable[Machine], where: Path) -> None:
    """Their folders and files."""
    (where / "kernel").mkdir()
    for path, value in KERNEL.items():
        (where / "kernel" / Path(path).name).write_text(f"{value}\n", encoding="ascii")
    for item in made:
        Path(item.folder).mkdir(parents=True)
        (Path(item.folder) / "machine.json").write_text(item.text, encoding="utf-8")
        if "/sys/devices/system/cpu" in item.kept:
            write_processors(Path(item.kept["/sys/devices/system/cpu"]))


def write_processors(folder: Path) -> None:
    """What a kernel says about `CORES` processors."""
    for number in range(CORES):
        topology = folder / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "core_id").write_text(f"{number}\n", encoding="ascii")
        (topology / "physical_package_id").write_text("0\n", encoding="ascii")
    (folder / "online").write_text(f"0-{CORES - 1}\n", encoding="ascii")


def write_settings(place: Place, where: Path, facts: Facts, programs: Mapping[str, Path]) -> None:
    """What the programs of the node read."""
    paths = Paths(folder=where, plugins=where / "cni-bin", runc=programs["runc"])
    (where / "cni").mkdir(parents=True)
    paths.plugins.mkdir()
    for name, program in programs.items():
        if name.startswith(CNI):
            (paths.plugins / name.removeprefix(CNI)).symlink_to(program)
    texts = {
        "containerd.toml": settings.containerd(paths),
        "cni/10-flannel.conflist": settings.network(),
        "kubelet.json": settings.kubelet(paths, place.folder / "pki" / "ca.crt", cgroups.name_of(place)),
        "resolv.conf": f"nameserver {facts.home.router}\n",
        "router.Corefile": settings.router_dns(facts.domain, facts.ingress),
    }
    for name, text in texts.items():
        (where / name).write_text(text, encoding="utf-8")


def node_object(address: str) -> dict[str, object]:
    """The node before its kubelet takes it over: a kubelet may not give itself the label of a control plane."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": SERVER, "labels": NODE_LABELS, "annotations": {"k3s.io/internal-ip": address}},
    }
