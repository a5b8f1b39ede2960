"""Seal values for a cluster, and write them into the environment's file for that Secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import SEALING_CERTIFICATE, ChartName
from slipway.secrets import sealed_secret, store, value_sources
from slipway.secrets.inventory import DeclaredSecret, declared_secrets
from slipway.secrets.keys import Written, new_key_command
from slipway.secrets.sealed_secret import NamespacedName, Scope, SealedSecret
from slipway.util import yaml
from slipway.util.files import write_atomic
from slipway.util.text import suggest
from slipway.workspace import environments
from slipway.workspace.values.effective import members_with

if TYPE_CHECKING:
    from slipway.secrets.encryption import Certificate


FOLLOWED = "commit and push it: Argo CD follows the commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The Secret to seal, as the command line describes it."""

    namespace: str = ""
    name: str = ""
    type: str = ""
    """Opaque when empty."""
    scope: Scope = Scope.STRICT
    labels: tuple[str, ...] = ()
    """`NAME=VALUE` each."""


def seal(
    context: Context,
    environment: str,
    request: Request,
    requested: value_sources.RequestedKeys,
    inputs: value_sources.Inputs,
) -> Written:
    """Seal values and write them into the environment's file for that Secret.

    Raises:
        WorkspaceError: a name, a value, the certificate or an earlier file cannot be used; nothing was written.
    """
    # Fail before the prompt, not after somebody has typed a value.
    prepare(context, environment, request)
    return seal_values(context, environment, request, value_sources.read_values(requested, inputs))


def seal_values(context: Context, environment: str, request: Request, values: Mapping[str, bytes]) -> Written:
    """Seal values that are known, beside those that the file has.

    Raises:
        WorkspaceError: as `prepare`; nothing was written.
    """
    ready = prepare(context, environment, request)
    from slipway.secrets.encryption import encrypt

    target = ready.new.target
    sealed = {key: encrypt(ready.certificate, value, target, request.scope) for key, value in values.items()}
    made = sealed_secret.add_keys(ready.old, replace(ready.new, values=sealed))
    path = sealed_secret.sealed_path(environment, target)
    write_atomic(context.config.root / path, sealed_secret.dump(made, yaml.parse(ready.present, path).mapping))
    kept = sorted(set(made.values) - set(sealed))
    listed = (f"sealed: {', '.join(sorted(sealed))}", *((f"kept: {', '.join(kept)}",) if kept else ()))
    return Written(
        wrote=(path,),
        notes=(*listed, *notes(context, environment, made), *ready.warnings),
        next=(f"git add {path}", FOLLOWED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is known of a Secret before its values are."""

    certificate: Certificate
    warnings: tuple[str, ...]
    present: bytes
    """The file as it is; empty without one."""
    old: SealedSecret | None
    new: SealedSecret
    """Without values."""


def prepare(context: Context, environment: str, request: Request) -> Prepared:
    """Everything that can be refused before a value is read.

    Raises:
        WorkspaceError: a name, the certificate or an earlier file cannot be used.
    """
    target = NamespacedName(namespace=request.namespace, name=request.name)
    sealed_secret.validate_name(target)
    namespaces = tuple(umbrella.name for umbrella in context.workspace.umbrellas)
    if target.namespace not in namespaces:
        hint = suggest(target.namespace, namespaces, otherwise="namespaces:")
        raise WorkspaceError(Problem(where="--namespace", fact=store.unknown_namespace(target), hint=hint))
    certificate, warnings = usable_certificate(context, environment, datetime.now(tz=UTC))
    path = sealed_secret.sealed_path(environment, target)
    file = context.config.root / path
    present = file.read_bytes() if file.is_file() else b""
    old = sealed_secret.parse(present, path) if present else None
    declared = {
        name: value for item in declarations_of(context, environment, target) for name, value in item.labels.items()
    }
    labels = {**declared, **labels_of(request.labels)}
    new = SealedSecret(target=target, scope=request.scope, values={}, type=request.type or "Opaque", labels=labels)
    sealed_secret.add_keys(old, new)
    return Prepared(certificate=certificate, warnings=warnings, present=present, old=old, new=new)


def notes(context: Context, environment: str, made: SealedSecret) -> Iterator[str]:
    """Compare with what the charts declare: a name or key that none of them declares is often a typing error."""
    declared = declarations_of(context, environment, made.target)
    keys = {key for item in declared for key in item.keys}
    if not declared:
        yield f"note: no chart in {made.target.namespace} declares a secret {made.target.name}"
    elif unknown := sorted(set(made.values) - keys):
        yield f"note: no chart declares its key {', '.join(unknown)}"
    if absent := sorted(keys - set(made.values)):
        yield f"still missing: {', '.join(absent)}"


def declarations_of(context: Context, environment: str, target: NamespacedName) -> tuple[DeclaredSecret, ...]:
    """What the charts of its namespace declare about a Secret."""
    umbrella = context.workspace.charts[ChartName(target.namespace)]
    values = environments.environment_values(context.workspace.environments[environment], umbrella.name)
    found = declared_secrets(members_with(context.workspace, umbrella, [values]))
    return tuple(item for item in found if item.name == target.name)


def labels_of(labels: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` as labels of the Secret.

    Raises:
        WorkspaceError: one has another form.
    """
    parts = [label.partition("=") for label in labels]
    if any(not name or not sign for name, sign, _ in parts):
        raise WorkspaceError(Problem(where="--label", fact="is not NAME=VALUE"))
    return {name: value for name, _, value in parts}


def usable_certificate(context: Context, environment: str, now: datetime) -> tuple[Certificate, tuple[str, ...]]:
    """The environment's certificate, and a warning when it expires soon.

    Raises:
        WorkspaceError: it is missing, cannot be parsed, or has expired.
    """
    from slipway.secrets import encryption

    where = f"values/{environment}/{SEALING_CERTIFICATE}"
    file = context.workspace.environments[environment].certificate
    again = f"./inv seal --fetch-cert --env {environment}"
    if file is None:
        hint = f"{again}, or without a cluster: {new_key_command(environment)}"
        raise WorkspaceError(Problem(where=where, fact="is missing: there is nothing to seal with", hint=hint))
    found = encryption.parse_certificate(file.text, where)
    left = encryption.days_left(found, now)
    if left < 0:
        raise WorkspaceError(Problem(where=where, fact=f"expired on {found.ends:%Y-%m-%d}", hint=again))
    soon = (f"note: {where} expires in {left} days, on {found.ends:%Y-%m-%d}; then: {again}",)
    return found, soon if left < encryption.WARN_DAYS else ()
