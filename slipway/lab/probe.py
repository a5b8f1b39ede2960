"""Is it ready? One short question over HTTP or TCP to a loopback address."""

from __future__ import annotations

import http.client
import socket
import ssl
from urllib.parse import urlsplit

TIMEOUT_S = 1.0


def answers(question: str, ca: str = "") -> bool:
    """Whether a `tcp://host:port` accepts a connection, or an `http(s)://` address answers with 2xx.

    Args:
        question: the address.
        ca: file with the certificate that an https address is trusted by.
    """
    parts = urlsplit(question)
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
