"""A registry in memory that behaves as a test wants: one of the registries that there are, or an odd one.

It answers as the OCI distribution specification 1.1 asks for, except where its `Behaviour` differs. It also answers requests
that name a whole address, so it can be used as the proxy in front of itself, under any host name.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from slipway.registry.manifest import MANIFEST_TYPE, sha256
from testing.faulty import Answer, Seen, Server, serving

USER, PASSWORD = "me", "correct-horse-battery"
BASIC = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
ENVIRON = {"SLIPWAY_REGISTRY_USERNAME": USER, "SLIPWAY_REGISTRY_PASSWORD": PASSWORD}
ROUTE = re.compile(
    r"/v2/(?P<repository>[a-z0-9]+(?:[._/-][a-z0-9]+)*)/(?P<kind>manifests|blobs|tags)/(?P<reference>.*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How a registry refuses to move a tag."""

    status: int
    code: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What differs from a plain registry; the forms are filled with `realm`, `origin`, `host`, `port`, `path` and `url`."""

    challenges: tuple[str, ...] = ()
    """One WWW-Authenticate header each; none for a registry without a login."""
    location: str = "{path}"
    """Where an upload goes on."""
    redirects: tuple[str, ...] = ()
    """Methods of requests for blobs that are sent to a storage."""
    refuses_head: bool = False
    """The storage answers HEAD with 403."""
    uploaded: int = 201
    stored: int = 201
    guard: Guard | None = None
    """None moves tags."""
    names_digests: bool = True
    """Docker-Content-Digest is sent."""
    by_digest: bool = True
    """A manifest can be stored under its digest."""
    page: int = 1000
    link: str = '<{url}>; rel="next"'
    needs_repository: bool = False
    """A repository exists only after somebody made it."""
    hides_new: bool = False
    """A token to pull from a repository that does not exist is refused."""


@dataclass(slots=True, kw_only=True)
class Stub:
    """A running registry, with what it holds."""

    behaviour: Behaviour
    server: Server
    storage: Server
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    repositories: set[str] = field(default_factory=set)

    @property
    def requests(self) -> list[str]:
        """`METHOD path` of every request to the registry itself."""
        return self.server.requests

    def answer(self, seen: Seen) -> Answer:
        """The response to a request."""
        parts = urlsplit(seen.path)
        if parts.path == "/token":
            return self._token(seen, parse_qs(parts.query))
        if self.behaviour.challenges and not self._is_let_in(seen):
            return refused(401, "UNAUTHORIZED", "authentication required", challenges=self._challenges(seen))
        route = ROUTE.fullmatch(parts.path)
        if route is None:
            return Answer(body=b"{}") if parts.path == "/v2/" else Answer(status=404, body=b"404 page not found")
        return self._of(seen, route, parse_qs(parts.query))

    def _of(self, seen: Seen, route: re.Match[str], query: Mapping[str, list[str]]) -> Answer:
        repository, reference = route["repository"], route["reference"]
        if self.behaviour.needs_repository and repository not in self.repositories and seen.method != "GET":
            return refused(404, "NAME_UNKNOWN", f"The repository with name '{repository}' does not exist")
        match route["kind"]:
            case "tags":
                return self._tags(seen, repository, query)
            case "blobs":
                return self._blob(seen, repository, reference, query)
            case _:
                return self._manifest(seen, repository, reference)

    def forms(self, seen: Seen, path: str) -> dict[str, str]:
        """What fills the forms of the behaviour."""
        host, _, port = seen.headers["host"].partition(":")
        origin = f"http://{seen.headers['host']}"
        return {
            "realm": f"{origin}/token",
            "origin": origin,
            "host": host,
            "port": port or "80",
            "path": path,
            "url": path,
        }

    def _challenges(self, seen: Seen) -> Sequence[str]:
        return [form.format(**self.forms(seen, "")) for form in self.behaviour.challenges]

    def _is_let_in(self, seen: Seen) -> bool:
        sent = seen.headers.get("authorization", "")
        schemes = " ".join(self.behaviour.challenges).lower()
        return ("basic" in schemes and sent == BASIC) or ("bearer" in schemes and sent.startswith("Bearer token-"))

    def _token(self, seen: Seen, query: Mapping[str, list[str]]) -> Answer:
        if seen.headers.get("authorization") != BASIC:
            return refused(401, "UNAUTHORIZED", "authentication required")
        scope = query.get("scope", [""])[0]
        repository = scope.removeprefix("repository:").rpartition(":")[0]
        if self.behaviour.hides_new and not scope.endswith("push") and repository not in self.repositories:
            return refused(403, "DENIED", "requested access to the resource is denied")
        return Answer(body=json.dumps({"token": "token-1"}).encode())

    def _tags(self, seen: Seen, repository: str, query: Mapping[str, list[str]]) -> Answer:
        names = sorted(tag for there, tag in self.tags if there == repository)
        if not names:
            return refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        rest = [name for name in names if name > query.get("last", [""])[0]]
        page = rest[: self.behaviour.page]
        headers = {}
        if len(rest) > len(page):
            onward = f"/v2/{repository}/tags/list?n={self.behaviour.page}&last={page[-1]}"
            headers["Link"] = self.behaviour.link.format(**self.forms(seen, onward))
        return Answer(body=json.dumps({"name": repository, "tags": page}).encode(), headers=headers)

    def _blob(self, seen: Seen, repository: str, reference: str, query: Mapping[str, list[str]]) -> Answer:
        if seen.method == "POST":
            path = f"/v2/{repository}/blobs/uploads/1"
            return Answer(status=202, headers={"Location": self.behaviour.location.format(**self.forms(seen, path))})
        if seen.method == "PUT":
            digest = query["digest"][0]
            if sha256(seen.body) != digest:
                return refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            self.blobs[digest] = seen.body
            return Answer(status=self.behaviour.uploaded, headers={"Location": f"/v2/{repository}/blobs/{digest}"})
        if reference not in self.blobs:
            return refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if seen.method in self.behaviour.redirects:
            return Answer(status=307, headers={"Location": f"http://{self.storage.address}/{reference}?signature=s"})
        return Answer(body=self.blobs[reference])

    def _manifest(self, seen: Seen, repository: str, reference: str) -> Answer:
        if seen.method == "PUT":
            return self._store(seen, repository, reference)
        digest = reference if reference.startswith("sha256:") else self.tags.get((repository, reference), "")
        body = self.manifests.get((repository, digest))
        if body is None:
            return refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
        return Answer(body=body, headers={"Content-Type": MANIFEST_TYPE, **self._named(digest)})

    def _store(self, seen: Seen, repository: str, reference: str) -> Answer:
        digest = sha256(seen.body)
        if reference.startswith("sha256:"):
            if not self.behaviour.by_digest:
                return refused(400, "TAG_INVALID", "manifest tag did not match URI")
        else:
            guard = self.behaviour.guard
            if guard is not None and (repository, reference) in self.tags:
                words = guard.message.format(tag=reference, repository=repository)
                return refused(guard.status, guard.code, words, guard.detail)
            self.tags[repository, reference] = digest
        self.manifests[repository, digest] = seen.body
        self.repositories.add(repository)
        return Answer(status=self.behaviour.stored, headers=self._named(digest))

    def _named(self, digest: str) -> dict[str, str]:
        return {"Docker-Content-Digest": digest} if self.behaviour.names_digests else {}


def refused(status: int, code: str, message: str, detail: str = "", challenges: Sequence[str] = ()) -> Answer:
    """An error response with its code."""
    error = {"code": code, "message": message, "detail": detail}
    body = json.dumps({"errors": [error]}).encode()
    return Answer(
        status=status, body=body, headers={"Content-Type": "application/json", "WWW-Authenticate": challenges}
    )


@contextmanager
def stub_registry(behaviour: Behaviour | None = None) -> Iterator[Stub]:
    """Run a registry and its storage for the time of a block."""
    running: list[Stub] = []

    def stored(seen: Seen) -> Answer:
        (stub,) = running
        if "authorization" in seen.headers:
            return Answer(status=400, body=b"two ways to log in")
        if seen.method == "HEAD" and stub.behaviour.refuses_head:
            return Answer(status=403)
        content = stub.blobs.get(urlsplit(seen.path).path.removeprefix("/"))
        return Answer(status=404) if content is None else Answer(body=content)

    def answered(seen: Seen) -> Answer:
        (stub,) = running
        return stub.answer(seen)

    with serving(stored) as storage, serving(answered) as server:
        running.append(Stub(behaviour=behaviour or Behaviour(), server=server, storage=storage))
        yield running[0]
