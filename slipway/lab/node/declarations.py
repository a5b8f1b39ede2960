"""What the stand-ins of an image must find and offer: the containers of rendered objects → `/stand-in.json`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS
from slipway.util.mapping import dig, listing, strings

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One container of an image."""

    pod: str
    """What the pod's name begins with."""
    container: Data
    ends: bool
    """Whether it is an init container, or one of a Job."""
    read_only: frozenset[str]
    """Volumes of its pod that nobody can write to."""

    @property
    def row(self) -> Data:
        """As the stand-in reads it."""
        command = strings(self.container, "command")
        secure = {int(str(port)) for port in https_ports(self.container)}
        return {
            "pod": self.pod,
            "name": str(self.container["name"]),
            "command": command[0] if command else "",
            "ends": self.ends,
            "read_only_root": bool(dig(self.container, "securityContext").get("readOnlyRootFilesystem")),
            "ports": [
                {
                    "number": port["containerPort"],
                    "protocol": str(port.get("protocol", "TCP")),
                    "tls": port["containerPort"] in secure,
                }
                for port in listing(self.container, "ports")
            ],
            "mounts": [
                {
                    "path": str(mount["mountPath"]),
                    "read_only": bool(mount.get("readOnly")) or str(mount["name"]) in self.read_only,
                }
                for mount in listing(self.container, "volumeMounts")
            ],
        }


def by_image(objects: Iterable[Object]) -> Mapping[str, tuple[Declared, ...]]:
    """Image → its containers."""
    found: dict[str, list[Declared]] = defaultdict(list)
    for item in objects:
        if item.kind not in POD_TEMPLATE_PATHS:
            continue
        spec = dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec")
        read_only = frozenset(
            str(volume["name"])
            for volume in listing(spec, "volumes")
            if {"configMap", "secret", "projected", "downwardAPI"} & volume.keys()
        )
        finite = item.kind in {"Job", "CronJob"}
        for key in ("initContainers", "containers"):
            for container in listing(spec, key):
                ends = finite if key == "containers" else container.get("restartPolicy") != "Always"
                found[str(container["image"])].append(
                    Declared(pod=item.name, container=container, ends=ends, read_only=read_only)
                )
    return {image: tuple(rows) for image, rows in found.items()}


def programs(rows: Iterable[Declared]) -> Iterator[str]:
    """The programs that pods start in containers of an image by name: commands and probes."""
    for row in rows:
        for command in (
            strings(row.container, "command"),
            *(
                strings(dig(row.container, probe, "exec"), "command")
                for probe in ("startupProbe", "livenessProbe", "readinessProbe")
            ),
        ):
            if command:
                yield command[0]


def https_ports(container: Data) -> Iterator[object]:
    """Ports that a probe asks over HTTPS."""
    names = {port.get("name"): port["containerPort"] for port in listing(container, "ports")}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = dig(container, probe, "httpGet")
        if asked.get("scheme") == "HTTPS":
            yield names.get(asked["port"], asked["port"])
