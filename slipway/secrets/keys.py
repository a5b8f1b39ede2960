"""The keys of a cluster: the certificate that secrets are sealed with, of a running controller, or generated here."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import SEALING_CERTIFICATE, ChartName
from slipway.util import yaml
from slipway.util.files import write_atomic
from slipway.workspace import graph

if TYPE_CHECKING:
    from slipway.secrets.encryption import Certificate, KeyPair
    from slipway.tools.kubectl import Kubectl

CONTROLLER = ChartName("sealed-secrets")
"""The chart whose namespace has the keys."""
KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
"""Label of a key that the controller uses. Source: sealed-secrets v0.38.4 cmd/controller, SealedSecretsKeyLabel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files that a command wrote, and what to do with them."""

    wrote: tuple[str, ...]
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


def controller_namespace(context: Context) -> str:
    """The namespace of the controller and its keys: the umbrella with its chart.

    Raises:
        WorkspaceError: no umbrella has it.
    """
    found = [one.name for one in graph.umbrellas_with(context.workspace, CONTROLLER)]
    if not found:
        raise WorkspaceError(Problem(where="umbrella", fact=f"no umbrella has the chart {CONTROLLER}"))
    return found[0]


def fetch(context: Context, environment: str, kubectl: Kubectl) -> Written:
    """Write the newest certificate of a running controller; its private keys never leave the cluster.

    Raises:
        WorkspaceError: the cluster has no key yet.
        ToolFailed: it does not answer.
    """
    from slipway.secrets import encryption

    space = controller_namespace(context)
    wanted = r'jsonpath={range .items[*]}{.metadata.name} {.data.tls\.crt}{"\n"}{end}'
    output = kubectl("get", "secrets", "-n", space, "-l", f"{KEY_LABEL}=active", "-o", wanted).stdout
    pairs = [line.split() for line in output.splitlines() if line.strip()]
    found = [encryption.parse_certificate(base64.b64decode(pair[1]), pair[0]) for pair in pairs if len(pair) == 2]
    if not found:
        evidence = (f"no Secret in {space} has the label {KEY_LABEL}=active",)
        hint = f"kubectl -n {space} get pods -l app.kubernetes.io/name={CONTROLLER}"
        raise WorkspaceError(Problem(where="cluster", fact="has no sealing key", evidence=evidence, hint=hint))
    return keep(context, environment, encryption.newest(found))


def keep(context: Context, environment: str, certificate: Certificate) -> Written:
    """Write an environment's certificate."""
    path = f"values/{environment}/{SEALING_CERTIFICATE}"
    write_atomic(context.config.root / path, certificate.pem)
    return Written(
        wrote=(path,),
        notes=(f"valid until {certificate.ends:%Y-%m-%d}",),
        next=(f"git add {path}", f"./inv secrets --env {environment}"),
    )


def new_key(context: Context, environment: str, out: str) -> Written:
    """Generate a key for a cluster that does not exist yet.

    Raises:
        WorkspaceError: the private key would be written into the checkout, or over another file.
    """
    target = outside(context.config.root, out, new_key_command(environment))
    space = controller_namespace(context)
    from slipway.secrets import encryption

    now = datetime.now(tz=UTC)
    pair = encryption.generate_key_pair(now)
    write_private(target, key_manifest(pair, space, f"sealed-secrets-key-{now:%Y%m%d%H%M%S}"))
    done = keep(context, environment, pair.certificate)
    return Written(
        wrote=(str(target), *done.wrote),
        notes=(f"{target} decrypts everything that is sealed with it: keep it offline, in two places", *done.notes),
        next=(
            f"kubectl create namespace {space}    # unless it exists",
            f"kubectl apply --server-side -f {target}    # before the controller starts; if it runs, restart it",
            *done.next,
        ),
    )


def outside(root: Path, out: str, command: str) -> Path:
    """The path of `--out`: a new file outside of the checkout.

    Args:
        root: the checkout.
        out: what was given.
        command: what should have been.

    Raises:
        WorkspaceError: it is missing, in the checkout, or exists.
    """
    if not out:
        raise WorkspaceError(Problem(where="--out", fact="is missing: the file for the private key", hint=command))
    target = Path(out).expanduser().absolute()
    if target.resolve().is_relative_to(root.resolve()):
        fact = f"{target} is in the checkout, where it could be committed or deleted"
        raise WorkspaceError(Problem(where="--out", fact=fact, hint=command))
    if target.exists() or target.is_symlink():
        fact = f"{target} exists; a key is never overwritten"
        raise WorkspaceError(Problem(where="--out", fact=fact, hint="name a new file"))
    if not target.parent.is_dir():
        raise WorkspaceError(Problem(where="--out", fact=f"the folder {target.parent} does not exist"))
    return target


def key_manifest(pair: KeyPair, namespace: str, name: str) -> bytes:
    """The Secret that the controller loads at its start, and that `kubeseal --recovery-private-key` accepts."""
    return yaml.dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {KEY_LABEL: "active"}},
            "type": "kubernetes.io/tls",
            "data": {
                "tls.crt": base64.b64encode(pair.certificate.pem).decode("ascii"),
                "tls.key": base64.b64encode(pair.private_pem).decode("ascii"),
            },
        }
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, from the first byte on."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())


def new_key_command(environment: str) -> str:
    """The command that generates a key without a cluster."""
    return f"./inv seal --new-key --env {environment} --out ~/{key_file_name(environment)}"


def key_file_name(environment: str) -> str:
    """What the file with the private key of an environment is called."""
    return f"sealed-secrets-{environment}.yaml"


def default_key_file(environ: Mapping[str, str], environment: str) -> Path:
    """Where the private key of an environment is looked for: in the user's home."""
    return Path(environ.get("HOME", "~")).expanduser() / key_file_name(environment)
