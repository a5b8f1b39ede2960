"""Which Secrets rendered objects refer to, and which they make. Pure.

Pods name them in variables and volumes; other objects in fields that their definitions call `…SecretRef`, `secretName`,
`…Secret`, or that are a name and a key. What an object makes by its kind's own rules is a fact of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, containers
from slipway.util.mapping import dig, listing

SILENT = frozenset(
    {
        *("ConfigMap", "CustomResourceDefinition", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        *("NetworkPolicy", "Secret", "SealedSecret", "AppProject", "ApplicationSet"),
    }
)
"""Kinds in which a name that looks like a secret's is none."""

NAMED = re.compile(r"(^s|S)ecret((Key)?Ref)?$")
"""Fields that hold a secret's name, alone or with a key."""
NAMES = re.compile(r"^(secretNames|certificatesSecrets|rootCAsSecrets|imagePullSecrets)$")
"""Lists of names. Source: the definitions of Traefik, and ServiceAccount."""
INJECTED = "cert-manager.io/inject-ca-from-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One place that names a Secret."""

    namespace: str
    name: str
    key: str = ""
    """Empty when the whole Secret is meant."""
    optional: bool = False
    object: str
    """Kind and name."""
    place: str
    """Container and variable, volume, or field."""
    source: str = ""
    """The template that made the object."""

    @property
    def reader(self) -> str:
        """Who reads it, in a few words."""
        return f"{self.object}, {self.place}"


def references(objects: Iterable[Object], namespace: str) -> Iterator[Reference]:
    """Every reference of some objects.

    Args:
        objects: rendered.
        namespace: of the release; objects of the cluster keep their secrets there.
    """
    for item in objects:
        inside = item.namespace or namespace
        if item.kind in POD_TEMPLATE_PATHS:
            found = in_pod(dig(item.data, *POD_TEMPLATE_PATHS[item.kind]))
        elif item.kind not in SILENT:
            made = frozenset(made_by(item))
            found = ((name, key, False, place) for name, key, place in in_fields(item.data, "") if name not in made)
        else:
            continue
        for name, key, optional, place in found:
            yield Reference(
                namespace=inside,
                name=name,
                key=key,
                optional=optional,
                object=item.title,
                place=place,
                source=item.source,
            )
        if injected := item.annotations.get(INJECTED):
            space, _, name = injected.partition("/")
            yield Reference(
                namespace=space, name=name, object=item.title, place="certificate of its authority", source=item.source
            )


def in_pod(pod: Mapping[str, object]) -> Iterator[tuple[str, str, bool, str]]:
    """(name, key, optional, place) of each Secret of a pod template."""
    for container in containers(pod):
        called = str(container.get("name"))
        for variable in listing(container, "env"):
            yield from one(dig(variable, "valueFrom", "secretKeyRef"), f"{called}: {variable.get('name')}")
        for entry in listing(container, "envFrom"):
            yield from one(dig(entry, "secretRef"), f"{called}: variables")
    for volume in listing(dig(pod, "spec"), "volumes"):
        place = f"volume {volume.get('name')}"
        yield from items_of(dig(volume, "secret"), "secretName", place)
        for source in listing(dig(volume, "projected"), "sources"):
            yield from items_of(dig(source, "secret"), "name", place)
    for entry in listing(dig(pod, "spec"), "imagePullSecrets"):
        yield from one(entry, "image pulls")


def items_of(found: Mapping[str, object], name: str, place: str) -> Iterator[tuple[str, str, bool, str]]:
    """A volume's Secret: a reference for each key that becomes a file, or one for all of them."""
    for item in listing(found, "items") or [{}]:
        yield from one({**found, "name": found.get(name), "key": item.get("key", "")}, place)


def one(found: Mapping[str, object], place: str) -> Iterator[tuple[str, str, bool, str]]:
    """A reference, unless there is none."""
    if found.get("name"):
        yield str(found["name"]), str(found.get("key", "")), found.get("optional") is True, place


def in_fields(node: object, path: str) -> Iterator[tuple[str, str, str]]:
    """(name, key, path) of each Secret that the fields of a custom resource name."""
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for field, value in pairs:
        here = f"{path}.{field}" if path else str(field)
        if isinstance(value, str):
            if field == "secretName" or (NAMED.search(str(field)) and value):
                yield value, "", here
        elif isinstance(value, Mapping) and is_selector(str(field), here, value):
            yield str(value["name"]), str(value.get("key", "")), here
        elif isinstance(value, list) and NAMES.match(str(field)):
            yield from ((name, "", here) for name in map(name_of, value) if name)
        else:
            yield from in_fields(value, here)


def is_selector(field: str, path: str, value: Mapping[str, object]) -> bool:
    """Whether a mapping names a Secret: by its field's name, or as a name and a key."""
    if not isinstance(value.get("name"), str) or "configmap" in path.lower():
        return False
    return NAMED.search(field) is not None or set(value) == {"name", "key"}


def name_of(entry: object) -> str:
    """A name, alone or in a mapping."""
    return str(entry.get("name", "")) if isinstance(entry, Mapping) else str(entry)


def made_by(item: Object) -> tuple[str, ...]:
    """The Secrets that come to be because an object is there, by the rules of its kind."""
    spec = dig(item.data, "spec")
    match item.group, item.kind:
        case "", "Secret":
            return (item.name,)
        case "bitnami.com", "SealedSecret":
            return (item.name,)
        case "cert-manager.io", "Certificate":
            return (str(spec.get("secretName", "")),)
        case "cert-manager.io", "Issuer" | "ClusterIssuer":
            # The key of the ACME account is made at the first registration.
            account = dig(spec, "acme", "privateKeySecretRef").get("name")
            return (str(account),) if account else ()
        case "postgresql.cnpg.io", "Cluster":
            return tuple(f"{item.name}-{suffix}" for suffix in database_secrets(spec))
    return ()


def database_secrets(spec: Mapping[str, object]) -> Iterator[str]:
    """The Secrets of a PostgreSQL cluster. Source: cloudnative-pg v1.28 docs/src/applications.md, certificates.md."""
    own = dig(spec, "certificates")
    if not (own.get("serverCASecret") and own.get("clientCASecret")):
        yield "ca"
    yield from () if own.get("serverTLSSecret") else ("server",)
    yield from () if own.get("replicationTLSSecret") else ("replication",)
    bootstrap = dig(spec, "bootstrap")
    ways = [dig(bootstrap, way) for way in ("initdb", "recovery", "pg_basebackup")]
    if not any(dig(way, "secret") for way in ways):
        yield "app"
    if spec.get("enableSuperuserAccess") is True and not dig(spec, "superuserSecret"):
        yield "superuser"


def may_write(item: Object, objects: Iterable[Object], secret: str) -> bool:
    """Whether a workload's account may create a Secret, or change one that is there."""
    account = str(dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec").get("serviceAccountName") or "default")
    every = list(objects)
    bound = {
        (str(dig(binding.data, "roleRef").get("kind")), str(dig(binding.data, "roleRef").get("name")))
        for binding in every
        if binding.kind in {"RoleBinding", "ClusterRoleBinding"}
        and any(subject.get("name") == account for subject in listing(binding.data, "subjects"))
    }
    return any(
        writes(rule, secret)
        for role in every
        if (role.kind, role.name) in bound
        for rule in listing(role.data, "rules")
    )


def writes(rule: Mapping[str, object], secret: str) -> bool:
    """Whether a rule of a role lets a Secret be created or changed."""

    def listed(key: str) -> set[str]:
        value = rule.get(key)
        return {str(entry) for entry in value} if isinstance(value, list) else set()

    names = listed("resourceNames")
    return bool(
        {"secrets", "*"} & listed("resources")
        and {"", "*"} & listed("apiGroups")
        and {"create", "update", "patch", "*"} & listed("verbs")
        and (not names or secret in names)
    )
