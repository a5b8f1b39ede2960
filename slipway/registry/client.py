"""An OCI registry as the build system sees it: chart names, versions, digests.

Reads are verified: what a digest names must have that digest. Writes are single steps (one blob, one manifest); their
order and the rule never to overwrite are `publish`'s. Every failure is a RegistryError that names host/repository.

Source: OCI distribution specification 1.1.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from slipway.config import RegistryConfig
from slipway.core.errors import Problem, RegistryError
from slipway.core.model import ChartName, Digest, Published
from slipway.registry.auth import Session
from slipway.registry.credentials import find
from slipway.registry.errors import is_registry_answer, refusal
from slipway.registry.http import Call, Reply, Transport
from slipway.registry.manifest import MANIFEST_TYPE, Manifest, sha256, tag_of
from slipway.registry.transport import TRY_AGAIN, address_hint
from slipway.tools.run import Runner, run_process
from slipway.util.parallel import each

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
READERS = 8
"""Threads of a look-up: the embedded registry is busy with two, a distant one answers many at a time."""
PAGE = 1000
MAX_PAGES = 1000
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
            environ: names the places of credentials.
            run: starts credential helpers.
            sleep: waits between attempts, in seconds.
        """
        origin = f"{'http' if config.plain_http else 'https'}://{config.host}"
        session = Session(Transport(config, sleep=sleep), origin, lambda: find(config.host, environ, run))
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
        return Published(name=name, version=version, manifest=manifest.digest, input_digest=manifest.input_digest)

    def manifest(self, name: str, reference: str) -> Manifest | None:
        """A manifest by tag or digest; None when there is none.

        Raises:
            RegistryError: it cannot be read, its content does not have its digest, or it is not JSON.
        """
        call = self._call("GET", name, f"manifests/{reference}", {"Accept": MANIFEST_TYPE})
        reply = self._send(call, "pull")
        if reply.status == 404:
            if not is_registry_answer(reply):
                self.ping()
            return None
        self._expect(call, reply, 200)
        manifest = Manifest(body=reply.body, digest=sha256(reply.body))
        self._compare(call, reply, manifest.digest, reply.headers.get("docker-content-digest"))
        if reference.startswith("sha256:"):
            self._compare(call, reply, manifest.digest, reference)
        if not manifest.data:
            raise self._nonsense(call, reply, "answers with something that is not a manifest")
        return manifest

    def blob(self, name: str, digest: Digest) -> bytes:
        """A blob whose bytes have its digest.

        Raises:
            RegistryError: it does not exist, cannot be read, or its content does not match the digest.
        """
        call = self._call("GET", name, f"blobs/{digest}")
        reply = self._send(call, "pull")
        self._expect(call, reply, 200)
        self._compare(call, reply, sha256(reply.body), digest)
        return reply.body

    def archive(self, name: str, reference: str) -> bytes | None:
        """The archive of a published chart, by tag or digest; None when there is no such chart."""
        manifest = self.manifest(name, reference)
        if manifest is None or manifest.chart_layer is None:
            return None
        return self.blob(name, manifest.chart_layer)

    def has_blob(self, name: str, digest: Digest) -> bool:
        """Whether the registry holds a blob."""
        call = self._call("HEAD", name, f"blobs/{digest}")
        reply = self._send(call, "pull,push")
        if reply.status != 404:
            self._expect(call, reply, 200)
        return reply.status == 200

    def tags(self, name: str) -> tuple[str, ...]:
        """Every tag of a chart; none when it was never published."""
        return self._list(self._call("GET", name, f"tags/list?n={PAGE}"), f"repository:{self._path(name)}:pull", "tags")

    def catalog(self) -> tuple[str, ...] | None:
        """Every repository; None when the registry does not list them, as most public ones."""
        call = Call(method="GET", url=f"{self.session.origin}/v2/_catalog?n={PAGE}", where=self.config.host)
        try:
            return self._list(call, "registry:catalog:*", "repositories")
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
        self._expect(call, reply, 200)
        if "html" in reply.headers.get("content-type", ""):
            raise self._nonsense(call, reply, "is not a registry: it answers with a web page")

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
            self._expect(start, opened, 202)
            where = self.session.transport.locate(start, opened.headers.get("location", ""))
            finish = Call(
                method="PUT",
                url=f"{where}{'&' if '?' in where else '?'}digest={quote(digest)}",
                where=start.where,
                headers={"Content-Type": "application/octet-stream"},
                body=content,
            )
            reply = self._send(finish, "pull,push")
            # 404 and 416 mean that an attempt before this one, whose answer was lost, ended the upload.
            if reply.status not in {404, 416}:
                self._expect(finish, reply, 201)
                return True
        raise refusal(self.config, finish, reply, identity=self.session.identity)

    def put_manifest(self, name: str, reference: str, body: bytes) -> Digest:
        """Store a manifest under a tag or its digest; an existing tag is moved, so look it up first.

        Raises:
            RegistryError: the registry refuses it, or stored something else.
        """
        call = self._call("PUT", name, f"manifests/{reference}", {"Content-Type": MANIFEST_TYPE}, body)
        reply = self._send(call, "pull,push")
        self._expect(call, reply, 201)
        self._compare(call, reply, sha256(body), reply.headers.get("docker-content-digest"))
        return sha256(body)

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

    def _expect(self, call: Call, reply: Reply, status: int) -> None:
        if reply.status != status:
            raise refusal(self.config, call, reply, identity=self.session.identity)

    def _compare(self, call: Call, reply: Reply, here: str, there: str | None) -> None:
        if there is not None and here != there:
            raise RegistryError(
                Problem(
                    where=call.where,
                    fact="sent content that does not have its digest",
                    evidence=(call.label(reply.attempts), f"expected {there}", f"actual   {here}"),
                    hint=f"{TRY_AGAIN}; if it stays, the registry's storage or a proxy before it is broken",
                )
            )

    def _nonsense(self, call: Call, reply: Reply, fact: str) -> RegistryError:
        evidence = (call.label(reply.attempts), f"{len(reply.body)} bytes of {reply.headers.get('content-type', '?')}")
        return RegistryError(Problem(where=call.where, fact=fact, evidence=evidence, hint=address_hint(self.config)))

    def _list(self, call: Call, scope: str, key: str) -> tuple[str, ...]:
        found: list[str] = []
        for _ in range(MAX_PAGES):
            reply = self.session.send(call, scope)
            if reply.status == 404 and is_registry_answer(reply):
                return ()
            self._expect(call, reply, 200)
            try:
                names = json.loads(reply.body)[key] or []
                found.extend(str(name) for name in names)
            except (ValueError, KeyError, TypeError):
                raise self._nonsense(call, reply, f"answers with something that is not a list of {key}") from None
            link = reply.headers.get("link", "")
            if 'rel="next"' not in link or not names:
                break
            onward = link.partition("<")[2].partition(">")[0]
            call = Call(method="GET", url=self.session.transport.locate(call, onward), where=call.where)
        return tuple(found)
