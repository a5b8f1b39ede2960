"""HTTP error responses of a registry as RegistryError: status and body in, fact, evidence and hint out. Pure."""

from __future__ import annotations

import json

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.registry.http import Call, Reply
from slipway.registry.transport import TRY_AGAIN, address_hint

LINE_LENGTH = 160
"""How much of a body without an error code is shown."""


def refusal(config: RegistryConfig, call: Call, reply: Reply, *, identity: str | None = None) -> RegistryError:
    """The error for an unexpected response.

    Args:
        config: names the host, and whether it is our own registry.
        call: the request.
        reply: the response.
        identity: where the credentials that were sent came from; None when none were sent.
    """
    fact, hint = explain(config, call, reply, identity)
    message = first_error(reply)
    if "HTTP request to an HTTPS server" in message:
        fact = "speaks TLS, but plain HTTP is set"
        hint = "set SLIPWAY_REGISTRY_PLAIN_HTTP=false, or plain-http = false in pyproject.toml"
    evidence = tuple(line for line in (call.label(reply.attempts), message) if line)
    return RegistryError(Problem(where=call.where, fact=fact, evidence=evidence, hint=hint))


def explain(config: RegistryConfig, call: Call, reply: Reply, identity: str | None) -> tuple[str, str]:
    """The fact and the hint for a status."""
    status = reply.status
    if status in {401, 403}:
        return denied(config, status, identity)
    if status == 404 and not is_registry_answer(reply):
        return "is not a registry (404)", address_hint(config)
    if status == 404:
        return "not found (404)", "some registries need the project created first; check the path"
    if status == 429:
        return "rate limit exceeded (429)", f"wait, then {TRY_AGAIN}"
    if status >= 500:
        return f"server error ({status})", "./inv registry status names its log" if config.embedded else TRY_AGAIN
    fact = f"unexpected response ({status})"
    return fact, f"check the response of {config.host} to {call.method} {call.path}"


def denied(config: RegistryConfig, status: int, identity: str | None) -> tuple[str, str]:
    """The fact and the hint for an authentication or authorization failure."""
    if status == 401 and identity:
        return f"credentials from {identity} were rejected (401)", f"{login(config)}; they may be wrong or expired"
    if status == 401:
        return "authentication required (401)", login(config)
    if identity:
        fact = f"access denied for the credentials from {identity} (403)"
        return fact, "grant them read and write access to this repository, or use other credentials"
    return "access denied without credentials (403)", login(config)


def login(config: RegistryConfig) -> str:
    """The hint that logs in to a host."""
    return (
        f"`docker login {config.host}`, `helm registry login {config.host}`, "
        "or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"
    )


def is_registry_answer(reply: Reply) -> bool:
    """Whether a response follows the distribution specification: its header, or its error list."""
    return "docker-distribution-api-version" in reply.headers or bool(error_list(reply))


def first_error(reply: Reply) -> str:
    """`CODE: message` of a reply's first error, or the first line of a short text; may be empty."""
    for error in error_list(reply)[:1]:
        code, message = error.get("code"), error.get("message")
        return ": ".join(str(part) for part in (code, message) if part)
    if "html" in reply.headers.get("content-type", ""):
        return ""
    line = reply.body[: 4 * LINE_LENGTH].decode("utf-8", "replace").strip().partition("\n")[0][:LINE_LENGTH]
    return line if line.isprintable() and not line.startswith(("{", "[", "<")) else ""


def error_list(reply: Reply) -> list[dict[str, object]]:
    """The `errors` of a body. Source: distribution spec, "Error Codes"."""
    try:
        data = json.loads(reply.body)
    except ValueError:
        return []
    errors = data.get("errors") if isinstance(data, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
