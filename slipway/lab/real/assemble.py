"""A pod and its surroundings → its sandbox, and the component that the supervisor starts. Pure."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.lab.component import Component
from slipway.lab.real.catalog import Real
from slipway.lab.real.pod import API_SERVER, Data, Pod, argv_of
from slipway.lab.real.volumes import MACHINE, Volume, mounts_of
from slipway.lab.sandbox.forwarder import Forwarder
from slipway.lab.sandbox.program import Mount, Sandbox
from slipway.toolchain.toolbox import CHECKOUT
from slipway.tools.process import LOOPBACK
from slipway.util.mapping import dig, listing

NEIGHBOUR = "192.168.1.2"
"""A client in the home network: this machine, when it asks a real component."""
STRANGER = "203.0.113.7"
"""A client from elsewhere; the range is kept for documentation by RFC 5737."""
JOINED = b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port of the machine that leads to a port of a real component."""

    port: int
    """Of the component."""
    here: int
    """Of the loopback address."""
    client: str
    """Who the component thinks is asking."""

    @property
    def address(self) -> str:
        """Where it is asked."""
        return f"{LOOPBACK}:{self.here}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a real component is made of."""

    real: Real
    pod: Pod
    program: Path
    version: str
    """Of the program; the pod's image may be of another one."""
    env: Mapping[str, str]
    volumes: Mapping[str, Volume]
    doors: tuple[Door, ...]
    folder: Path

    def door(self, port: int, client: str = NEIGHBOUR) -> Door:
        """The door to a port."""
        return next(door for door in self.doors if (door.port, door.client) == (port, client))


def wanted_doors(real: Real, pod: Pod) -> tuple[tuple[int, str], ...]:
    """Port and client of every door that a component needs."""
    ports = dict.fromkeys((*pod.ports.values(), pod.probe[0]))
    return (
        *((port, NEIGHBOUR) for port in ports),
        *((pod.ports[name], STRANGER) for name in real.for_strangers),
    )


def sandbox(body: Body, api_server: str, ways: Mapping[str, str]) -> Sandbox:
    """Everything that the program gets.

    Args:
        body: the component.
        api_server: `host:port` of the lab's, on this machine.
        ways: `address:port` in the cluster → `host:port` on this machine, for all that is reached besides.
    """
    argv = argv_of(body.real, body.pod, body.env)
    name = argv[0].rpartition("/")[2]
    outward = {f"{API_SERVER}:443": api_server, **ways}
    mounts = (
        *(Mount(source=path, target=path, read_only=read_only) for path, read_only in MACHINE if Path(path).exists()),
        *(Mount(source=str(body.folder / "etc" / file), target=f"/etc/{file}") for file in etc(body.pod, ())),
        Mount(source=str(body.program), target=f"/usr/bin/{name}"),
        *mounts_of(body.pod, body.volumes),
    )
    return Sandbox(
        argv=(name, *argv[1:]),
        env=body.env,
        workdir=str(body.pod.container.get("workingDir") or body.real.workdir),
        user=body.pod.user,
        group=body.pod.group,
        hostname=body.pod.name,
        root=str(body.folder / "root"),
        read_only_root=body.pod.read_only_root,
        mounts=mounts,
        address=body.pod.address,
        others=tuple(dict.fromkeys((*(way.rpartition(":")[0] for way in outward), NEIGHBOUR, STRANGER))),
        outward=tuple(Forwarder(listen=listen, to=to) for listen, to in outward.items()),
        inward=tuple(
            Forwarder(listen=door.address, to=f"{body.pod.address}:{door.port}", source=door.client)
            for door in body.doors
        ),
    )


def etc(pod: Pod, services: Iterable[Data]) -> dict[str, bytes]:
    """Files that a container's engine makes: names of the cluster's Services among them, for there is no DNS server."""
    lines = ["127.0.0.1 localhost", f"{pod.address} {pod.name}"]
    for service in services:
        meta, address = dig(service, "metadata"), str(dig(service, "spec").get("clusterIP", "None"))
        if address not in {"None", ""}:
            short = f"{meta['name']}.{meta['namespace']}"
            own = f" {meta['name']}" if meta["namespace"] == pod.namespace else ""
            lines.append(f"{address} {short}.svc.cluster.local {short}.svc {short}{own}")
    return {
        "hosts": "\n".join([*lines, ""]).encode(),
        "nsswitch.conf": b"hosts: files\n",
        "passwd": f"app:x:{pod.user}:{pod.group}::/:/sbin/nologin\n".encode(),
    }


def ways_to(body: Body, services: Iterable[Data]) -> Iterator[tuple[str, str]]:
    """How others reach a real component: at its pod's address, and at those of the Services that select it."""
    for port in body.pod.ports.values():
        yield f"{body.pod.address}:{port}", body.door(port).address
    labels = dig(body.pod.data, "metadata", "labels")
    for service in services:
        spec = dig(service, "spec")
        selector = dig(spec, "selector")
        mine = dig(service, "metadata").get("namespace") == body.pod.namespace and selector
        if mine and selector.items() <= labels.items() and spec.get("clusterIP") not in {None, "", "None"}:
            for item in listing(spec, "ports"):
                target = str(item.get("targetPort", item["port"]))
                number = body.pod.ports.get(target) or (int(target) if target.isdigit() else 0)
                if number in body.pod.ports.values():
                    yield f"{spec['clusterIP']}:{item['port']}", body.door(number).address


def component(body: Body, text: str, files: Sequence[tuple[Path, bytes]]) -> Component:
    """What the supervisor starts; another one as soon as anything that the program gets is another."""
    port, path = body.pod.probe
    ready = f"http://{body.door(port).address}{path}" if path else f"tcp://{body.door(port).address}"
    return Component(
        name=body.real.name,
        purpose=body.real.purpose,
        argv=(sys.executable, "-m", "slipway.lab.sandbox.program", str(file_of(body, text, files))),
        env={"PYTHONPATH": str(CHECKOUT)},
        ready=ready,
        startup_timeout_s=body.pod.startup_timeout_s,
        vital=False,
    )


def file_of(body: Body, text: str, files: Sequence[tuple[Path, bytes]]) -> Path:
    """The file of an sandbox, called after all that went into it."""
    content = [text.encode(), body.pod.uid.encode()]
    content += [part for path, data in files for part in (str(path).encode(), data)]
    return body.folder / f"{hashlib.sha256(JOINED.join(content)).hexdigest()[:12]}.json"


def files_to_write(body: Body, services: Sequence[Data]) -> tuple[list[tuple[Path, bytes]], list[tuple[Path, bytes]]]:
    """What is written for a component: files whose change needs a new start, and files that it reads again."""
    lasting = [(body.folder / "etc" / name, data) for name, data in etc(body.pod, services).items()]
    changing: list[tuple[Path, bytes]] = []
    for volume in body.volumes.values():
        for name, data in (volume.files or {}).items():
            (changing if name in volume.secret else lasting).append((volume.folder / name, data))
    return lasting, changing
