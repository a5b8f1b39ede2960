"""The Secrets that rendered objects refer to, and those that they create. Pure.

Pods refer to them in variables and volumes; custom resources in fields called `…SecretRef`, `secretName` or `…Secret`, or
in mappings of a name and a key. Which Secrets an object creates depends on its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.build.render import Object
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS, children, containers
from slipway.util.mapping import dig, listing

WITHOUT_REFERENCES = frozenset(
    {
        *("ConfigMap", "CustomResourceDefinition", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        *("NetworkPolicy", "Secret", "SealedSecret", "AppProject", "ApplicationSet"),
    }
)
"""Kinds whose fields do not refer to Secrets, whatever their names."""

NAME_FIELD = re.compile(r"(^s|S)ecret((Key)?Ref)?$")
"""Fields with the name of a Secret, alone or with a key."""
NAME_LIST_FIELD = re.compile(r"^(secretNames|certificatesSecrets|rootCAsSecrets|imagePullSecrets)$")
"""Lists of names. Source: the definitions of Traefik, and ServiceAccount."""
INJECTED = "cert-manager.io/inject-ca-from-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference to a Secret."""

    namespace: str
    name: str
    key: str = ""
    """Empty for a reference to the whole Secret."""
    optional: bool = False
    object: str
    """Kind and name."""
    place: str
    """Container and variable, volume, or field."""
    source: str = ""
    """The template that rendered the object."""

    @property
    def reader(self) -> str:
        """The object and the place in it."""
        return f"{self.object}, {self.place}"


def references(objects: Iterable[Object], namespace: str) -> Iterator[Reference]:
    """Every reference of some objects.

    Args:
        objects: rendered.
        namespace: of the release; cluster-scoped objects read Secrets there.
    """
    for item in objects:
        in_namespace = item.namespace or namespace
        if item.kind in POD_TEMPLATE_PATHS:
            found = pod_references(dig(item.data, *POD_TEMPLATE_PATHS[item.kind]))
        elif item.kind not in WITHOUT_REFERENCES:
            created = created_secrets(item)
            found = (
                (name, key, False, path) for name, key, path in field_references(item.data, "") if name not in created
            )
        else:
            continue
        for name, key, optional, place in found:
            yield Reference(
                namespace=in_namespace,
                name=name,
                key=key,
                optional=optional,
                object=item.title,
                place=place,
                source=item.source,
            )
        if injected := item.annotations.get(INJECTED):
            injected_namespace, _, name = injected.partition("/")
            yield Reference(
                namespace=injected_namespace, name=name, object=item.title, place="CA bundle", source=item.source
            )


def pod_references(pod: Mapping[str, object]) -> Iterator[tuple[str, str, bool, str]]:
    """(name, key, optional, place) of each Secret of a pod template."""
    for container in containers(pod):
        container_name = str(container.get("name"))
        for variable in listing(container, "env"):
            yield from reference(
                dig(variable, "valueFrom", "secretKeyRef"), f"{container_name}: {variable.get('name')}"
            )
        for entry in listing(container, "envFrom"):
            yield from reference(dig(entry, "secretRef"), f"{container_name}: envFrom")
    for volume in listing(dig(pod, "spec"), "volumes"):
        place = f"volume {volume.get('name')}"
        yield from volume_references(dig(volume, "secret"), "secretName", place)
        for source in listing(dig(volume, "projected"), "sources"):
            yield from volume_references(dig(source, "secret"), "name", place)
    for entry in listing(dig(pod, "spec"), "imagePullSecrets"):
        yield from reference(entry, "imagePullSecrets")


def volume_references(found: Mapping[str, object], name: str, place: str) -> Iterator[tuple[str, str, bool, str]]:
    """A reference for each key of a volume's Secret that becomes a file, or one for all keys."""
    for item in listing(found, "items") or [{}]:
        yield from reference({**found, "name": found.get(name), "key": item.get("key", "")}, place)


def reference(found: Mapping[str, object], place: str) -> Iterator[tuple[str, str, bool, str]]:
    """The reference, unless it is absent."""
    if found.get("name"):
        yield str(found["name"]), str(found.get("key", "")), found.get("optional") is True, place


def field_references(node: object, path: str) -> Iterator[tuple[str, str, str]]:
    """(name, key, path) of each Secret that the fields of a custom resource name."""
    for field, here, value in children(node, path):
        if isinstance(value, str):
            if field == "secretName" or (NAME_FIELD.search(str(field)) and value):
                yield value, "", here
        elif isinstance(value, Mapping) and is_selector(str(field), here, value):
            yield str(value["name"]), str(value.get("key", "")), here
        elif isinstance(value, list) and NAME_LIST_FIELD.match(str(field)):
            yield from ((name, "", here) for name in map(name_of, value) if name)
        else:
            yield from field_references(value, here)


def is_selector(field: str, path: str, value: Mapping[str, object]) -> bool:
    """Whether a mapping refers to a Secret: by its field's name, or as a name and a key."""
    if not isinstance(value.get("name"), str) or "configmap" in path.lower():
        return False
    return NAME_FIELD.search(field) is not None or set(value) == {"name", "key"}


def name_of(entry: object) -> str:
    """The name in an entry of a list: a string, or a mapping with a name."""
    return str(entry.get("name", "")) if isinstance(entry, Mapping) else str(entry)


def producers_of(objects: Iterable[Object]) -> dict[str, str]:
    """Secret → `Kind/name` of the object that creates it."""
    return {name: f"{item.kind}/{item.name}" for item in objects for name in created_secrets(item) if name}


def created_secrets(item: Object) -> tuple[str, ...]:
    """The Secrets that an object creates, or that its controller creates for it."""
    spec = dig(item.data, "spec")
    match item.group, item.kind:
        case "", "Secret":
            return (item.name,)
        case "bitnami.com", "SealedSecret":
            return (item.name,)
        case "cert-manager.io", "Certificate":
            return (str(spec.get("secretName", "")),)
        case "cert-manager.io", "Issuer" | "ClusterIssuer":
            # cert-manager creates the key of the ACME account when it registers.
            account = dig(spec, "acme", "privateKeySecretRef").get("name")
            return (str(account),) if account else ()
        case "postgresql.cnpg.io", "Cluster":
            return tuple(f"{item.name}-{suffix}" for suffix in database_secrets(spec))
    return ()


def database_secrets(spec: Mapping[str, object]) -> Iterator[str]:
    """The suffixes of the Secrets of a PostgreSQL cluster. Source: cloudnative-pg v1.28 docs/src/applications.md, certificates.md."""
    certificates = dig(spec, "certificates")
    if not (certificates.get("serverCASecret") and certificates.get("clientCASecret")):
        yield "ca"
    if not certificates.get("serverTLSSecret"):
        yield "server"
    if not certificates.get("replicationTLSSecret"):
        yield "replication"
    if not any(dig(spec, "bootstrap", method, "secret") for method in ("initdb", "recovery", "pg_basebackup")):
        yield "app"
    if spec.get("enableSuperuserAccess") is True and not dig(spec, "superuserSecret"):
        yield "superuser"


def may_write(item: Object, objects: Iterable[Object], secret: str) -> bool:
    """Whether a workload's service account may create or update a Secret."""
    account = str(dig(item.data, *POD_TEMPLATE_PATHS[item.kind], "spec").get("serviceAccountName") or "default")
    listed = list(objects)
    bound = {
        (str(dig(binding.data, "roleRef").get("kind")), str(dig(binding.data, "roleRef").get("name")))
        for binding in listed
        if binding.kind in {"RoleBinding", "ClusterRoleBinding"}
        and any(subject.get("name") == account for subject in listing(binding.data, "subjects"))
    }
    return any(
        allows_write(rule, secret)
        for role in listed
        if (role.kind, role.name) in bound
        for rule in listing(role.data, "rules")
    )


def allows_write(rule: Mapping[str, object], secret: str) -> bool:
    """Whether a rule of a role permits to create or update a Secret."""

    def entries(key: str) -> set[str]:
        value = rule.get(key)
        return set(map(str, value)) if isinstance(value, list) else set()

    names = entries("resourceNames")
    return bool(
        {"secrets", "*"} & entries("resources")
        and {"", "*"} & entries("apiGroups")
        and {"create", "update", "patch", "*"} & entries("verbs")
        and (not names or secret in names)
    )
