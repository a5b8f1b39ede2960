"""HTTP to a registry over the standard library: keep-alive, proxies, bounded retries, safe redirects.

A `Call` gives a `Reply`, whatever its status. A failure without a response (unreachable, timed out, closed early,
not HTTP, not trusted) is a RegistryError. Nothing here knows credentials except as headers, which no text ever shows.
"""

from __future__ import annotations

import http.client
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.registry import urls
from slipway.registry.connection import Connection, connection_to, exchange
from slipway.registry.headers import retry_after_s
from slipway.registry.proxies import BadProxy, Proxies
from slipway.registry.transport import TransportError, address_hint, load_authority, proxy_refusal, transport_error_of

if TYPE_CHECKING:
    import ssl

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
FIRST_DELAY_S = 0.25
MAX_DELAY_S = 4.0
PROXY_LOGIN = 407


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed later. Source: oras-go registry/remote/retry/policy.go."""
    return status in {408, 425, 429} or (500 <= status < 600 and status not in {501, 505, 507, 511})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    method: str
    url: str
    """Absolute."""
    where: str
    """`host/repository`, as errors name it."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """May carry credentials, so they are never shown."""
    body: bytes | None = field(default=None, repr=False)
    sealed: bool = False
    """The body has credentials: it follows no redirect."""

    @property
    def origin(self) -> str:
        """`scheme://host[:port]` in one spelling."""
        return urls.spelled(self.url)

    @property
    def path(self) -> str:
        """Path without the query, which may carry a signature."""
        return urlsplit(self.url).path

    def label(self, attempts: int) -> str:
        """How errors show it; with its host when that is not the registry's own."""
        named = self.where.partition("/")[0]
        parts = urlsplit(self.url)
        own = named == parts.netloc or urls.spelled(f"{parts.scheme}://{named}") == self.origin
        host = "" if own else self.origin
        return f"{self.method} {host}{self.path} ({attempts} attempt{'' if attempts == 1 else 's'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated headers are joined by `, `."""
    body: bytes = field(repr=False)
    attempts: int = 1
    origin: str = ""
    """Who answered; another one than was asked after a redirect."""
    via: str = ""
    """The proxy that it came through."""


class Transport:
    """Connections to one registry, and to the hosts that it sends us to; safe to use from many threads."""

    def __init__(
        self,
        config: RegistryConfig,
        *,
        sleep: Callable[[float], None],
        proxies: Proxies | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is opened yet.

        Args:
            config: host, timeouts, attempts and trust.
            sleep: waits this many seconds.
            proxies: the proxies of the environment; none when None.
            jitter: a number from 0 to 1 that spreads the waiting of many clients.
        """
        self.config = config
        self._proxies = proxies or Proxies()
        self._sleep = sleep
        self._jitter = jitter
        self._idle: dict[str, deque[Connection]] = {}
        self._guard = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def send(self, call: Call) -> Reply:
        """Send a request with retries for temporary failures, and follow the redirects that keep it as it is.

        Raises:
            RegistryError: no reply after the configured number of attempts, or a redirect that must not be followed.
        """
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._persist(call)
            onward = self._onward(call, reply)
            if onward is None:
                return replace(reply, origin=call.origin)
            call = onward
        raise RegistryError(
            Problem(where=call.where, fact="redirect loop", evidence=(call.label(1),), hint=address_hint(self.config))
        )

    def locate(self, call: Call, reference: str, header: str = "Location") -> str:
        """The absolute URL of a header of a response.

        Args:
            call: the request.
            reference: the value of the header.
            header: its name.

        Raises:
            RegistryError: it is no address, or leaves HTTPS.
        """
        try:
            target = urls.joined(call.url, reference)
        except urls.BadAddress:
            shown = reference.partition("?")[0][:160]
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact="answers with an address that is not valid",
                    evidence=(call.label(1), f"{header}: {shown!r}"),
                    hint="correct the external address in the registry's settings, or in those of the proxy before it",
                )
            ) from None
        if call.url.startswith("https:") and not target.startswith("https:"):
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact="redirect from HTTPS to plain HTTP refused",
                    evidence=(call.label(1), f"{header}: {urls.origin(target)}"),
                    hint="let the proxy before the registry set X-Forwarded-Proto, or set relativeurls in the registry",
                )
            )
        return target

    def _onward(self, call: Call, reply: Reply) -> Call | None:
        """The request that a redirect asks for; None when the reply is final."""
        if reply.status not in REDIRECTS or not reply.headers.get("location", "").strip():
            return None
        target = self.locate(call, reply.headers["location"])
        if is_same_behind_tls(call.url, target):
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact=f"redirects plain HTTP to HTTPS ({reply.status})",
                    evidence=(call.label(reply.attempts), f"Location: {urls.origin(target)}"),
                    hint="set SLIPWAY_REGISTRY_PLAIN_HTTP=false, or plain-http = false in pyproject.toml",
                )
            )
        if call.method not in {"GET", "HEAD"} and (reply.status not in {307, 308} or call.sealed):
            return None  # the others turn a request into a GET without a body
        onward = replace(call, url=target)
        if onward.origin != call.origin:
            # Storage behind a registry is another origin: it receives no credentials.
            safe = {key: value for key, value in call.headers.items() if key.lower() != "authorization"}
            onward = replace(onward, headers=safe)
        return onward

    def _persist(self, call: Call) -> Reply:
        attempt = 0
        while True:
            attempt += 1
            outcome = self._once(call)
            last = attempt >= max(1, self.config.attempts)
            if isinstance(outcome, Reply):
                if not is_temporary(outcome.status) or last:
                    return replace(outcome, attempts=attempt)
                self._sleep(max(self._delay(attempt), retry_after(outcome)))
            elif last or not outcome.again:
                evidence = tuple(line for line in (call.label(attempt), outcome.reason) if line)
                raise RegistryError(Problem(where=call.where, fact=outcome.fact, evidence=evidence, hint=outcome.hint))
            else:
                self._sleep(self._delay(attempt))

    def _delay(self, attempt: int) -> float:
        longest = min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt - 1, 10))
        return longest * (0.5 + self._jitter() / 2)

    def _once(self, call: Call) -> Reply | TransportError:
        while True:
            connection = self._idle_one(call.origin)
            reused = connection is not None
            try:
                connection = connection or connection_to(call.origin, self._proxies, self.config.timeout_s, self._trust)
                status, headers, body = exchange(connection, call.method, call.url, call.headers, call.body)
            except (OSError, UnicodeError, http.client.HTTPException, urls.BadAddress, BadProxy) as error:
                if connection is not None:
                    connection.close()
                if reused and isinstance(error, ConnectionError):
                    continue  # the server ended an idle connection: not a failure, a new one is opened
                return transport_error_of(error, self.config, connection.proxy if connection else None)
            if connection.sock is not None:
                self._idle.setdefault(call.origin, deque()).append(connection)
            if status == PROXY_LOGIN and connection.proxy is not None:
                return proxy_refusal(connection.proxy, status, self.config)
            via = str(connection.proxy) if connection.proxy is not None else ""
            return Reply(status=status, headers=headers, body=body, via=via)

    def _idle_one(self, origin: str) -> Connection | None:
        try:
            return self._idle[origin].pop()
        except (KeyError, IndexError):
            return None

    def _trust(self) -> ssl.SSLContext:
        """The system's certificate authorities and, when set, a private one.

        Raises:
            RegistryError: the file of the private one cannot be read.
        """
        import ssl

        with self._guard:
            if self._tls is None:
                self._tls = ssl.create_default_context()
                if self.config.ca_file is not None:
                    load_authority(self._tls, self.config)
            return self._tls


def is_same_behind_tls(url: str, target: str) -> bool:
    """Whether a plain request was sent to its own address behind TLS."""
    return (
        url.startswith("http:")
        and target.startswith("https:")
        and urls.host_of(target) == urls.host_of(url)
        and urlsplit(target).path == urlsplit(urls.checked(url)).path
    )


def retry_after(reply: Reply) -> float:
    """Seconds of a reply's Retry-After header, capped; 0 without one."""
    text = reply.headers.get("retry-after", "")
    return retry_after_s(text, reply.headers.get("date", ""), datetime.now(UTC)) if text else 0.0
