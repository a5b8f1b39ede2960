"""An OCI registry as the build system sees it: chart names, versions, digests.

Reads are verified: what a digest names must have that digest. Writes are single steps (one blob, one manifest); their
order and the rule never to overwrite are `publish`'s. Every failure is a RegistryError that names host/repository.

Source: OCI distribution specification 1.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.core.model import ChartName, Digest, Published
from slipway.registry import urls
from slipway.registry.auth import Session
from slipway.registry.credentials import api_host, find
from slipway.registry.errors import guarded, guards, is_registry_answer, no_location, nonsense, refusal
from slipway.registry.http import Call, Reply, Transport
from slipway.registry.listing import PAGE, names
from slipway.registry.manifest import INDEX_TYPE, MANIFEST_TYPE, Manifest, differs, lists, sha256, tag_of
from slipway.registry.proxies import Proxies
from slipway.registry.transport import TRY_AGAIN
from slipway.tools.run import Runner, run_process
from slipway.util.parallel import each

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
READERS = 8
"""Threads of a look-up: the embedded registry is busy with two, a distant one answers many at a time."""
UPLOADS = 2
"""How often an upload is started: a registry that restarts or fails forgets the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """One registry, with its open connections and tokens."""

    config: RegistryConfig
    session: Session = field(repr=False)

    @classmethod
    def open(
        cls,
        config: RegistryConfig,
        environ: Mapping[str, str],
        *,
        run: Runner = run_process,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Registry:
        """A registry to talk to; nothing is sent and no credentials are read yet.

        Args:
            config: where it is and how to connect.
            environ: names the places of credentials, and the proxies.
            run: starts credential helpers.
            sleep: waits between attempts, in seconds.
        """
        origin = urls.spelled(f"{'http' if config.plain_http else 'https'}://{api_host(config.host)}")
        transport = Transport(config, sleep=sleep, proxies=Proxies(environ))
        session = Session(transport, origin, lambda: find(config.host, environ, run))
        return cls(config=config, session=session)

    def close(self) -> None:
        """Close idle connections."""
        self.session.transport.close()

    # Reading

    def published(self, versions: Mapping[ChartName, str]) -> dict[ChartName, Published | None]:
        """What the registry has under these names and versions; None where it has nothing.

        One chart is asked for first, so that an unreachable registry or a missing login fails once.

        Raises:
            RegistryError: the registry cannot be read.
        """
        items = tuple(versions.items())
        first = [self.find(*item) for item in items[:1]]
        rest = each(lambda item: self.find(*item), items[1:], READERS)
        return dict(zip(versions, [*first, *rest], strict=True))

    def find(self, name: ChartName, version: str) -> Published | None:
        """One chart version, or None."""
        manifest = self.manifest(name, tag_of(version))
        if manifest is None:
            return None
        made_from = manifest.input_digest(self.config.annotation_prefix)
        return Published(name=name, version=version, manifest=manifest.digest, input_digest=made_from)

    def manifest(self, name: str, reference: str, kind: str = MANIFEST_TYPE) -> Manifest | None:
        """A manifest of one kind by tag or digest; None when there is none.

        Raises:
            RegistryError: it cannot be read, its content does not have its digest, or it is not JSON.
        """
        call = self._call("GET", name, f"manifests/{reference}", {"Accept": kind})
        reply = self._send(call, "pull")
        if reply.status == 404:
            if not is_registry_answer(reply):
                self.ping()
            return None
        self._expect(call, reply)
        manifest = Manifest(body=reply.body, digest=sha256(reply.body))
        self._compare(call, reply, reply.body, reply.headers.get("docker-content-digest"))
        if reference.startswith("sha256:"):
            self._compare(call, reply, reply.body, reference)
        if not manifest.data:
            raise nonsense(self.config, call, reply, "answers with something that is not a manifest")
        return manifest

    def referrers(self, name: str, digest: Digest) -> Manifest | None:
        """The index of what refers to a manifest; None when the registry has no such API."""
        call = self._call("GET", name, f"referrers/{digest}", {"Accept": INDEX_TYPE})
        reply = self._send(call, "pull")
        if reply.status in {400, 404, 405, 501}:
            return None
        self._expect(call, reply)
        return Manifest(body=reply.body, digest=sha256(reply.body))

    def blob(self, name: str, digest: Digest) -> bytes:
        """A blob whose bytes have its digest.

        Raises:
            RegistryError: it does not exist, cannot be read, or its content does not match the digest.
        """
        call = self._call("GET", name, f"blobs/{quote(digest, ':')}")
        reply = self._send(call, "pull")
        self._expect(call, reply)
        self._compare(call, reply, reply.body, digest)
        return reply.body

    def archive(self, name: str, reference: str) -> bytes | None:
        """The archive of a published chart, by tag or digest; None when there is no such chart."""
        manifest = self.manifest(name, reference)
        if manifest is None or manifest.chart_layer is None:
            return None
        return self.blob(name, manifest.chart_layer)

    def has_blob(self, name: str, digest: Digest) -> bool:
        """Whether the registry holds a blob; False when it does not say."""
        call = self._call("HEAD", name, f"blobs/{digest}")
        reply = self._send(call, "pull,push")
        if reply.status in {200, 404}:
            return reply.status == 200
        if reply.origin == self.session.origin and reply.status not in {400, 405, 501}:
            self._expect(call, reply)
        # An address that storage signed for GET is not valid for HEAD.
        first = self._call("GET", name, f"blobs/{digest}", {"Range": "bytes=0-0"})
        return self._send(first, "pull,push").status in {200, 206}

    def tags(self, name: str) -> tuple[str, ...]:
        """Every tag of a chart; none when it was never published. Lists of what refers to it are no tags of charts."""
        call = self._call("GET", name, f"tags/list?n={PAGE}")
        found = names(self.session, call, f"repository:{self._path(name)}:pull", "tags")
        return tuple(tag for tag in found if not lists(tag))

    def catalog(self) -> tuple[str, ...] | None:
        """Every repository; None when the registry does not list them, as most public ones."""
        call = Call(method="GET", url=f"{self.session.origin}/v2/_catalog?n={PAGE}", where=self.config.host)
        try:
            return names(self.session, call, "registry:catalog:*", "repositories")
        except RegistryError:
            self.ping()
            return None

    def contents(self) -> tuple[Published, ...] | None:
        """Every version of every chart below the prefix, by name; None when the registry does not list them."""
        repositories = self.catalog()
        if repositories is None:
            return None
        below = self.config.repository("")
        return self.versions(
            [ChartName(path.removeprefix(below)) for path in sorted(repositories) if path.startswith(below)]
        )

    def versions(self, names: Sequence[ChartName]) -> tuple[Published, ...]:
        """Every version of these charts, in their order; the first one alone, as in `published`."""
        tags = [*map(self.tags, names[:1]), *each(self.tags, names[1:], READERS)]
        pairs = [(name, tag) for name, there in zip(names, tags, strict=True) for tag in there]
        found = each(lambda pair: self.find(*pair), pairs, READERS)
        return tuple(published for published in found if published is not None)

    def ping(self) -> None:
        """Check that the registry answers and accepts our credentials.

        Raises:
            RegistryError: it is down, is something else, or refuses us.
        """
        call = Call(method="GET", url=f"{self.session.origin}/v2/", where=self.config.host)
        reply = self.session.send(call)
        self._expect(call, reply)
        if "html" in reply.headers.get("content-type", ""):
            raise nonsense(self.config, call, reply, "is not a registry: it answers with a web page")

    # Writing

    def push_blob(self, name: str, content: bytes) -> bool:
        """Upload a blob; False when it exists already.

        Raises:
            RegistryError: the registry refuses it.
        """
        digest = sha256(content)
        for _ in range(UPLOADS):
            if self.has_blob(name, digest):
                return False
            start = self._call("POST", name, "blobs/uploads/")
            opened = self._send(start, "pull,push")
            self._expect(start, opened)
            finish = Call(
                method="PUT",
                url=urls.with_query(self._upload(start, opened), f"digest={quote(digest)}"),
                where=start.where,
                headers={"Content-Type": "application/octet-stream"},
                body=content,
            )
            reply = self._send(finish, "pull,push")
            # 404 and 416 mean that an attempt before this one, whose answer was lost, ended the upload.
            if reply.status not in {404, 416}:
                self._expect(finish, reply)
                return True
        raise refusal(self.config, finish, reply, identity=self.session.identity)

    def put_manifest(self, name: str, reference: str, body: bytes, kind: str = MANIFEST_TYPE) -> Digest:
        """Store a manifest under a tag or its digest; an existing tag is moved, so look it up first.

        Raises:
            AlreadyPublished: the registry keeps the tag as it is, and it names something else.
            RegistryError: the registry refuses it, or stored something else.
        """
        digest = sha256(body)
        call = self._call("PUT", name, f"manifests/{reference}", {"Content-Type": kind}, body)
        reply = self._send(call, "pull,push")
        if reference == digest and reply.status in {400, 405}:
            return digest  # a registry that stores manifests by tag only; the tag follows
        if reference != digest and 400 <= reply.status < 500:
            there = self._digest_of(name, reference, kind)
            if there == digest:
                return digest  # another publisher of the same content was faster
            if there is not None or guards(reply):
                raise guarded(call, reply, name, reference)
        self._expect(call, reply)
        self._compare(call, reply, body, reply.headers.get("docker-content-digest"))
        return digest

    # The edges

    def where(self, name: str) -> str:
        """`host/repository` of a chart."""
        return f"{self.config.host}/{self._path(name)}"

    def _path(self, name: str) -> str:
        return self.config.repository(name)

    def _call(
        self, method: str, name: str, rest: str, headers: Mapping[str, str] = NO_HEADERS, body: bytes | None = None
    ) -> Call:
        url = f"{self.session.origin}/v2/{quote(self._path(name))}/{rest}"
        return Call(method=method, url=url, where=self.where(name), headers=headers, body=body)

    def _send(self, call: Call, actions: str) -> Reply:
        repository = call.where.removeprefix(f"{self.config.host}/")
        return self.session.send(call, f"repository:{repository}:{actions}")

    def _expect(self, call: Call, reply: Reply) -> None:
        """Any 2xx is a yes: what was sent is read back, whatever the registry calls it."""
        if not 200 <= reply.status < 300:
            raise refusal(self.config, call, reply, identity=self.session.identity)

    def _digest_of(self, name: str, reference: str, kind: str) -> Digest | None:
        """What a tag names; None when it names nothing, or the registry does not say."""
        try:
            there = self.manifest(name, reference, kind)
        except RegistryError:
            return None
        return None if there is None else there.digest

    def _upload(self, call: Call, reply: Reply) -> str:
        """Where an upload that was opened goes on."""
        if not reply.headers.get("location", "").strip():
            raise no_location(self.config, call, reply)
        return self.session.transport.locate(call, reply.headers["location"])

    def _compare(self, call: Call, reply: Reply, body: bytes, there: str | None) -> None:
        if there is not None and differs(body, there):
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact="sent content that does not have its digest",
                    evidence=(call.label(reply.attempts), f"expected {there}", f"actual   {sha256(body)}"),
                    hint=f"{TRY_AGAIN}; if it stays, the registry's storage or a proxy before it is broken",
                )
            )
