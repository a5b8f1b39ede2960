"""SealedSecrets as files: their path, their content, and their problems. Pure.

`values/<env>/sealed/<namespace>/<name>.yaml` is one SealedSecret; Argo CD reads it from git, and no chart contains it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import SEALED_FOLDER
from slipway.core.rules import Rule
from slipway.util import yaml
from slipway.util.mapping import dig

SEALED_FILE = Rule(
    "sealed.file",
    "A file below sealed/ is a SealedSecret at the path of its namespace and name, without readable values.",
)

API_VERSION = "bitnami.com/v1alpha1"
KIND = "SealedSecret"
SCOPE_ANNOTATION = "sealedsecrets.bitnami.com/"

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""The name of a Secret. Source: RFC 1123 subdomain, as Kubernetes validates object names."""
DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
"""A key of a Secret. Source: Kubernetes, IsConfigMapKey."""

SHORTEST = 2 + 256 + 16
"""Bytes of a sealed empty value: a length, an RSA ciphertext of 2048 bits, the tag of GCM."""


class Scope(StrEnum):
    """The names under which the controller decrypts a value."""

    STRICT = "strict"
    """One name in one namespace. The default of kubeseal."""
    NAMESPACE = "namespace-wide"
    """Any name in one namespace."""
    CLUSTER = "cluster-wide"
    """Anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NamespacedName:
    """The namespace and name of a Secret."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """One SealedSecret."""

    target: NamespacedName
    scope: Scope = Scope.STRICT
    values: Mapping[str, str] = field(repr=False)
    """Key → sealed value."""
    type: str = "Opaque"
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the Secret."""


def sealed_path(environment: str, target: NamespacedName) -> str:
    """The path of a SealedSecret, relative to the root."""
    return f"values/{environment}/{SEALED_FOLDER}/{target.namespace}/{target.name}.yaml"


def validate_name(target: NamespacedName) -> None:
    """Refuse a namespace or name that Kubernetes would refuse.

    Raises:
        WorkspaceError: one is invalid.
    """
    for flag, text in (("--namespace", target.namespace), ("--name", target.name)):
        if not NAME.fullmatch(text):
            fact = f"{text!r} cannot be a name in Kubernetes" if text else "is missing"
            hint = "lower-case letters, digits, '-' and '.'" if text else f"{flag} NAME"
            raise WorkspaceError(Problem(where=flag, fact=fact, hint=hint))


def dump(sealed: SealedSecret, over: Mapping[str, object] | None = None) -> bytes:
    """The content of a file; the same SealedSecret gives the same bytes.

    Args:
        sealed: the SealedSecret.
        over: the earlier document of the file, whose other fields stay.
    """
    metadata: dict[str, object] = {"name": sealed.target.name, "namespace": sealed.target.namespace}
    if sealed.scope is not Scope.STRICT:
        metadata["annotations"] = {SCOPE_ANNOTATION + sealed.scope: "true"}
    secret_metadata = {**metadata, **({"labels": dict(sealed.labels)} if sealed.labels else {})}
    template = {"metadata": secret_metadata, "type": sealed.type}
    data: dict[str, object] = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "spec": {"encryptedData": dict(sealed.values), "template": template},
    }
    return yaml.dump(deep_merge(over or {}, data))


def deep_merge(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    """A document merged over another one, mapping by mapping."""
    below = {key: value for key, value in low.items() if key not in high}
    return below | {
        key: deep_merge(dig(low, key), value) if isinstance(value, Mapping) else value for key, value in high.items()
    }


def add_keys(old: SealedSecret | None, new: SealedSecret) -> SealedSecret:
    """New keys beside an earlier file's, which stay as they are.

    Raises:
        WorkspaceError: the earlier keys have another scope, and a file has one.
    """
    if old is None:
        return new
    if old.scope is not new.scope:
        raise WorkspaceError(
            Problem(
                where="--scope",
                fact=f"{new.target} is sealed {old.scope}; its other keys would have to be sealed again",
                hint=f"--scope {old.scope}, or delete the file first",
            )
        )
    labels = {**old.labels, **new.labels}
    made = replace(new, values={**old.values, **new.values}, labels=labels)
    return replace(made, type=old.type) if new.type == "Opaque" else made


def parse(text: bytes, where: str) -> SealedSecret:
    """The SealedSecret of a file.

    Raises:
        WorkspaceError: the problems of the file.
    """
    document = yaml.parse(text, where)
    if problems := list(document_problems(document)):
        raise WorkspaceError(problems)
    data = document.mapping
    metadata, template = dig(data, "metadata"), dig(data, "spec", "template")
    return SealedSecret(
        target=NamespacedName(namespace=str(metadata["namespace"]), name=str(metadata["name"])),
        scope=scope_of(dig(metadata, "annotations")),
        values={str(key): str(value) for key, value in dig(data, "spec", "encryptedData").items()},
        type=str(template.get("type", "Opaque")),
        labels={str(key): str(value) for key, value in dig(template, "metadata", "labels").items()},
    )


def scope_of(annotations: Mapping[str, object]) -> Scope:
    """The scope in annotations."""
    for scope in (Scope.CLUSTER, Scope.NAMESPACE):
        if annotations.get(SCOPE_ANNOTATION + scope) == "true":
            return scope
    return Scope.STRICT


def document_problems(document: yaml.Document) -> Iterator[Problem]:
    """The problems of a document that is to be a SealedSecret."""
    data = document.mapping
    if (data.get("apiVersion"), data.get("kind")) != (API_VERSION, KIND):
        fact = f"is not a {KIND} of {API_VERSION}"
        yield SEALED_FILE.problem(where=document.where, fact=fact, hint="./inv seal writes such files")
        return
    metadata = dig(data, "metadata")
    for key in ("namespace", "name"):
        if not isinstance(metadata.get(key), str) or not NAME.fullmatch(str(metadata[key])):
            yield SEALED_FILE.problem(
                where=document.at("metadata", key), fact=f"metadata.{key} is missing or not a valid name"
            )
    values = dig(data, "spec", "encryptedData")
    if not values:
        yield SEALED_FILE.problem(
            where=document.at("spec", "encryptedData"), fact="has no sealed value", hint="delete the file"
        )
    for key, value in values.items():
        if not is_sealed(value):
            yield SEALED_FILE.problem(
                where=document.at("spec", "encryptedData", str(key)),
                fact=f"the value of {key} is not sealed",
                evidence=("if it is the secret itself, it is compromised: change it where it is used",),
                hint="./inv seal",
            )
    # The controller copies these fields of the template, which are readable, into the Secret.
    for field_name in ("data", "stringData"):
        if dig(data, "spec", "template").get(field_name):
            fact = f"spec.template.{field_name} would be readable in git"
            yield SEALED_FILE.problem(where=document.at("spec", "template"), fact=fact, hint="seal it as a key")


def is_sealed(value: object) -> bool:
    """Whether a value has the form of a sealed one: base64 of a length, a session key of that length, and a tag."""
    if not isinstance(value, str):
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(raw[:2])
    return len(raw) >= SHORTEST and length in {256, 384, 512, 1024} and len(raw) >= 2 + length + 16
