"""`seal`: the flags in, files and texts out."""

from __future__ import annotations

import base64
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.cli.run import one_of
from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import SEALING_CERTIFICATE, ChartName
from slipway.delivery.prepare import kubeconfig_of
from slipway.gitops import pins
from slipway.secrets import document, prompt, store
from slipway.secrets.document import Scope, Sealed, Target
from slipway.secrets.inventory import declared_by
from slipway.toolchain.groups import ensure_group
from slipway.util import yaml
from slipway.util.files import write_atomic
from slipway.util.text import suggest
from slipway.workspace import environments

if TYPE_CHECKING:
    from slipway.secrets.envelope import Certificate, KeyPair
    from slipway.tools.kubectl import Kubectl

GROUP = "seal"
CONTROLLER = ChartName("sealed-secrets")
"""The chart whose namespace holds the keys."""
ACTIVE = "sealedsecrets.bitnami.com/sealed-secrets-key"
"""Label of a key that the controller uses. Source: sealed-secrets v0.38.4 cmd/controller, SealedSecretsKeyLabel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was written, and what to do with it."""

    wrote: tuple[str, ...]
    said: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The command line of `seal`."""

    namespace: str = ""
    name: str = ""
    key: tuple[str, ...] = ()
    from_file: tuple[str, ...] = ()
    generate: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    type: str = ""
    scope: str = Scope.STRICT
    fetch_cert: bool = False
    new_key: bool = False
    out: str = ""
    kubeconfig: str = ""


def perform(context: Context, environment: str, flags: Flags, source: prompt.Source) -> Done:
    """`seal`: seal values, or get what they are sealed with.

    Raises:
        BuildError: see `seal`, `fetch` and `new_key`; or the packages for it cannot be installed.
    """
    pins.check_environment(context.config, environment)
    ensure_group(context.toolbox.home, GROUP, context.progress)
    if flags.new_key:
        return new_key(context, environment, flags.out)
    if flags.fetch_cert:
        return fetch(context, environment, context.kubectl(kubeconfig_of(context.environ, flags.kubeconfig)))
    asked = prompt.asked_for(flags.key, flags.from_file, flags.generate)
    return seal(context, environment, flags, asked, source)


def terminal() -> prompt.Source:
    """This process's terminal and standard input."""
    return prompt.Source(prompt=getpass.getpass, stdin=sys.stdin.buffer, terminal=sys.stdin.isatty())


def text(done: Done) -> str:
    """For a person."""
    lines = [f"wrote {path}" for path in done.wrote]
    return "\n".join([*lines, *done.said, *(["Next:"] if done.next else []), *(f"    {step}" for step in done.next)])


def seal(context: Context, environment: str, flags: Flags, asked: prompt.Asked, source: prompt.Source) -> Done:
    """Seal values and write them into the environment's file for that Secret.

    Raises:
        WorkspaceError: a name, a value, the certificate or an earlier file cannot be used; nothing was written.
    """
    target = Target(namespace=flags.namespace, name=flags.name)
    document.check_target(target)
    spaces = tuple(umbrella.name for umbrella in context.workspace.umbrellas)
    if target.namespace not in spaces:
        hint = suggest(target.namespace, spaces, otherwise="namespaces:")
        raise WorkspaceError(Problem(where="--namespace", fact=store.no_namespace(target), hint=hint))
    scope = Scope(one_of("--scope", flags.scope, tuple(Scope)))
    certificate, warnings = usable_certificate(context, environment, datetime.now(tz=UTC))
    from slipway.secrets.envelope import encrypt

    path = document.path_of(environment, target)
    file = context.config.root / path
    there = file.read_bytes() if file.is_file() else b""
    old = document.parse(there, path) if there else None
    new = Sealed(target=target, scope=scope, values={}, type=flags.type or "Opaque", labels=labels_of(flags.label))
    # Before anybody is asked for a value: a refusal afterwards would cost the typing.
    document.merge(old, new)
    values = prompt.values(asked, source)
    sealed = {key: encrypt(certificate, value, target, scope) for key, value in values.items()}
    made = document.merge(old, replace(new, values=sealed))
    write_atomic(file, document.dump(made, yaml.parse(there, path).mapping))
    kept = sorted(set(made.values) - set(sealed))
    said = (f"sealed: {', '.join(sorted(sealed))}", *((f"kept: {', '.join(kept)}",) if kept else ()))
    return Done(
        wrote=(path,),
        said=(*said, *notes(context, environment, made), *warnings),
        next=(f"git add {path}", "commit and push it: Argo CD follows the commit"),
    )


def notes(context: Context, environment: str, made: Sealed) -> Iterator[str]:
    """What the charts say to it: a name or key that nobody declares is often a slip of the pen."""
    umbrella = context.workspace.charts[ChartName(made.target.namespace)]
    values = environments.environment_values(context.workspace.environments[environment], umbrella.name)
    told = [item for item in declared_by(context.workspace, umbrella, [values]) if item.name == made.target.name]
    keys = {key for item in told for key in item.keys}
    if not told:
        yield f"note: no chart in {made.target.namespace} declares a secret {made.target.name}"
    elif unknown := sorted(set(made.values) - keys):
        yield f"note: no chart declares its key {', '.join(unknown)}"
    if absent := sorted(keys - set(made.values)):
        yield f"still missing: {', '.join(absent)}"


def labels_of(labels: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` as labels of the Secret.

    Raises:
        WorkspaceError: one is written otherwise.
    """
    parts = [label.partition("=") for label in labels]
    if any(not name or not sign for name, sign, _ in parts):
        raise WorkspaceError(Problem(where="--label", fact="is not NAME=VALUE"))
    return {name: value for name, _, value in parts}


def usable_certificate(context: Context, environment: str, now: datetime) -> tuple[Certificate, tuple[str, ...]]:
    """The environment's certificate, and what should be known about it.

    Raises:
        WorkspaceError: there is none, it is none, or it has ended.
    """
    from slipway.secrets import envelope

    where = f"values/{environment}/{SEALING_CERTIFICATE}"
    file = context.workspace.environments[environment].certificate
    again = f"./inv seal --fetch-cert --env {environment}"
    if file is None:
        hint = f"{again}, or without a cluster: {new_key_command(environment)}"
        raise WorkspaceError(Problem(where=where, fact="is missing: there is nothing to seal with", hint=hint))
    found = envelope.certificate_of(file.text, where)
    left = envelope.days_left(found, now)
    if left < 0:
        raise WorkspaceError(Problem(where=where, fact=f"ended on {found.ends:%Y-%m-%d}", hint=again))
    soon = (f"note: {where} ends in {left} days, on {found.ends:%Y-%m-%d}; then: {again}",)
    return found, soon if left < envelope.WARN_DAYS else ()


def new_key_command(environment: str) -> str:
    """How a key is made without a cluster."""
    return f"./inv seal --new-key --env {environment} --out ~/sealed-secrets-{environment}.yaml"


def controller_namespace(context: Context) -> str:
    """Where the controller and its keys are: the umbrella that has it.

    Raises:
        WorkspaceError: none has.
    """
    found = [one.name for one in context.workspace.umbrellas if any(dep.name == CONTROLLER for dep in one.dependencies)]
    if not found:
        raise WorkspaceError(Problem(where="umbrella", fact=f"no umbrella has the chart {CONTROLLER}"))
    return found[0]


def fetch(context: Context, environment: str, kubectl: Kubectl) -> Done:
    """Take the newest certificate of a running controller; its private keys are not asked for.

    Raises:
        WorkspaceError: the cluster has no key yet.
        ToolFailed: it does not answer.
    """
    from slipway.secrets import envelope

    space = controller_namespace(context)
    wanted = r'jsonpath={range .items[*]}{.metadata.name} {.data.tls\.crt}{"\n"}{end}'
    said = kubectl("get", "secrets", "-n", space, "-l", f"{ACTIVE}=active", "-o", wanted).stdout
    pairs = [line.split() for line in said.splitlines() if line.strip()]
    found = [envelope.certificate_of(base64.b64decode(pair[1]), pair[0]) for pair in pairs if len(pair) == 2]
    if not found:
        evidence = (f"no Secret in {space} has the label {ACTIVE}=active",)
        hint = f"kubectl -n {space} get pods -l app.kubernetes.io/name={CONTROLLER}"
        raise WorkspaceError(Problem(where="cluster", fact="has no sealing key", evidence=evidence, hint=hint))
    return keep(context, environment, envelope.newest(found))


def keep(context: Context, environment: str, certificate: Certificate) -> Done:
    """Write an environment's certificate."""
    path = f"values/{environment}/{SEALING_CERTIFICATE}"
    write_atomic(context.config.root / path, certificate.pem)
    return Done(
        wrote=(path,),
        said=(f"it is good until {certificate.ends:%Y-%m-%d}",),
        next=(f"git add {path}", f"./inv secrets --env {environment}"),
    )


def new_key(context: Context, environment: str, out: str) -> Done:
    """Make a key for a cluster that is not there yet.

    Raises:
        WorkspaceError: the private key would lie in the checkout, or over another file.
    """
    target = outside(context.config.root, environment, out)
    space = controller_namespace(context)
    from slipway.secrets import envelope

    now = datetime.now(tz=UTC)
    pair = envelope.new_pair(now)
    write_private(target, key_manifest(pair, space, f"sealed-secrets-key-{now:%Y%m%d%H%M%S}"))
    done = keep(context, environment, pair.certificate)
    return Done(
        wrote=(str(target), *done.wrote),
        said=(f"{target} opens everything that is sealed with it: keep it offline, in two places", *done.said),
        next=(
            f"kubectl create namespace {space}    # unless it is there",
            f"kubectl apply --server-side -f {target}    # before the controller starts; if it runs, restart it",
            *done.next,
        ),
    )


def outside(root: Path, environment: str, out: str) -> Path:
    """Where a private key goes: a new file outside of the checkout.

    Raises:
        WorkspaceError: it would be another place.
    """
    if not out:
        raise WorkspaceError(
            Problem(where="--out", fact="is missing: where the private key goes", hint=new_key_command(environment))
        )
    target = Path(out).expanduser().absolute()
    if target.resolve().is_relative_to(root.resolve()):
        fact = f"{target} lies in the checkout, where it could be committed or cleaned away"
        raise WorkspaceError(Problem(where="--out", fact=fact, hint=new_key_command(environment)))
    if target.exists() or target.is_symlink():
        fact = f"{target} is there already; a key is never overwritten"
        raise WorkspaceError(Problem(where="--out", fact=fact, hint="name a new file"))
    if not target.parent.is_dir():
        raise WorkspaceError(Problem(where="--out", fact=f"there is no folder {target.parent}"))
    return target


def key_manifest(pair: KeyPair, namespace: str, name: str) -> bytes:
    """A key as the controller finds it at its start, and as `kubeseal --recovery-private-key` takes it."""
    return yaml.dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {ACTIVE: "active"}},
            "type": "kubernetes.io/tls",
            "data": {
                "tls.crt": base64.b64encode(pair.certificate.pem).decode("ascii"),
                "tls.key": base64.b64encode(pair.private_pem).decode("ascii"),
            },
        }
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that its owner alone can read, from its first byte on."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
