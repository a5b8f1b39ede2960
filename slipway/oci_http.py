"""HTTP to a registry over the standard library: keep-alive, timeouts, bounded retries, safe redirects.

A `Call` goes in, a `Reply` comes out, whatever its status. What never became a reply (unreachable, timed out, cut short,
not HTTP, not trusted) is a RegistryError. Nothing here knows credentials except as headers, which no text ever shows.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from slipway.config import RegistryConfig
from slipway.errors import Problem, RegistryError

if TYPE_CHECKING:
    import ssl

RETRIED = frozenset({429, 500, 502, 503, 504})
"""Statuses that say: not now."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
FIRST_DELAY_S = 0.25
MAX_DELAY_S = 4.0
MAX_RETRY_AFTER_S = 30.0
"""How long a `Retry-After` may make a release wait for one request."""
MAX_BODY_BYTES = 64 * 1024 * 1024
"""Far above any chart; an answer that announces more is refused unread."""


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
        """How errors show it."""
        return f"{self.method} {self.path} ({attempts} attempt{'' if attempts == 1 else 's'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the registry said."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated headers are joined by `, `."""
    body: bytes = field(repr=False)
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no reply, and whether to try again."""

    fact: str
    reason: str = ""
    hint: str = ""
    again: bool = True


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

    def close(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def send(self, call: Call) -> Reply:
        """Send a request, again while the registry is unwell, and follow redirects of reads.

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
                # Storage behind a registry is another party: it gets no credentials of ours.
                safe = {key: value for key, value in call.headers.items() if key.lower() != "authorization"}
                onward = replace(onward, headers=safe)
            call = onward
        raise RegistryError(
            Problem(where=call.where, fact="redirects in circles", evidence=(call.label(1),), hint=self.address_hint())
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
                    fact="sends us from HTTPS to an address without encryption, which is not followed",
                    evidence=(call.label(1), f"Location: {scheme}://{urlsplit(target).netloc}"),
                    hint="let the proxy before the registry set X-Forwarded-Proto, or set relativeurls in the registry",
                )
            )
        return target

    def address_hint(self) -> str:
        """What to do about a registry that is not there."""
        if self.config.embedded:
            return "./inv registry start"
        return f"is {self.config.host} right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"

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
        return min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 1)) * (0.5 + self._jitter() / 2)

    def _once(self, call: Call) -> Reply | Trouble:
        while True:
            connection, reused = self._take(call.origin)
            try:
                reply = exchange(connection, call)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if reused and isinstance(error, ConnectionError):
                    continue  # the server ended an idle connection: not a failure, a new one is opened
                return self._trouble(error)
            if connection.sock is not None:
                self._idle.setdefault(call.origin, deque()).append(connection)
            return reply

    def _take(self, origin: str) -> tuple[http.client.HTTPConnection, bool]:
        idle = self._idle.get(origin)
        try:
            if idle:
                return idle.pop(), True
        except IndexError:
            pass  # another thread was faster
        scheme, _, netloc = origin.partition("://")
        if scheme == "http":
            return http.client.HTTPConnection(netloc, timeout=self.config.timeout_s), False
        return http.client.HTTPSConnection(netloc, timeout=self.config.timeout_s, context=self._trust()), False

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

    def _trouble(self, error: OSError | http.client.HTTPException) -> Trouble:
        import ssl

        if isinstance(error, TimeoutError):
            seconds = f"{self.config.timeout_s:g} s"
            return Trouble(
                fact=f"does not answer within {seconds}",
                hint="try again, or raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)",
            )
        if isinstance(error, http.client.IncompleteRead):
            return Trouble(fact="cut its answer short", reason=f"{len(error.partial)} bytes came", hint=TRY_AGAIN)
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
        if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
            return Trouble(fact="is not a registry: it does not speak HTTP", hint=self.address_hint(), again=False)
        unknown = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
        reason = "its name is not known" if unknown else getattr(error, "strerror", None) or str(error)
        return Trouble(fact="cannot be reached", reason=reason, hint=self.address_hint(), again=not unknown)


TRY_AGAIN = "run the command again; what was published stays"


def exchange(connection: http.client.HTTPConnection, call: Call) -> Reply:
    """One request and its reply on one connection.

    Raises:
        OSError: the connection failed.
        http.client.HTTPException: the answer is cut short or is not HTTP.
    """
    parts = urlsplit(call.url)
    try:
        connection.request(
            call.method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            call.body,
            {"User-Agent": "slipway", **call.headers},
        )
    except BrokenPipeError:
        pass  # a server may refuse before it has read the body; its answer says why
    response = connection.getresponse()
    if (response.length or 0) > MAX_BODY_BYTES:
        connection.close()
        raise http.client.HTTPException(f"{response.length} bytes announced")
    headers: dict[str, str] = {}
    for key, value in response.headers.items():
        name = key.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Reply(status=response.status, headers=headers, body=response.read())


def retry_after(reply: Reply) -> float:
    """Seconds that the registry asks us to wait, capped; 0 when it does not.

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
