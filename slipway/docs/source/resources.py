"""Containers, routes, network rules, volumes and probes that a chart's values declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.docs.source.schema import Map, items, lookup, texts
from slipway.util.mapping import dig
from slipway.workspace.declarations import WANTED_ADDRESS, WANTED_ADDRESS_FIELD

HOST = re.compile(r"Host\(`([^`]+)`\)")
"""The host in a Traefik rule."""

LOCAL_ONLY = "local-only"
"""The middleware that allows private addresses only."""

REFERENCE = re.compile(r"\{\{-?\s*\.Values\.global\.([A-Za-z0-9_.]+)\s*-?\}\}")
"""A template that is a reference to a global value."""

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
        return dig(self.spec, "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRule:
    """A connection that the network policy allows."""

    incoming: bool
    name: str
    peer: str
    ports: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of the chart."""

    name: str
    type: str
    detail: str
    mounts: tuple[str, ...]
    retention: str
    """Retention and backup of its data; empty if it has no data of its own."""


def fill(text: str, global_values: Map) -> str:
    """A text with references to global values replaced; other templates are unchanged."""

    def resolved(match: re.Match[str]) -> str:
        found = lookup(global_values, *match[1].split("."))
        return match[0] if found is None else str(found)

    return REFERENCE.sub(resolved, text)


def own_address(values: Map, service: str) -> str:
    """The LoadBalancer address that a Service requests, or an empty string."""
    spec = dig(values, "service", service)
    annotations = dig(spec, "annotations")
    wanted = next(
        (annotations[name] for name in WANTED_ADDRESS if name in annotations), spec.get(WANTED_ADDRESS_FIELD, "")
    )
    return fill(str(wanted), dig(values, "global"))


def named(text: str) -> str:
    """A text with references to global values as placeholders: `sonarr.<domain>`."""
    return REFERENCE.sub(lambda match: f"<{match[1]}>", text)


def containers(values: Map) -> Iterator[Container]:
    """The containers of all workloads, application containers first, and the database servers."""
    for controller, spec in items(values.get("controllers")):
        for key, kind in CONTAINER_KINDS:
            for name, container in items(spec.get(key)):
                yield Container(controller=controller, name=name, kind=kind, spec=container)
    for name, spec in items(values.get("databases")):
        yield Container(controller=name, name="postgres", kind="database", spec={"image": spec.get("image")})


def routes(values: Map) -> Iterator[tuple[str, Map]]:
    """The enabled routes: entries of `route`, then IngressRoutes among `extraObjects` in the same form."""
    yield from items(values.get("route"))
    for name, spec in items(values.get("extraObjects")):
        rules = lookup(spec, "spec", "routes")
        for rule in rules if spec.get("kind") == "IngressRoute" and isinstance(rules, list) else ():
            host = HOST.search(str(dig(rule).get("match", "")))
            listed = dig(rule).get("middlewares")
            middlewares = [dig(each).get("name") for each in listed] if isinstance(listed, list) else []
            if host:
                yield name, {"host": host[1], "access": "internal" if LOCAL_ONLY in middlewares else "external"}


def network_rules(values: Map) -> Iterator[NetworkRule]:
    """The rules of the network policy, ingress first, with the implied DNS rule."""
    network = dig(values, "network")
    for key, end, incoming in (("ingress", "from", True), ("egress", "to", False)):
        for name, edge in items(network.get(key)):
            yield NetworkRule(
                incoming=incoming,
                name=name,
                peer=peer(dig(edge, end)),
                ports=ports_of(edge.get("ports")),
                purpose=str(edge.get("purpose", "")),
            )
    if network.get("dns", True) is not False and (values.get("controllers") or values.get("databases")):
        yield NetworkRule(
            incoming=False, name="dns", peer="cluster DNS", ports="53", purpose="name resolution; allowed by default"
        )


def peer(spec: Map) -> str:
    """A description of the peer of a network rule."""
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
    labels = {**dig(spec, "namespaceLabels"), **dig(spec, "podLabels")}
    return "pods with " + ", ".join(f"{key}={item}" for key, item in labels.items())


def ports_of(data: object) -> str:
    """The ports of a network rule; `all` if it has none."""
    if not isinstance(data, list) or not data:
        return "all"
    ports = []
    for item in data:
        if isinstance(item, Mapping):
            last = f"-{item['endPort']}" if "endPort" in item else ""
            ports.append(f"{item.get('port')}{last}/{item.get('protocol', 'TCP')}")
        else:
            ports.append(str(item))
    return ", ".join(ports)


def volumes(values: Map) -> Iterator[Volume]:
    """All volumes: entries of `persistence`, then volume claim templates and database volumes."""
    backups = {str(spec.get("persistence")): spec for _, spec in items(values.get("backup"))}
    dumps = {str(spec.get("database")): spec for _, spec in items(values.get("backup"))}
    for name, spec in items(values.get("persistence")):
        kind = volume_type(spec)
        backup = backups.get(name)
        retention = "retained on uninstall" if kind == "claim" and spec.get("retain", True) else ""
        if backup is not None:
            retention = "; ".join(part for part in (retention, backup_text(backup)) if part)
        yield Volume(
            name=name, type=kind, detail=volume_detail(kind, spec), mounts=mounts_of(spec), retention=retention
        )
    for controller, workload in items(values.get("controllers")):
        for name, spec in items(workload.get("volumeClaims")):
            detail = str(spec.get("size", ""))
            yield Volume(
                name=f"{controller}/{name}", type="claim per pod", detail=detail, mounts=mounts_of(spec), retention=""
            )
    for name, spec in items(values.get("databases")):
        size = str(spec.get("size", ""))
        dump = dumps.get(name)
        retention = "; ".join(("retained on uninstall", *(() if dump is None else (backup_text(dump),))))
        yield Volume(name=name, type="claim per instance", detail=size, mounts=(), retention=retention)


def volume_type(spec: Map) -> str:
    """The type, inferred as in the library chart."""
    if "type" in spec:
        return str(spec["type"])
    return "claim" if "size" in spec else "existingClaim" if "existingClaim" in spec else "emptyDir"


def volume_detail(kind: str, spec: Map) -> str:
    """The size or source of a volume."""
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
    """`container:/path`, with `(read-only)` for a read-only mount."""
    found = []
    for container, entries in dig(spec, "mounts").items():
        for entry in entries if isinstance(entries, list) else ():
            one = dig(entry)
            suffix = " (read-only)" if one.get("readOnly") else ""
            found.append(f"{container}:{one.get('path')}{suffix}")
    return tuple(found)


def backup_text(spec: Map) -> str:
    """The backup method, or the reason for having no backup."""
    if "optOut" in spec:
        return f"no backup: {spec['optOut']}"
    without = texts(spec.get("exclude"))
    return f"backup: {spec.get('method')}" + (f", excluding {', '.join(without)}" if without else "")


def probe_text(spec: Map) -> str:
    """The check of a probe."""
    port = f" on {spec['port']}" if "port" in spec else ""
    if "path" in spec:
        return f"GET {spec['path']}{port}"
    if spec.get("tcp"):
        return f"TCP connect{port}"
    if spec.get("grpc"):
        return f"gRPC health check{port}"
    return "exec " + " ".join(texts(spec.get("exec")))


def probe_time(spec: Map) -> str:
    """Period, timeout and failure threshold; Kubernetes' defaults are 10 s, 1 s and 3."""
    period, timeout = spec.get("periodSeconds", 10), spec.get("timeoutSeconds", 1)
    return f"every {period} s, timeout {timeout} s, fails after {spec.get('failureThreshold', 3)}"


def secret_users(values: Map, identifier: str) -> tuple[str, ...]:
    """Containers and volumes that reference a secret; containers have their controller if there are several."""
    found = tuple(containers(values))
    several = len({container.controller for container in found}) > 1
    users = []
    for container in found:
        sources = (*dig(container.spec, "env").values(), *dig(container.spec, "envFrom").values())
        if any(dig(source).get("secret") == identifier for source in sources):
            users.append(f"{container.controller}/{container.name}" if several else container.name)
    users += [f"volume {key}" for key, spec in items(values.get("persistence")) if spec.get("secret") == identifier]
    return tuple(users)


def granted(rule: Map) -> tuple[str, ...]:
    """What a rule of a role is about: resources with their API group, and URLs."""
    groups = [f"{group}/" if group else "" for group in texts(rule.get("apiGroups"))]
    named = (f"{group}{name}" for group in groups for name in texts(rule.get("resources")))
    return (*named, *texts(rule.get("nonResourceURLs")))
