"""HTTP to a registry over the standard library: keep-alive, timeouts, bounded retries, safe redirects.

A `Call` gives a `Reply`, whatever its status. A failure without a response (unreachable, timed out, closed early,
not HTTP, not trusted) is a RegistryError. Nothing here knows credentials except as headers, which no text ever shows.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.registry.transport import TooLong, TransportError, address_hint, load_authority, transport_error_of

if TYPE_CHECKING:
    import ssl

RETRIED = frozenset({429, 500, 502, 503, 504})
"""Status codes of temporary failures."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
FIRST_DELAY_S = 0.25
MAX_DELAY_S = 4.0
MAX_RETRY_AFTER_S = 30.0
"""Upper limit for a `Retry-After`, per request."""
MAX_BODY_BYTES = 64 * 1024 * 1024
"""Far above any chart; a longer response is refused unread."""


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

    @property
    def origin(self) -> str:
        """`scheme://host:port`."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """Path without the query, which may carry a signature."""
        return urlsplit(self.url).path

    def label(self, attempts: int) -> str:
        """How errors show it; with its host when that is not the registry's own."""
        host = "" if self.where.partition("/")[0] == urlsplit(self.url).netloc else self.origin
        return f"{self.method} {host}{self.path} ({attempts} attempt{'' if attempts == 1 else 's'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated headers are joined by `, `."""
    body: bytes = field(repr=False)
    attempts: int = 1


class Transport:
    """Connections to one registry, and to the hosts that it sends us to; safe to use from many threads."""

    def __init__(
        self,
        config: RegistryConfig,
        *,
        sleep: Callable[[float], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is opened yet.

        Args:
            config: host, timeouts, attempts and trust.
            sleep: waits this many seconds.
            jitter: a number from 0 to 1 that spreads the waiting of many clients.
        """
        self.config = config
        self._sleep = sleep
        self._jitter = jitter
        self._idle: dict[str, deque[http.client.HTTPConnection]] = {}
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
        """Send a request with retries for temporary failures, and follow redirects of reads.

        Raises:
            RegistryError: no reply after the configured number of attempts, or a redirect that must not be followed.
        """
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._persist(call)
            if reply.status not in REDIRECTS or call.method not in {"GET", "HEAD"} or "location" not in reply.headers:
                return reply
            target = self.locate(call, reply.headers["location"])
            onward = replace(call, url=target)
            if onward.origin != call.origin:
                # Storage behind a registry is another origin: it receives no credentials.
                safe = {key: value for key, value in call.headers.items() if key.lower() != "authorization"}
                onward = replace(onward, headers=safe)
            call = onward
        raise RegistryError(
            Problem(where=call.where, fact="redirect loop", evidence=(call.label(1),), hint=address_hint(self.config))
        )

    def locate(self, call: Call, location: str) -> str:
        """The absolute URL of a Location header.

        Raises:
            RegistryError: it leaves HTTPS.
        """
        target = urljoin(call.url, location)
        scheme = urlsplit(target).scheme
        if scheme != "https" and not (scheme == "http" and call.url.startswith("http://")):
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact="redirect from HTTPS to plain HTTP refused",
                    evidence=(call.label(1), f"Location: {scheme}://{urlsplit(target).netloc}"),
                    hint="let the proxy before the registry set X-Forwarded-Proto, or set relativeurls in the registry",
                )
            )
        return target

    def _persist(self, call: Call) -> Reply:
        attempt = 0
        while True:
            attempt += 1
            outcome = self._once(call)
            last = attempt >= max(1, self.config.attempts)
            if isinstance(outcome, Reply):
                if outcome.status not in RETRIED or last:
                    return replace(outcome, attempts=attempt)
                self._sleep(max(self._delay(attempt), retry_after(outcome)))
            elif last or not outcome.again:
                evidence = tuple(line for line in (call.label(attempt), outcome.reason) if line)
                raise RegistryError(Problem(where=call.where, fact=outcome.fact, evidence=evidence, hint=outcome.hint))
            else:
                self._sleep(self._delay(attempt))

    def _delay(self, attempt: int) -> float:
        longest = min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** (attempt - 1))
        return longest * (0.5 + self._jitter() / 2)

    def _once(self, call: Call) -> Reply | TransportError:
        while True:
            connection = self._idle_one(call.origin)
            reused = connection is not None
            try:
                connection = connection or self._new_one(call.origin)
                reply = exchange(connection, call)
            except (OSError, UnicodeError, http.client.HTTPException) as error:
                if connection is not None:
                    connection.close()
                if reused and isinstance(error, ConnectionError):
                    continue  # the server ended an idle connection: not a failure, a new one is opened
                return transport_error_of(error, self.config)
            if connection.sock is not None:
                self._idle.setdefault(call.origin, deque()).append(connection)
            return reply

    def _idle_one(self, origin: str) -> http.client.HTTPConnection | None:
        try:
            return self._idle[origin].pop()
        except (KeyError, IndexError):
            return None

    def _new_one(self, origin: str) -> http.client.HTTPConnection:
        scheme, _, netloc = origin.partition("://")
        if scheme == "http":
            return http.client.HTTPConnection(netloc, timeout=self.config.timeout_s)
        return http.client.HTTPSConnection(netloc, timeout=self.config.timeout_s, context=self._trust())

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


def exchange(connection: http.client.HTTPConnection, call: Call) -> Reply:
    """One request and its reply on one connection.

    Raises:
        OSError: the connection failed.
        http.client.HTTPException: the answer is cut short or is not HTTP.
    """
    parts = urlsplit(call.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    with contextlib.suppress(BrokenPipeError):  # a server may refuse before it has read the body; its answer says why
        connection.request(call.method, target, call.body, {"User-Agent": "slipway", **call.headers})
    response = connection.getresponse()
    if (response.length or 0) > MAX_BODY_BYTES:
        connection.close()
        raise TooLong(f"response of {response.length:,} bytes exceeds the limit")
    headers: dict[str, str] = {}
    for key, value in response.headers.items():
        name = key.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Reply(status=response.status, headers=headers, body=response.read())


def retry_after(reply: Reply) -> float:
    """Seconds of a Retry-After header, capped; 0 without one.

    A date is taken relative to the reply's own Date, so that our clock does not matter.
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.headers.get("date", ""))
    except (ValueError, TypeError):
        return 0.0
    return min(max(wait.total_seconds(), 0.0), MAX_RETRY_AFTER_S)
