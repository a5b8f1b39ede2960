"""A lab with a real node for tests: the platform in it, its pods, and questions from machines of the home network."""

from __future__ import annotations

import ipaddress
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway.cluster import applications
from slipway.context import Context
from slipway.lab import lab
from slipway.lab.lab import Lab
from slipway.lab.node import start
from slipway.lab.node.home import Home
from slipway.lab.node.internet import LETS_ENCRYPT, Internet
from slipway.lab.node.prepare import facts_of
from slipway.lab.place import Place
from slipway.lab.up import NODE_HEALTHY_S
from slipway.lint.platform_facts import platform_facts
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.run import Command, run_process
from slipway.util.mapping import dig, listing
from slipway.workspace.documents import platform_document
from testing.monorepo import ROOT
from testing.policies import Peer, Policies
from testing.product import product_context

HOST = re.compile(r"Host\(`([^`]+)`\)")


@dataclass(frozen=True, kw_only=True)
class NodeLab:
    """A running one."""

    lab: Lab
    applications: tuple[applications.Application, ...]
    """As they were when the last of them became healthy."""

    @property
    def place(self) -> Place:
        """Its folder."""
        return self.lab.place

    @property
    def kubectl(self) -> Kubectl:
        """As its administrator."""
        return self.lab.kubectl

    @cached_property
    def facts(self) -> Mapping[str, object]:
        """Of the environment."""
        workspace = self.lab.context.workspace
        return platform_facts(workspace, platform_document(workspace.environments[self.lab.environment]))[0]

    @property
    def home(self) -> Home:
        """Addresses of the home network."""
        return facts_of(self.facts).home

    def pods(self) -> list[Data]:
        """Every pod that runs."""
        found = self.kubectl.items("pods", "--all-namespaces")
        return [pod for pod in found if dig(pod, "status").get("phase") == "Running"]

    def on(self, machine: str, what: str, argv: Iterable[str], stdin: str = "") -> str:
        """Output of a program on a machine of the home; `what` as `slipway.lab.node.enter` takes it."""
        folder = self.place.folder / "machines" / machine
        entered = (sys.executable, "-m", "slipway.lab.node.enter", str(folder), what, *argv)
        environment = {"PYTHONPATH": str(ROOT)}
        return run_process(Command(argv=entered, env=environment, stdin=stdin.encode(), timeout_s=300)).stdout

    def ask(self, machine: str, urls: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
        """Answers to HTTPS requests from a machine that trusts Let's Encrypt and nobody else."""
        argv = (sys.executable, "-m", "testing.ask", str(self.home.router), str(self.internet.root(LETS_ENCRYPT)))
        found: dict[str, Mapping[str, object]] = json.loads(self.on(machine, "net", argv, "\n".join(urls)))
        return found

    @property
    def internet(self) -> Internet:
        """Certificate authorities and the DNS provider."""
        return Internet.of(self.place)

    def reach(self, targets: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        """Address of a pod → target → how a connection to it ends, for every pod with a network of its own."""
        argv = (sys.executable, "-m", "testing.reach")
        found: dict[str, Mapping[str, str]] = json.loads(self.on("server", "all", argv, "\n".join(targets)))
        return found

    def peers(self) -> Mapping[str, Peer]:
        """Address → pod with a network of its own."""
        return {
            peer.address: peer
            for pod in self.pods()
            if not dig(pod, "spec").get("hostNetwork") and (peer := peer_of(pod)).address
        }

    def policies(self) -> Policies:
        """Those of the cluster."""
        namespaces = self.kubectl.items("namespaces")
        return Policies(
            policies=self.kubectl.items("networkpolicies", "--all-namespaces"),
            namespaces={str(dig(item, "metadata")["name"]): dig(item, "metadata", "labels") for item in namespaces},
        )


def hosts_of(routes: Iterable[Data]) -> dict[str, str]:
    """Host of each IngressRoute → its name."""
    return {
        host: str(dig(item, "metadata")["name"])
        for item in routes
        for route in listing(dig(item, "spec"), "routes")
        for host in HOST.findall(str(route["match"]))
    }


def peer_of(pod: Data) -> Peer:
    """A pod as one end of connections."""
    spec, meta = dig(pod, "spec"), dig(pod, "metadata")
    ports = {
        str(port.get("name", port["containerPort"])): int(str(port["containerPort"]))
        for key in ("initContainers", "containers")
        for container in listing(spec, key)
        for port in listing(container, "ports")
        if port.get("protocol", "TCP") == "TCP"
    }
    return Peer(
        address=str(dig(pod, "status").get("podIP", "")),
        namespace=str(meta["namespace"]),
        name=str(meta["name"]),
        labels=dig(meta, "labels"),
        ports=ports,
    )


def elsewhere(address: ipaddress.IPv4Address | str) -> Peer:
    """An end that is no pod."""
    return Peer(address=str(address), labels={}, ports={})


@contextmanager
def node_lab(place: Place, environment: str) -> Iterator[NodeLab]:
    """Start one from the bare cluster, wait until every Application is healthy, and end it."""
    context: Context = product_context()
    start.start(context, place, environment, attached=True)
    try:
        lab.wait_ready(place, lab.NODE_START_S)
        here = lab.attach(context, place, environment)
        start.install(here)
        names = [str(umbrella.name) for umbrella in here.context.workspace.umbrellas]
        found = applications.wait_until_healthy(
            here.kubectl, context.config.argocd_namespace, names, wait_s=NODE_HEALTHY_S
        )
        yield NodeLab(lab=here, applications=found)
    finally:
        lab.stop(place)


@dataclass(frozen=True, kw_only=True)
class Process:
    """The first process of a container, as this machine's kernel has it."""

    pod: Data
    container: Data
    folder: Path
    """Below /proc."""

    @property
    def title(self) -> str:
        """For messages."""
        meta = dig(self.pod, "metadata")
        return f"{meta['namespace']}/{meta['name']}/{self.container['name']}"

    @property
    def security(self) -> Data:
        """Its security context over its pod's."""
        return {**dig(self.pod, "spec", "securityContext"), **dig(self.container, "securityContext")}

    @cached_property
    def status(self) -> Mapping[str, str]:
        """/proc/PID/status."""
        lines = (self.folder / "status").read_text(encoding="utf-8").splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    @property
    def mounts(self) -> Mapping[str, frozenset[str]]:
        """Path → options."""
        lines = (self.folder / "mounts").read_text(encoding="utf-8").splitlines()
        return {fields[1]: frozenset(fields[3].split(",")) for fields in (line.split() for line in lines)}


def processes(node: NodeLab) -> tuple[Process, ...]:
    """Every container that runs, found by its control group."""
    groups: dict[str, Path] = {}
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):
            group = (process / "cgroup").read_text(encoding="utf-8").splitlines()[0].rpartition("/")[2]
            groups.setdefault(group, process)
    return tuple(
        Process(pod=pod, container=container, folder=groups[identity])
        for pod in node.pods()
        for key, states in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses"))
        for container in listing(dig(pod, "spec"), key)
        for state in listing(dig(pod, "status"), states)
        if state["name"] == container["name"]
        and (identity := str(state.get("containerID", "")).rpartition("/")[2]) in groups
    )
