"""SealedSecrets as files: where they lie, what they hold, and what makes one unusable. Pure.

`values/<env>/sealed/<namespace>/<name>.yaml` is one SealedSecret; Argo CD reads it from git, no chart carries it.
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
SCOPES = "sealedsecrets.bitnami.com/"

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""Name of a Secret. Source: RFC 1123 subdomain, as Kubernetes validates object names."""
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
"""Key of a Secret. Source: Kubernetes, IsConfigMapKey."""

SHORTEST = 2 + 256 + 16
"""Bytes of a sealed empty value: a length, what RSA makes with 2048 bits, the tag of GCM."""


class Scope(StrEnum):
    """What a value is bound to."""

    STRICT = "strict"
    """One name in one namespace."""
    NAMESPACE = "namespace-wide"
    """Any name in one namespace."""
    CLUSTER = "cluster-wide"
    """Anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """The Secret that comes of it."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One SealedSecret."""

    target: Target
    scope: Scope = Scope.STRICT
    values: Mapping[str, str] = field(repr=False)
    """Key → sealed value."""
    type: str = "Opaque"
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the Secret."""


def path_of(environment: str, target: Target) -> str:
    """Where a SealedSecret lies, relative to the root."""
    return f"values/{environment}/{SEALED_FOLDER}/{target.namespace}/{target.name}.yaml"


def check_target(target: Target) -> None:
    """Refuse names that Kubernetes would refuse.

    Raises:
        WorkspaceError: one is none.
    """
    for flag, text in (("--namespace", target.namespace), ("--name", target.name)):
        if not NAME.fullmatch(text):
            fact = f"{text!r} cannot be a name in Kubernetes" if text else "is missing"
            hint = "lower-case letters, digits, '-' and '.'" if text else f"{flag} NAME"
            raise WorkspaceError(Problem(where=flag, fact=fact, hint=hint))


def dump(sealed: Sealed, over: Mapping[str, object] | None = None) -> bytes:
    """A file's text; the same content gives the same bytes.

    Args:
        sealed: what it says.
        over: an earlier document of it, whose other fields stay.
    """
    place: dict[str, object] = {"name": sealed.target.name, "namespace": sealed.target.namespace}
    if sealed.scope is not Scope.STRICT:
        place["annotations"] = {SCOPES + sealed.scope: "true"}
    inside = {**place, **({"labels": dict(sealed.labels)} if sealed.labels else {})}
    template = {"metadata": inside, "type": sealed.type}
    data: dict[str, object] = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": place,
        "spec": {"encryptedData": dict(sealed.values), "template": template},
    }
    return yaml.dump(laid_over(over or {}, data))


def laid_over(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    """A document over another one, mapping by mapping."""
    below = {key: value for key, value in low.items() if key not in high}
    return below | {
        key: laid_over(dig(low, key), value) if isinstance(value, Mapping) else value for key, value in high.items()
    }


def merge(old: Sealed | None, new: Sealed) -> Sealed:
    """New keys over an earlier file's: the others stay as they are.

    Raises:
        WorkspaceError: the earlier ones are bound otherwise, so one file cannot hold both.
    """
    if old is None:
        return new
    if old.scope is not new.scope:
        raise WorkspaceError(
            Problem(
                where="--scope",
                fact=f"{new.target} is sealed {old.scope}, and its other keys would have to be sealed again",
                hint=f"--scope {old.scope}, or delete the file first",
            )
        )
    labels = {**old.labels, **new.labels}
    made = replace(new, values={**old.values, **new.values}, labels=labels)
    return replace(made, type=old.type) if new.type == "Opaque" else made


def parse(text: bytes, where: str) -> Sealed:
    """A file → its SealedSecret.

    Raises:
        WorkspaceError: everything that keeps it from being one.
    """
    document = yaml.parse(text, where)
    if problems := list(check(document)):
        raise WorkspaceError(problems)
    data = document.mapping
    metadata, template = dig(data, "metadata"), dig(data, "spec", "template")
    return Sealed(
        target=Target(namespace=str(metadata["namespace"]), name=str(metadata["name"])),
        scope=scope_of(dig(metadata, "annotations")),
        values={str(key): str(value) for key, value in dig(data, "spec", "encryptedData").items()},
        type=str(template.get("type", "Opaque")),
        labels={str(key): str(value) for key, value in dig(template, "metadata", "labels").items()},
    )


def scope_of(annotations: Mapping[str, object]) -> Scope:
    """What the annotations say that the values are bound to."""
    for scope in (Scope.CLUSTER, Scope.NAMESPACE):
        if annotations.get(SCOPES + scope) == "true":
            return scope
    return Scope.STRICT


def check(document: yaml.Document) -> Iterator[Problem]:
    """What keeps a document from being a SealedSecret."""
    data, rule = document.mapping, SEALED_FILE.identifier
    if (data.get("apiVersion"), data.get("kind")) != (API_VERSION, KIND):
        fact = f"is not a {KIND} of {API_VERSION}"
        yield Problem(where=document.where, fact=fact, hint="./inv seal writes such files", rule=rule)
        return
    metadata = dig(data, "metadata")
    for key in ("namespace", "name"):
        if not isinstance(metadata.get(key), str) or not NAME.fullmatch(str(metadata[key])):
            yield Problem(where=document.at("metadata", key), fact=f"metadata.{key} is missing or no name", rule=rule)
    values = dig(data, "spec", "encryptedData")
    if not values:
        yield Problem(where=document.at("spec", "encryptedData"), fact="seals nothing", hint="delete it", rule=rule)
    for key, value in values.items():
        if not is_sealed(value):
            yield Problem(
                where=document.at("spec", "encryptedData", str(key)),
                fact=f"the value of {key} is not sealed",
                evidence=("if it was the secret itself, it is known now: change it where it is used",),
                hint="./inv seal",
                rule=rule,
            )
    # What the template adds goes into the Secret as it stands, readable.
    for field_name in ("data", "stringData"):
        if dig(data, "spec", "template").get(field_name):
            fact = f"spec.template.{field_name} would be readable in git"
            yield Problem(where=document.at("spec", "template"), fact=fact, hint="seal it as a key", rule=rule)


def is_sealed(value: object) -> bool:
    """Whether a text can be what encryption makes: base64, a length, as much as the length says, and a tag."""
    if not isinstance(value, str):
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(raw[:2])
    return len(raw) >= SHORTEST and length in {256, 384, 512, 1024} and len(raw) >= 2 + length + 16
