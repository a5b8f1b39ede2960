"""`seal`: seal a Secret for git, or get the certificate that it is sealed with."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery.prepare import kubeconfig_of
from slipway.secrets import keys, sealing, value_sources
from slipway.secrets.keys import Written
from slipway.secrets.sealed_secret import NamespacedName, Scope, validate_name
from slipway.secrets.sealing import Request
from slipway.toolchain.groups import ensure_group

GROUP = "seal"


def seal(
    context: Context,
    env: str,
    *,
    namespace: str,
    name: str,
    key: Sequence[str],
    from_file: Sequence[str],
    generate: Sequence[str],
    label: Sequence[str],
    type: str,  # noqa: A002 - the flag is the interface
    scope: str,
) -> Result:
    """Seal values into the environment's file for a Secret.

    Raises:
        WorkspaceError: a name, a value, the certificate or an earlier file cannot be used; nothing was written.
        ToolFailed: the packages for it cannot be installed.
    """
    environment = arguments.environment(context, env)
    kind = Scope(arguments.one_of("--scope", scope, tuple(Scope)))
    validate_name(NamespacedName(namespace=namespace, name=name))
    asked = value_sources.parse_flags(key, from_file, generate)
    request = Request(namespace=namespace, name=name, type=type, scope=kind, labels=tuple(label))
    ensure_group(context.toolbox.home, GROUP, context.progress)
    return result(sealing.seal(context, environment, request, asked, terminal()))


def fetch_certificate(context: Context, env: str, kubeconfig: str) -> Result:
    """`--fetch-cert`: write the certificate of a running controller.

    Raises:
        WorkspaceError: the cluster has no key yet.
        ToolFailed: it does not answer.
    """
    environment = arguments.environment(context, env)
    file = kubeconfig_of(context.environ, kubeconfig)
    ensure_group(context.toolbox.home, GROUP, context.progress)
    return result(keys.fetch(context, environment, context.kubectl(file)))


def new_key(context: Context, env: str, out: str) -> Result:
    """`--new-key`: generate a key for a cluster that does not exist yet.

    Raises:
        WorkspaceError: the private key would be written into the checkout, or over another file.
    """
    environment = arguments.environment(context, env)
    ensure_group(context.toolbox.home, GROUP, context.progress)
    return result(keys.new_key(context, environment, out))


def terminal() -> value_sources.Inputs:
    """This process's terminal and standard input."""
    return value_sources.Inputs(prompt=getpass.getpass, stdin=sys.stdin.buffer, terminal=sys.stdin.isatty(), line=line)


def line(question: str) -> str:
    """A line from the terminal; the question is not part of the output.

    Raises:
        EOFError: the terminal was closed.
    """
    print(question, end="", file=sys.stderr, flush=True)
    text = sys.stdin.readline()
    if not text:
        raise EOFError
    return text


def result(done: Written) -> Result:
    """The written files, and what to do with them."""
    return Result(value=done, text=text(done))


def text(done: Written) -> str:
    """The same for people."""
    lines = [f"wrote {path}" for path in done.wrote]
    return "\n".join([*lines, *done.notes, *(["Next:"] if done.next else []), *(f"    {step}" for step in done.next)])
