"""Requests from a machine of the home network: `python -m testing.ask DNS CA` reads `https://host/path` lines and prints JSON.

The name is asked of the router's DNS, the certificate must be one that `CA` signed; a request is not followed when it is
sent elsewhere, for the answer is already that of the pod, or of Traefik.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import struct
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

PATIENCE_S = 20.0
QUESTION = struct.Struct(">HHHHHH")


def resolve(name: str, server: str) -> str:
    """The address of a name; empty when there is none.

    Source: RFC 1035, sections 4.1.1 to 4.1.3.
    """
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(PATIENCE_S)
        asked.sendto(QUESTION.pack(1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1), (server, 53))
        answer = asked.recv(4096)
    # The last four bytes of the only record are its address.
    return socket.inet_ntoa(answer[-4:]) if QUESTION.unpack_from(answer)[3] else ""


def ask(url: str, dns: str, ca: str) -> Mapping[str, object]:
    """Status, the first bytes of the answer, and the address it came from; or what went wrong."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = resolve(host, dns)
        trust = ssl.create_default_context(cafile=ca)
        with (
            socket.create_connection((address, 443), PATIENCE_S) as plain,
            trust.wrap_socket(plain, server_hostname=host) as secure,
        ):
            connection = http.client.HTTPConnection(host)
            connection.sock = secure
            connection.request("GET", parts.path or "/", headers={"Host": host})
            answer = connection.getresponse()
            return {"status": answer.status, "text": answer.read(200).decode(errors="replace"), "address": address}
    except (OSError, http.client.HTTPException) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main(arguments: list[str]) -> int:
    """Ask all."""
    dns, ca = arguments
    json.dump({url: ask(url, dns, ca) for url in sys.stdin.read().split()}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
