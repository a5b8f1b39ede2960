"""What a chart is to its operator: images, how it is reached, ports, storage, secrets, edges, probes, metrics. Pure.

Values go in, frozen facts come out; the pages only arrange them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.source.schema import Map, dig, items, mapping, texts
from slipway.workspace.declarations import WANTED_ADDRESS

HOST = re.compile(r"Host\(`([^`]+)`\)")
"""The host in a rule of Traefik."""

LOCAL_ONLY = "local-only"
"""The middleware that lets in private addresses only."""

REFERENCE = re.compile(r"\{\{-?\s*\.Values\.global\.([A-Za-z0-9_.]+)\s*-?\}\}")
"""A template that only names a fact of the platform."""

CONTAINER_KINDS = (("containers", "container"), ("sidecars", "sidecar"), ("init", "init container"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a workload."""

    controller: str
    name: str
    kind: str
    spec: Map

    @property
    def image(self) -> Map:
        """Repository, tag and digest."""
        return mapping(self.spec.get("image"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A connection that the network policy lets through."""

    incoming: bool
    name: str
    peer: str
    ports: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of the chart."""

    name: str
    kind: str
    detail: str
    mounts: tuple[str, ...]
    kept: str
    """What happens with its data; empty when it has none of its own."""


def fill(text: str, facts: Map) -> str:
    """A text with the platform's facts put in; any other template stays as it is."""

    def fact(match: re.Match[str]) -> str:
        found = dig(facts, *match[1].split("."))
        return match[0] if found is None else str(found)

    return REFERENCE.sub(fact, text)


def own_address(values: Map, service: str) -> str:
    """The address of the home network that a Service asks for; empty when it asks for none."""
    wanted = mapping(dig(values, "service", service, "annotations")).get(WANTED_ADDRESS, "")
    return fill(str(wanted), mapping(values.get("global")))


def named(text: str) -> str:
    """A text whose facts of the platform are named: `sonarr.<domain>`."""
    return REFERENCE.sub(lambda match: f"<{match[1]}>", text)


def containers(values: Map) -> Iterator[Container]:
    """Every container of every workload, the application's first, and what the operator runs for a database."""
    for controller, spec in items(values.get("controllers")):
        for key, kind in CONTAINER_KINDS:
            for name, container in items(spec.get(key)):
                yield Container(controller=controller, name=name, kind=kind, spec=container)
    for name, spec in items(values.get("databases")):
        yield Container(controller=name, name="postgres", kind="database", spec={"image": spec.get("image")})


def routes(values: Map) -> Iterator[tuple[str, Map]]:
    """Every route that is on: those under `route`, then the IngressRoutes that a chart writes itself, in the same words."""
    yield from items(values.get("route"))
    for name, spec in items(values.get("extraObjects")):
        rules = dig(spec, "spec", "routes")
        for rule in rules if spec.get("kind") == "IngressRoute" and isinstance(rules, list) else ():
            host = HOST.search(str(mapping(rule).get("match", "")))
            named_there = mapping(rule).get("middlewares")
            first = [mapping(each).get("name") for each in named_there] if isinstance(named_there, list) else []
            if host:
                yield name, {"host": host[1], "access": "internal" if LOCAL_ONLY in first else "external"}


def edges(values: Map) -> Iterator[Edge]:
    """The edges of the network policy, incoming first; DNS is said where it is implied."""
    network = mapping(values.get("network"))
    for key, end, incoming in (("ingress", "from", True), ("egress", "to", False)):
        for name, edge in items(network.get(key)):
            yield Edge(
                incoming=incoming,
                name=name,
                peer=peer(mapping(edge.get(end))),
                ports=ports_of(edge.get("ports")),
                purpose=str(edge.get("purpose", "")),
            )
    if network.get("dns", True) is not False and (values.get("controllers") or values.get("databases")):
        yield Edge(
            incoming=False, name="dns", peer="cluster DNS", ports="53", purpose="name resolution; allowed by default"
        )


def peer(spec: Map) -> str:
    """The other end of an edge, in words."""
    if "peer" in spec:
        return str(spec["peer"])
    if "app" in spec:
        where = f" in {spec['namespace']}" if "namespace" in spec else ""
        return f"{spec['app']}{where}"
    if "database" in spec:
        return f"database {spec['database']}"
    if "cidr" in spec:
        without = texts(spec.get("except"))
        return named(str(spec["cidr"])) + (f" except {', '.join(without)}" if without else "")
    labels = {**mapping(spec.get("namespaceLabels")), **mapping(spec.get("podLabels"))}
    return "pods with " + ", ".join(f"{key}={item}" for key, item in labels.items())


def ports_of(data: object) -> str:
    """Ports of an edge; all of them when it names none."""
    if not isinstance(data, list) or not data:
        return "all"
    said = []
    for item in data:
        if isinstance(item, Mapping):
            last = f"-{item['endPort']}" if "endPort" in item else ""
            said.append(f"{item.get('port')}{last}/{item.get('protocol', 'TCP')}")
        else:
            said.append(str(item))
    return ", ".join(said)


def volumes(values: Map) -> Iterator[Volume]:
    """Every volume: those under `persistence`, then the claims of StatefulSets and of databases."""
    backups = {str(spec.get("persistence")): spec for _, spec in items(values.get("backup"))}
    dumps = {str(spec.get("database")): spec for _, spec in items(values.get("backup"))}
    for name, spec in items(values.get("persistence")):
        kind = volume_kind(spec)
        backup = backups.get(name)
        kept = "retained on uninstall" if kind == "claim" and spec.get("retain", True) else ""
        if backup is not None:
            kept = "; ".join(part for part in (kept, backup_text(backup)) if part)
        yield Volume(name=name, kind=kind, detail=volume_detail(kind, spec), mounts=mounts_of(spec), kept=kept)
    for controller, workload in items(values.get("controllers")):
        for name, spec in items(workload.get("volumeClaims")):
            detail = str(spec.get("size", ""))
            yield Volume(
                name=f"{controller}/{name}", kind="claim per pod", detail=detail, mounts=mounts_of(spec), kept=""
            )
    for name, spec in items(values.get("databases")):
        size = str(spec.get("size", ""))
        said = dumps.get(name)
        kept = "; ".join(("retained on uninstall", *(() if said is None else (backup_text(said),))))
        yield Volume(name=name, kind="claim per instance", detail=size, mounts=(), kept=kept)


def volume_kind(spec: Map) -> str:
    """The kind as the library infers it."""
    if "type" in spec:
        return str(spec["type"])
    return "claim" if "size" in spec else "existingClaim" if "existingClaim" in spec else "emptyDir"


def volume_detail(kind: str, spec: Map) -> str:
    """What matters about a volume of this kind."""
    keys = {
        "claim": ("size",),
        "existingClaim": ("existingClaim",),
        "emptyDir": ("sizeLimit", "medium"),
        "hostPath": ("path",),
        "nfs": ("server", "path"),
        "secret": ("secret",),
        "config": ("name",),
    }
    return " ".join(str(spec[key]) for key in keys.get(kind, ()) if spec.get(key))


def mounts_of(spec: Map) -> tuple[str, ...]:
    """`container:/path`, with `(read-only)` where it is."""
    found = []
    for container, entries in mapping(spec.get("mounts")).items():
        for entry in entries if isinstance(entries, list) else ():
            one = mapping(entry)
            suffix = " (read-only)" if one.get("readOnly") else ""
            found.append(f"{container}:{one.get('path')}{suffix}")
    return tuple(found)


def backup_text(spec: Map) -> str:
    """How a volume's data is kept, or why not."""
    if "optOut" in spec:
        return f"no backup: {spec['optOut']}"
    without = texts(spec.get("exclude"))
    return f"backup: {spec.get('method')}" + (f", excluding {', '.join(without)}" if without else "")


def probe_text(spec: Map) -> str:
    """What a probe does."""
    port = f" on {spec['port']}" if "port" in spec else ""
    if "path" in spec:
        return f"GET {spec['path']}{port}"
    if spec.get("tcp"):
        return f"TCP connect{port}"
    if spec.get("grpc"):
        return f"gRPC health check{port}"
    return "exec " + " ".join(texts(spec.get("exec")))


def probe_time(spec: Map) -> str:
    """How often, and how long until it counts: Kubernetes' defaults are 10 s, 1 s and 3 failures."""
    period, timeout = spec.get("periodSeconds", 10), spec.get("timeoutSeconds", 1)
    return f"every {period} s, timeout {timeout} s, fails after {spec.get('failureThreshold', 3)}"


def secret_users(values: Map, identifier: str) -> tuple[str, ...]:
    """What reads a secret: containers, with their controller where there are several, and volumes."""
    found = tuple(containers(values))
    several = len({container.controller for container in found}) > 1
    users = []
    for container in found:
        sources = (*mapping(container.spec.get("env")).values(), *mapping(container.spec.get("envFrom")).values())
        if any(mapping(source).get("secret") == identifier for source in sources):
            users.append(f"{container.controller}/{container.name}" if several else container.name)
    users += [f"volume {key}" for key, spec in items(values.get("persistence")) if spec.get("secret") == identifier]
    return tuple(users)
