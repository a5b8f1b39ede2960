"""Why a request got no reply, in plain words, and whether another attempt can help."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError

if TYPE_CHECKING:
    import ssl

TRY_AGAIN = "run the command again; what was published stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no reply, and whether to try again."""

    fact: str
    reason: str = ""
    hint: str = ""
    again: bool = True


def address_hint(config: RegistryConfig) -> str:
    """What to do about a registry that is not there."""
    if config.embedded:
        return "./inv registry start"
    return f"is {config.host} right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"


class TooLong(http.client.HTTPException):
    """An answer that announces more than any registry has to say."""


def trouble_of(error: OSError | UnicodeError | http.client.HTTPException, config: RegistryConfig) -> Trouble:
    """What an exception of the connection means to the user."""
    if isinstance(error, TimeoutError):
        return Trouble(
            fact=f"does not answer within {config.timeout_s:g} s",
            hint="try again, or raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)",
        )
    if isinstance(error, http.client.IncompleteRead):
        return Trouble(fact="cut its answer short", reason=f"{len(error.partial)} bytes came", hint=TRY_AGAIN)
    if (trouble := tls_trouble(error) or final_trouble(error, config)) is not None:
        return trouble
    reason = getattr(error, "strerror", None) or str(error)
    return Trouble(fact="cannot be reached", reason=reason, hint=address_hint(config))


def final_trouble(error: Exception, config: RegistryConfig) -> Trouble | None:
    """What an exception means when another attempt cannot help; None otherwise."""
    if isinstance(error, UnicodeError | http.client.InvalidURL):
        return Trouble(fact="is not an address", hint=address_hint(config), again=False)
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        hint = address_hint(config)
        return Trouble(fact="cannot be reached", reason="its name is not known", hint=hint, again=False)
    if isinstance(error, TooLong):
        return Trouble(fact=str(error), hint=address_hint(config), again=False)
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return Trouble(fact="is not a registry: it does not speak HTTP", hint=address_hint(config), again=False)
    return None


def tls_trouble(error: Exception) -> Trouble | None:
    """What a failed handshake means when another attempt cannot help; None otherwise."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble(
            fact="has a certificate that is not trusted",
            reason=error.verify_message,
            hint="name the file of its authority: SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml",
            again=False,
        )
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return Trouble(
            fact="does not speak TLS",
            hint="for plain HTTP set SLIPWAY_REGISTRY_PLAIN_HTTP=true, or plain-http = true in pyproject.toml",
            again=False,
        )
    return None


def load_authority(context: ssl.SSLContext, config: RegistryConfig) -> None:
    """Trust the private certificate authority too.

    Raises:
        RegistryError: its file is missing or holds no certificate.
    """
    import ssl

    try:
        context.load_verify_locations(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise RegistryError(
            Problem(
                where=config.host,
                fact=f"the certificate authority file {config.ca_file} cannot be used",
                evidence=(reason,),
                hint="mend SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml",
            )
        ) from error
