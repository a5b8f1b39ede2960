"""HTTP error responses of a registry as RegistryError: status and body in, fact, evidence and hint out. Pure."""

from __future__ import annotations

import re

from slipway.config import RegistryConfig
from slipway.core.errors import AlreadyPublished, Problem, RegistryError
from slipway.registry import urls
from slipway.registry.body import parsed
from slipway.registry.http import REDIRECTS, Call, Reply
from slipway.registry.transport import TRY_AGAIN, address_hint

LINE_LENGTH = 160
"""How much of a body without an error code is shown."""
WORDS_LENGTH = 500
"""How much of a registry's message is shown."""
CONFLICTS = frozenset({409, 412})
"""A tag that was refused with one of these exists and may not be moved."""
GUARDED = re.compile(
    r"immutab|already[ _-]?exist|overw?rit|cannot be (updated|changed|modified)|(not|dis)[ _-]?allow(ed)?[ _-](re-?deploy|updat)"
    r"|re-?deploy|does not allow updating|is (locked|protected)|tag .{0,200}(locked|protected)|disallowed on this registry",
    re.IGNORECASE | re.DOTALL,
)
"""The words of registries that keep a tag as it is."""


class Denied(RegistryError):
    """The registry or its token service does not let us in."""


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
    problem = Problem(where=call.where, fact=fact, evidence=evidence_of(call, reply), hint=hint)
    return Denied(problem) if reply.status in {401, 403} else RegistryError(problem)


def evidence_of(call: Call, reply: Reply) -> tuple[str, ...]:
    """The request, the words of the registry, and the proxy that they came through."""
    via = f"through the proxy {reply.via}" if reply.via else ""
    return tuple(line for line in (call.label(reply.attempts), first_error(reply), via) if line)


def nonsense(config: RegistryConfig, call: Call, reply: Reply, fact: str) -> RegistryError:
    """The error for a response that is not what it should be."""
    evidence = (call.label(reply.attempts), f"{len(reply.body)} bytes of {content_type(reply) or '?'}")
    return RegistryError(Problem(where=call.where, fact=fact, evidence=evidence, hint=address_hint(config)))


def no_location(config: RegistryConfig, call: Call, reply: Reply) -> RegistryError:
    """The error for an upload that was opened nowhere."""
    fact, evidence = "opens an upload, but does not say where (no Location)", f"{call.label(reply.attempts)} answers"
    return RegistryError(
        Problem(where=call.where, fact=fact, evidence=(f"{evidence} {reply.status}",), hint=address_hint(config))
    )


def content_type(reply: Reply) -> str:
    """The type of a body, for a message."""
    return shortened(reply.headers.get("content-type", ""), LINE_LENGTH)


def guards(reply: Reply) -> bool:
    """Whether a registry refused a tag because the tag may not be moved, rather than for another reason."""
    if reply.status in CONFLICTS:
        return True
    return 400 <= reply.status < 500 and GUARDED.search(all_errors(reply)) is not None


def guarded(call: Call, reply: Reply, name: str, tag: str) -> AlreadyPublished:
    """The error for a tag that the registry does not let us move."""
    return AlreadyPublished(
        Problem(
            where=f"{call.where}:{tag}",
            fact=f"the registry guards version {tag.replace('_', '+')} of {name} against change ({reply.status})",
            evidence=evidence_of(call, reply),
            hint=f"./inv version --only {name}",
            rule="release.already-published",
        )
    )


def explain(config: RegistryConfig, call: Call, reply: Reply, identity: str | None) -> tuple[str, str]:
    """The fact and the hint for a status."""
    status = reply.status
    if status in {401, 403}:
        return denied(config, call, reply, identity)
    if status == 404 and not is_registry_answer(reply):
        return "is not a registry (404)", address_hint(config)
    if status in REDIRECTS:
        return f"redirects the request to another address ({status})", redirect_hint(call, reply)
    if status >= 500:
        return f"server error ({status})", "./inv registry status names its log" if config.embedded else TRY_AGAIN
    return named(config, call).get(
        status, (f"unexpected response ({status})", f"check the response of {config.host} to {call.method} {call.path}")
    )


def named(config: RegistryConfig, call: Call) -> dict[int, tuple[str, str]]:
    """Status → fact and hint, where the status alone says what is wrong."""
    writes = call.method in {"POST", "PUT"}
    size = f"{len(call.body or b''):,} bytes"
    return {
        404: ("not found (404)", "some registries need the project created first; check the path"),
        405: (
            f"allows no {'upload' if writes else call.method} here (405)",
            f"is {config.host} a read-only mirror or cache? Set SLIPWAY_REGISTRY to the registry behind it",
        ),
        413: (
            f"refuses an upload of {size} as too large (413)",
            "raise the limit of the registry, or of the proxy before it (nginx: client_max_body_size)",
        ),
        429: ("rate limit exceeded (429)", f"wait, then {TRY_AGAIN}"),
    }


def redirect_hint(call: Call, reply: Reply) -> str:
    """The hint that names the address which a registry redirects to."""
    try:
        target = urls.origin(urls.joined(call.url, reply.headers.get("location", "")))
    except urls.BadAddress:
        target = "the address that it redirects to"
    return f"set SLIPWAY_REGISTRY, or registry in pyproject.toml, to the registry at {target}"


def denied(config: RegistryConfig, call: Call, reply: Reply, identity: str | None) -> tuple[str, str]:
    """The fact and the hint for an authentication or authorization failure."""
    status = reply.status
    if reply.origin not in {"", call.origin}:
        hint = "the registry redirects there without credentials; check its storage, or switch its redirects off"
        return f"the storage at {reply.origin} denies access ({status})", hint
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
        return ": ".join(shortened(str(part), WORDS_LENGTH) for part in (code, message) if part)
    if "html" in reply.headers.get("content-type", ""):
        return ""
    line = reply.body[: 4 * LINE_LENGTH].decode("utf-8", "replace").strip().partition("\n")[0].strip()[:LINE_LENGTH]
    return line if line.isprintable() and not line.startswith(("{", "[", "<")) else ""


def all_errors(reply: Reply) -> str:
    """Every code, message and detail of a reply, or its text."""
    errors = error_list(reply)
    words = [str(error.get(key) or "") for error in errors for key in ("code", "message", "detail")]
    return " ".join(words) if errors else reply.body[: 16 * LINE_LENGTH].decode("utf-8", "replace")


def shortened(text: str, length: int) -> str:
    """A text that somebody else wrote, not longer than this."""
    return text if len(text) <= length else f"{text[:length]}…"


def error_list(reply: Reply) -> list[dict[str, object]]:
    """The `errors` of a body. Source: distribution spec, "Error Codes"."""
    try:
        data = parsed(reply.body)
    except ValueError:
        return []
    errors = data.get("errors") if isinstance(data, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
