"""The API server over HTTP: lists, watches and writes of one user."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from slipway.lab.operators.seen import PATHS, Data
from slipway.util.mapping import dig, listing

TIMEOUT_S = 30.0
WATCH_S = 600
"""After which the API server ends a watch."""
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
BUILT_IN = ("/api/", "/apis/networking.k8s.io/", "/apis/storage.k8s.io/")
"""Kinds with a schema for strategic merge patches, which merge the lists of a status by their keys."""


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Access to it."""

    host: str
    port: int
    token: str
    tls: ssl.SSLContext

    @classmethod
    def of(cls, kubeconfig: Path) -> Api:
        """The access in a kubeconfig of ours."""
        data = json.loads(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = data["clusters"][0]["cluster"], data["users"][0]["user"]
        server = urlsplit(cluster["server"])
        assert server.hostname, "our kubeconfigs name a host and a port"
        return cls(
            host=server.hostname,
            port=server.port or 443,
            token=user["token"],
            tls=ssl.create_default_context(cafile=cluster["certificate-authority"]),
        )

    def listed(self, kind: str) -> tuple[list[Data], str]:
        """Every object of a kind, and the version of the list.

        Raises:
            Refused, OSError, HTTPException: there is no answer, or none that is one.
        """
        found = self.ask("GET", PATHS[kind])
        return [dict(item) for item in listing(found, "items")], str(dig(found, "metadata")["resourceVersion"])

    def watched(self, kind: str, version: str) -> Iterator[tuple[str, Data]]:
        """Type and object of each event after a version; ends when the server ends the watch.

        Raises:
            Refused, OSError, HTTPException: as `listed`.
        """
        path = f"{PATHS[kind]}?watch=1&resourceVersion={version}&timeoutSeconds={WATCH_S}"
        connection = self.connection(WATCH_S + TIMEOUT_S)
        try:
            answer = self.sent(connection, "GET", path)
            while line := answer.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise Refused(int(event["object"].get("code", 0)), str(event["object"].get("reason")))
                yield event["type"], event["object"]
        finally:
            connection.close()

    def create(self, kind: str, namespace: str, body: Data) -> Data:
        """Create an object.

        Raises:
            Refused, OSError, HTTPException: as `listed`.
        """
        return self.ask("POST", located(kind, namespace), body)

    def patch(self, kind: str, namespace: str, name: str, body: Data, *, status: bool) -> Data:
        """Patch an object or its status; returns what it became.

        Raises:
            Refused, OSError, HTTPException: as `listed`.
        """
        path = f"{located(kind, namespace)}/{name}{'/status' if status else ''}"
        return self.ask("PATCH", path, body, STRATEGIC if path.startswith(BUILT_IN) else MERGE)

    def ask(self, method: str, path: str, body: Data | None = None, content_type: str = "application/json") -> Data:
        """One request.

        Raises:
            Refused, OSError, HTTPException: as `listed`.
        """
        connection = self.connection(TIMEOUT_S)
        try:
            answer = self.sent(connection, method, path, body, content_type)
            return cast(Data, json.loads(answer.read()))
        finally:
            connection.close()

    def connection(self, timeout_s: float) -> http.client.HTTPSConnection:
        """A new one."""
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls)

    def sent(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        body: Data | None = None,
        content_type: str = "application/json",
    ) -> http.client.HTTPResponse:
        """A successful answer, whose body is still to be read."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Content-Type": content_type}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, answer.read().decode("utf-8", "replace"))
        return answer


def located(kind: str, namespace: str) -> str:
    """Where the objects of a kind are, in a namespace or in the cluster."""
    group, _, plural = PATHS[kind].rpartition("/")
    return f"{group}/namespaces/{namespace}/{plural}" if namespace else PATHS[kind]
