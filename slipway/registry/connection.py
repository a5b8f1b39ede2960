"""One connection, one request, one answer: limits of size and time, interim answers, and the way through a proxy."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slipway.registry.proxies import Proxies, Proxy
from slipway.registry.urls import PORTS, checked

if TYPE_CHECKING:
    import ssl

    from _typeshed import WriteableBuffer

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Far above any chart; a longer response is refused unread."""
MAX_HEAD_BYTES = 1024 * 1024
"""Status, headers, interim answers and trailers together."""
SLOWEST_BYTES_PER_S = 16 * 1024
"""A response may take the timeout, and a second more for each of these; one that drips is given up."""
PIECE_BYTES = 64 * 1024
"""The timeout is for each piece of a request's body, so that a slow line is no error."""


class TooLong(http.client.HTTPException):
    """A response that exceeds the limit."""


class TooSlow(TimeoutError):
    """A response that does not end."""


class Unsupported(http.client.HTTPException):
    """A proxy that we cannot use."""


class Within(io.RawIOBase):
    """A socket's bytes, as many and for as long as a response may have."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout_s = sock.gettimeout()
        self._start = time.monotonic()
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read what is there.

        Raises:
            TooSlow: the time is over.
            TooLong: it is more than a response may have.
        """
        count = self._raw.readinto(buffer) if self._timeout_s is None else self._in_time(buffer, self._timeout_s)
        self._received += count or 0
        if self._received > MAX_BODY_BYTES + MAX_HEAD_BYTES:
            raise TooLong(f"response exceeds the limit of {MAX_BODY_BYTES:,} bytes")
        return count

    def _in_time(self, buffer: WriteableBuffer, timeout_s: float) -> int | None:
        allowed_s = timeout_s + self._received / SLOWEST_BYTES_PER_S
        left_s = self._start + allowed_s - time.monotonic()
        slow = TooSlow(f"{self._received} bytes in {allowed_s:g} s")
        if left_s <= 0:
            raise slow
        try:
            self._sock.settimeout(min(timeout_s, left_s))
            return self._raw.readinto(buffer)
        except TimeoutError:
            if self._received == 0:
                raise
            raise slow from None
        finally:
            self._sock.settimeout(timeout_s)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Response(http.client.HTTPResponse):
    """A response within the limits; interim ones (1xx) are skipped."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        buffered: io.BufferedReader = self.fp
        self.fp = io.BufferedReader(Within(buffered.detach(), sock))

    def begin(self) -> None:
        """Read the status and the headers."""
        super().begin()
        while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment] # so the base class begins again
            super().begin()


class Plain(http.client.HTTPConnection):
    """A connection without TLS, to a server or to a proxy that asks the server."""

    response_class = Response
    proxy: Proxy | None = None


class Tls(http.client.HTTPSConnection):
    """A connection with TLS, maybe in a tunnel through a proxy."""

    response_class = Response
    proxy: Proxy | None = None


Connection = Plain | Tls


def connection_to(origin: str, proxies: Proxies, timeout_s: float, trust: Callable[[], ssl.SSLContext]) -> Connection:
    """A connection that opens with its first request.

    Raises:
        BadAddress: the origin is no address.
        BadProxy: a variable names no proxy.
        Unsupported: the proxy speaks something else than HTTP.
    """
    parts = urlsplit(checked(origin))
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    proxy = proxies.of(parts.scheme, host, port)
    connection: Connection
    if proxy is not None and proxy.scheme != "http":
        raise Unsupported(proxy.scheme)
    there, gate = (host, port) if proxy is None else (proxy.host, proxy.port)
    if parts.scheme == "http":
        connection = Plain(there, gate, timeout=timeout_s, blocksize=PIECE_BYTES)
    else:
        connection = Tls(there, gate, timeout=timeout_s, blocksize=PIECE_BYTES, context=trust())
        if proxy is not None:
            connection.set_tunnel(host, port, headers=proxy_headers(proxy))
    connection.proxy = proxy
    return connection


def proxy_headers(proxy: Proxy) -> dict[str, str]:
    """What logs in to a proxy."""
    return {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}


def exchange(
    connection: Connection, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, dict[str, str], bytes]:
    """One request on one connection → status, headers and body of its response.

    Names of headers are in lower case; repeated headers are joined by `, `.

    Raises:
        OSError: the connection failed.
        http.client.HTTPException: the answer is cut short or is not HTTP.
    """
    parts = urlsplit(url)
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    sent = {"User-Agent": "slipway", **headers}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    if isinstance(connection, Plain) and connection.proxy is not None:
        target = f"{parts.scheme}://{parts.netloc}{target}"
        sent |= proxy_headers(connection.proxy)
    # A server may refuse before it has read the body; its answer says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request(method, target, None if body is None else io.BytesIO(body), sent)
    response = connection.getresponse()
    if (response.length or 0) > MAX_BODY_BYTES:
        connection.close()
        raise TooLong(f"response of {response.length:,} bytes exceeds the limit")
    found: dict[str, str] = {}
    for key, value in response.headers.items():
        name = key.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return response.status, found, response.read()
