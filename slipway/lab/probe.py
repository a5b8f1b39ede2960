"""Is it ready? One short question over HTTP or TCP to a loopback address."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from slipway.lab import kernel

TIMEOUT_S = 1.0


def answers(question: str, ca: str = "", netns: str = "") -> bool:
    """Whether a `file:///path` exists, a `tcp://host:port` accepts a connection, or an `http(s)://` address answers with 2xx.

    Args:
        question: the address.
        ca: file with the certificate that an https address is trusted by.
        netns: file of the network namespace to ask in; empty: this one.
    """
    if not netns:
        return asked(question, ca)
    try:
        with Path("/proc/self/ns/net").open("rb") as own:
            kernel.join(Path(netns), kernel.NEW_NETWORK)
            try:
                return asked(question, ca)
            finally:
                kernel.join_opened(own.fileno(), kernel.NEW_NETWORK)
    except OSError:
        return False  # the namespace is not there yet


def asked(question: str, ca: str) -> bool:
    """The same, in the network of this process."""
    parts = urlsplit(question)
    if parts.scheme == "file":
        return Path(parts.path).exists()
    host, port = parts.hostname or "", parts.port or 0
    if parts.scheme == "tcp":
        with socket.socket() as connection:
            connection.settimeout(TIMEOUT_S)
            return connection.connect_ex((host, port)) == 0
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca)
        connection_to: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection_to = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection_to.request("GET", parts.path or "/")
        return 200 <= connection_to.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection_to.close()
