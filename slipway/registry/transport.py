"""Connection failures: what an exception of the transport means to a user, and whether a retry can help."""

from __future__ import annotations

import http.client
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.registry.connection import TooLong, TooSlow, Unsupported
from slipway.registry.proxies import BadProxy, Proxy
from slipway.registry.urls import BadAddress

if TYPE_CHECKING:
    import ssl

TRY_AGAIN = "run the command again; what was published stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportError:
    """A request without a reply: the reason, and whether a retry can help."""

    fact: str
    reason: str = ""
    hint: str = ""
    again: bool = True


def address_hint(config: RegistryConfig) -> str:
    """The hint for a registry that cannot be reached."""
    if config.embedded:
        return "./inv registry start"
    return f"is {config.host} right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"


TUNNEL = re.compile(r"Tunnel connection failed: (\d+)")
"""What the standard library says when a proxy opens no tunnel."""


def transport_error_of(error: Exception, config: RegistryConfig, proxy: Proxy | None = None) -> TransportError:
    """Classify an exception of the connection.

    Args:
        error: what was raised.
        config: the registry.
        proxy: what the connection goes through; None for nothing.
    """
    if (through := proxy_error(error, config, proxy)) is not None:
        return through
    if isinstance(error, TooSlow):
        return TransportError(
            fact="sends its response too slowly",
            reason=str(error),
            hint="retry, or raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)",
        )
    if isinstance(error, TimeoutError):
        return TransportError(
            fact=f"did not respond within {config.timeout_s:g} s",
            hint="retry, or raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)",
        )
    if isinstance(error, http.client.IncompleteRead):
        return TransportError(
            fact="closed the connection in the middle of a response",
            reason=f"{len(error.partial)} bytes received",
            hint=TRY_AGAIN,
        )
    if (known := tls_error(error) or permanent_error(error, config)) is not None:
        return known
    reason = getattr(error, "strerror", None) or str(error)
    return TransportError(fact="cannot be reached", reason=reason, hint=address_hint(config))


def permanent_error(error: Exception, config: RegistryConfig) -> TransportError | None:
    """Classify an exception that a retry cannot help; None for any other."""
    if isinstance(error, UnicodeError | http.client.InvalidURL | BadAddress):
        return TransportError(fact="is not a valid address", hint=address_hint(config), again=False)
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        hint = address_hint(config)
        return TransportError(
            fact="cannot be reached", reason="the host name cannot be resolved", hint=hint, again=False
        )
    if isinstance(error, TooLong):
        return TransportError(fact=str(error), hint=address_hint(config), again=False)
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return TransportError(fact="is not a registry: it does not speak HTTP", hint=address_hint(config), again=False)
    return None


def proxy_error(error: Exception, config: RegistryConfig, proxy: Proxy | None) -> TransportError | None:
    """Classify a failure of the way through a proxy; None for any other."""
    if isinstance(error, BadProxy):
        return TransportError(
            fact=f"{error} is not the address of a proxy", hint=proxy_hint(error, config), again=False
        )
    if isinstance(error, Unsupported):
        fact = f"a proxy with {error}:// is not supported"
        return TransportError(fact=fact, hint="set HTTP_PROXY and HTTPS_PROXY to http://HOST:PORT", again=False)
    if proxy is None:
        return None
    if (refused := TUNNEL.match(str(error))) is not None:
        return proxy_refusal(proxy, int(refused[1]), config)
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return TransportError(
            fact=f"the proxy {proxy} cannot be reached",
            reason=error.strerror or "",
            hint=proxy_hint(proxy.variable, config),
            again=isinstance(error, ConnectionRefusedError),
        )
    return None


def proxy_refusal(proxy: Proxy, status: int, config: RegistryConfig) -> TransportError:
    """The failure of a proxy that refuses to pass a request on."""
    if status != 407:
        fact = f"the proxy {proxy} refuses the connection ({status})"
        return TransportError(fact=fact, hint=proxy_hint(proxy.variable, config), again=status >= 500)
    if proxy.authorization:
        fact = f"the proxy {proxy} rejects the user and password of its address (407)"
    else:
        fact = f"the proxy {proxy} asks for a user and password (407)"
    return TransportError(fact=fact, hint=f"set {proxy.variable} to http://USER:PASSWORD@HOST:PORT", again=False)


def proxy_hint(variable: object, config: RegistryConfig) -> str:
    """The hint for a proxy that cannot be used."""
    return f"correct {variable}, or go around it: NO_PROXY={config.host}"


def tls_error(error: Exception) -> TransportError | None:
    """Classify a failed TLS handshake that a retry cannot help; None for any other."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportError(
            fact="has a certificate that is not trusted",
            reason=error.verify_message,
            hint="set the file of its certificate authority: SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml",
            again=False,
        )
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return TransportError(
            fact="does not speak TLS",
            hint="for plain HTTP set SLIPWAY_REGISTRY_PLAIN_HTTP=true, or plain-http = true in pyproject.toml",
            again=False,
        )
    return None


def load_authority(context: ssl.SSLContext, config: RegistryConfig) -> None:
    """Trust the private certificate authority as well.

    Raises:
        RegistryError: the file is missing or contains no certificate.
    """
    import ssl

    try:
        context.load_verify_locations(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = "it contains no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise RegistryError(
            Problem(
                where=config.host,
                fact=f"the certificate authority file {config.ca_file} cannot be used",
                evidence=(reason,),
                hint="correct SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml",
            )
        ) from error
