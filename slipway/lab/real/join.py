"""Real components join a running lab: their pods are read, their files written, and the supervisor runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from slipway.context import Context
from slipway.core.errors import Problem, ToolFailed
from slipway.lab import component, plan
from slipway.lab.component import Component
from slipway.lab.lab import Lab, name_flag
from slipway.lab.place import Place, free_ports
from slipway.lab.real import assemble
from slipway.lab.real.assemble import Body, Door
from slipway.lab.real.catalog import CATALOG, Real, acts
from slipway.lab.real.pod import Data, Pod, environment_of, pod_of
from slipway.lab.real.volumes import Cluster, volumes_of
from slipway.lab.sandbox.program import Sandbox
from slipway.lab.state import ComponentState, Phase
from slipway.lab.supervisor import COMPONENTS
from slipway.toolchain import groups
from slipway.util.files import read_text, write_atomic
from slipway.util.mapping import dig

FOLDER = "real"
FACTS = "facts.json"
LIFETIME = "48h"
"""Of a token: longer than anybody keeps a lab."""
SLACK_S = 10.0
"""How much longer than the component's own patience we wait for the supervisor's word."""


def programs(context: Context, names: Iterable[str]) -> dict[str, tuple[Path, str]]:
    """Program and version of real components, built or installed when they are not there.

    Raises:
        BuildError: one cannot be had.
    """
    names = tuple(names)
    built = context.toolbox.ensure(name for name in names if name not in groups.PROGRAMS)
    found = {name: (path, context.toolbox.version(name)) for name, path in built.items()}
    for name in names:
        if name in groups.PROGRAMS:
            path = groups.program(context.toolbox.home, name, context.progress)
            lock = read_text(context.toolbox.home / "locks" / f"{name}.txt", f"locks/{name}.txt")
            version = re.search(r"^[\w.-]+==([^\s;\\]+)", lock, re.MULTILINE)
            found[name] = (path, f"v{version[1]}" if version else "")
    return found


def running(place: Place) -> tuple[str, ...]:
    """The real components that a lab has."""
    return tuple(item.name for item in components(place) if item.name in CATALOG)


def components(place: Place) -> tuple[Component, ...]:
    """What the supervisor runs."""
    return component.from_json((place.folder / COMPONENTS).read_text(encoding="utf-8"))


def join(here: Lab, names: Iterable[str], stand_ins: Mapping[str, str] | None = None) -> dict[str, Body]:
    """Start real components, besides those that the lab has already, and wait until they are ready.

    One that runs is started anew when its pod, its files or what it can reach changed.

    Args:
        here: a lab with the platform.
        names: of components.
        stand_ins: `address:port` of a played pod → `host:port` of a server on this machine that answers for it.

    Raises:
        WorkspaceError: a pod is not there, or needs what is not there.
        ToolFailed: one does not become ready.
    """
    place = here.place
    all_names = tuple(dict.fromkeys((*running(place), *names)))
    found = programs(here.context, all_names)
    services = here.kubectl.items("services", "-A")
    bodies = {name: body_of(here, CATALOG[name], *found[name]) for name in all_names}
    ways = [(name, way) for name, body in bodies.items() for way in assemble.ways_to(body, services)]
    api_server = server_of(place)
    made = []
    for name, body in bodies.items():
        reach = {**dict(way for other, way in ways if other != name), **(stand_ins or {})}
        made.append(write(body, assemble.sandbox(body, api_server, reach), services))
    tell_supervisor(place, all_names, made)
    wait(place, made)
    return bodies


def server_of(place: Place) -> str:
    """`host:port` of a lab's API server."""
    kubeconfig = json.loads(place.kubeconfig.read_text(encoding="utf-8"))
    return str(kubeconfig["clusters"][0]["cluster"]["server"]).removeprefix("https://")


def body_of(here: Lab, real: Real, program: Path, version: str) -> Body:
    """Read a component's pod and all that it refers to.

    Raises:
        WorkspaceError: something is not there.
    """
    selector = f"app.kubernetes.io/name={real.chart},app.kubernetes.io/component={real.controller}"
    pod = pod_of(real, here.kubectl.items("pods", "-A", "-l", selector))
    inside = ("-n", pod.namespace)
    known = {
        (str(item["kind"]), str(dig(item, "metadata")["name"])): item
        for item in here.kubectl.items("configmaps,secrets", *inside)
    }

    def find(kind: str, name: str) -> Data | None:
        return known.get((kind, name))

    def token(account: str, audience: str) -> str:
        bound = ("--bound-object-kind", "Pod", "--bound-object-name", pod.name, "--bound-object-uid", pod.uid)
        for_whom = ("--audience", audience) if audience else ()
        return here.kubectl(
            "create", "token", account, *inside, "--duration", LIFETIME, *bound, *for_whom
        ).stdout.strip()

    folder = here.place.folder / FOLDER / real.name
    return Body(
        real=real,
        pod=pod,
        program=program,
        version=version,
        env=environment_of(pod, find),
        volumes=volumes_of(
            pod, Cluster(find=find, token=token, folder=folder, claims=here.place.folder / FOLDER / "claims")
        ),
        doors=doors(real, pod, folder),
        folder=folder,
    )


def doors(real: Real, pod: Pod, folder: Path) -> tuple[Door, ...]:
    """A port of this machine for each door, the same as before where there was one."""
    before: dict[tuple[int, str], int] = {}
    for file in folder.glob("*.json"):
        if file.name != FACTS:
            for forwarder in Sandbox.parse(file.read_text(encoding="utf-8")).inward:
                before[int(forwarder.to.rpartition(":")[2]), forwarder.source] = int(
                    forwarder.listen.rpartition(":")[2]
                )
    wanted = assemble.wanted_doors(real, pod)
    fresh = free_ports(wanted)
    return tuple(
        Door(port=port, client=client, here=before.get((port, client), here)) for (port, client), here in fresh.items()
    )


def write(body: Body, sandbox: Sandbox, services: Sequence[Data]) -> Component:
    """Write a component's files; returns what the supervisor runs."""
    lasting, changing = assemble.files_to_write(body, services)
    made = assemble.component(body, sandbox.text, lasting)
    for folder in (body.folder / "root", *(volume.folder for volume in body.volumes.values() if volume.made)):
        folder.mkdir(parents=True, exist_ok=True)
    for path, data in (*lasting, *changing):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(data)
    file = Path(made.argv[-1])
    for old in body.folder.glob("*.json"):
        if old != file:
            old.unlink()
    write_atomic(file, sandbox.text)
    facts = {
        "pod": f"{body.pod.namespace}/{body.pod.name}",
        "program": body.version,
        "image": body.pod.version,
        "doors": [
            (name, door.address, door.client) for door in body.doors for name in [port_name(body.pod, door.port)]
        ],
    }
    write_atomic(body.folder / FACTS, json.dumps(facts, indent=2) + "\n")
    return made


def port_name(pod: Pod, port: int) -> str:
    """What the pod calls a port."""
    return next((name for name, number in pod.ports.items() if number == port), str(port))


def tell_supervisor(place: Place, names: Sequence[str], made: Sequence[Component]) -> None:
    """Have the supervisor run these besides the others, and the operators play no longer what they do."""
    others = [item for item in components(place) if item.name not in CATALOG]
    others = [without(item, acts(names)) if item.name == plan.OPERATORS else item for item in others]
    write_atomic(place.folder / COMPONENTS, component.to_json([*others, *made]))
    supervisor = place.running()
    assert supervisor is not None, "join() was given a lab that runs"
    os.kill(supervisor.pid, signal.SIGHUP)


def without(operators: Component, roles: Collection[str]) -> Component:
    """The operators without some roles."""
    return replace(operators, argv=tuple(part for part in operators.argv if part not in roles))


def wait(place: Place, made: Sequence[Component]) -> None:
    """Wait until these very components are ready.

    Raises:
        ToolFailed: one failed; its last lines are in the message.
    """
    limit = time.monotonic() + max((item.startup_timeout_s for item in made), default=0.0) + SLACK_S
    while True:
        found = place.running()
        parts = {item.name: found.parts.get(item.name, ComponentState()) for item in made} if found else {}
        current = [parts[item.name].key == item.key for item in made] if found else []
        if found and all(current) and all(part.phase in {Phase.READY, Phase.FAILED} for part in parts.values()):
            break
        if found is None or time.monotonic() > limit:
            raise ToolFailed(Problem(where=f"lab {place.name}", fact="does not start its real components"))
        time.sleep(0.05)
    hint = f"./inv lab logs{name_flag(place)} --what "
    if failed := [
        Problem(where=f"lab {place.name}, {name}", fact=part.output[0], evidence=part.output[1:], hint=hint + name)
        for name, part in parts.items()
        if part.phase is Phase.FAILED
    ]:
        raise ToolFailed(tuple(failed))


def facts(place: Place) -> dict[str, dict[str, Any]]:
    """What was written about each real component."""
    found = {}
    for name in running(place):
        found[name] = json.loads((place.folder / FOLDER / name / FACTS).read_text(encoding="utf-8"))
    return found
