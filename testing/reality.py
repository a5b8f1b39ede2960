"""A cluster with the whole platform and real programs in it, and requests to them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import trustme

from slipway.build import render
from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.cluster.apply import apply
from slipway.context import Context
from slipway.gitops import applications
from slipway.lab import lab, provide
from slipway.lab.lab import Lab
from slipway.lab.place import Place
from slipway.lab.plan import Extent
from slipway.lab.real.assemble import NEIGHBOUR, Body
from slipway.lab.real.catalog import CATALOG
from slipway.lab.real.join import join
from slipway.lint import kube_schemas
from slipway.tools.kubectl import Kubectl
from slipway.tools.process import LOOPBACK, wait_until
from slipway.util import yaml
from slipway.util.mapping import dig
from slipway.workspace import environments
from testing import faulty
from testing.cloudflare import Cloudflare, cloudflare
from testing.faulty import Server, serving
from testing.monorepo import ROOT
from testing.product import product_context

ENVIRONMENT = "staging"
WAIT_S = 90.0
TIMEOUT_S = 10.0
DNS_API, DNS_TOKEN = "198.51.100.10:80", "token-of-the-tests"
"""Address of the DNS provider's API, outside of the home network, and its token."""
OTHER_ZONE, TARGET = "example.com", "home.example.net"
"""What else the token is good for, and what the world finds at external hosts."""
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "infra": {
        # Its entrypoint is asked; the program cannot be had.
        "cloudflared": {"enabled": False},
        "external-dns": {
            "enabled": True,
            "controllers": {
                "external-dns": {
                    "containers": {
                        "app": {
                            "env": {
                                "CLOUDFLARE_BASE_URL": f"http://{DNS_API}/client/v4/",
                                "EXTERNAL_DNS_MIN_EVENT_SYNC_INTERVAL": "1s",
                            }
                        }
                    }
                }
            },
        },
    }
}
"""Umbrella → what an operator would set besides: what is off by default is on here."""
DNS_SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "cloudflare-token", "namespace": "infra"},
    "stringData": {"api-token": DNS_TOKEN},
}
PAGE = b"<p>A page that is worth compressing.</p>\n" * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    certificate: bytes = b""
    """Of the server, as DER; empty without TLS."""

    @property
    def json(self) -> object:
        """The body as data."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reality:
    """The cluster, and the real components in it."""

    here: Lab
    objects: tuple[Object, ...]
    """Everything that was rendered."""
    bodies: Mapping[str, Body]
    backend: Server
    """In the place of Jellyfin and Sonarr; it answers everything with a page."""
    trusted: str
    """The authority of the wildcard certificate, as PEM."""
    certificate: str
    """The wildcard certificate, as PEM."""
    dns: Cloudflare
    """In the place of the DNS provider."""
    domain: str

    @property
    def kubectl(self) -> Kubectl:
        """The cluster's administrator."""
        return self.here.kubectl

    def log(self, name: str) -> str:
        """The log of a component."""
        return (self.here.place.logs / f"{name}.log").read_text(encoding="utf-8")

    def ask(
        self,
        name: str,
        port: int,
        path: str = "/",
        *,
        host: str = "",
        client: str = NEIGHBOUR,
        trusted: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask a component over HTTP, or over HTTPS when an authority is given.

        Args:
            name: of the component.
            port: of the component.
            path: what for.
            host: name that it is called by.
            client: address that the question comes from.
            trusted: PEM of the authority; empty trusts everybody; None is plain HTTP.
            body: makes it a POST.
            headers: besides Host.
        """
        context = None
        if trusted is not None:
            context = ssl.create_default_context(cadata=trusted or None)
            if not trusted:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        fields = {"Host": host or LOOPBACK, **(headers or {})}
        with connection(self.bodies[name].door(port, client).here, host, context) as asked:
            sock = asked.sock
            certificate = (sock.getpeercert(binary_form=True) or b"") if isinstance(sock, ssl.SSLSocket) else b""
            asked.request("POST" if body else "GET", path, body=body, headers=fields)
            answer = asked.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=received, body=answer.read(), certificate=certificate)

    def metrics(self, name: str, port: int, trusted: str | None = None) -> dict[str, float]:
        """Series → value, as a component exposes them."""
        answer = self.ask(name, port, "/metrics", trusted=trusted)
        assert answer.status == 200, answer.body
        lines = (line for line in answer.body.decode().splitlines() if line and not line.startswith("#"))
        return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; fails when it is not met in time."""
        assert wait_until(condition, WAIT_S), what


@contextmanager
def connection(port: int, host: str, context: ssl.SSLContext | None) -> Iterator[http.client.HTTPConnection]:
    """A connection to a port of this machine that calls the other side by a name."""
    made = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
    made.sock = socket.create_connection((LOOPBACK, port), TIMEOUT_S)
    if context is not None:
        made.sock = context.wrap_socket(made.sock, server_hostname=host or None)
    try:
        yield made
    finally:
        made.close()


def pages() -> AbstractContextManager[Server]:
    """A server that answers everything with `PAGE`."""
    return serving(lambda _: faulty.Answer(body=PAGE, headers={"Content-Type": "text/html"}))


@contextmanager
def reality(place: Place) -> Iterator[Reality]:
    """A cluster without Argo CD that has every umbrella of this repository, and every program of the catalog."""
    context = product_context()
    lab.start(context, place, attached=True, extent=Extent.CLUSTER, definitions=kube_schemas.definition_files(ROOT))
    built = lab.build(context)
    here_objects = {
        str(umbrella.name): rendered(context, built[umbrella.name], place.folder)
        for umbrella in context.workspace.umbrellas
    }
    lab.wait_ready(place)
    here = lab.attach(context, place, ENVIRONMENT)
    everything = tuple(item for objects in here_objects.values() for item in objects)
    domain = domain_of(everything)
    authority = trustme.CA()
    wildcard = authority.issue_cert(domain, f"*.{domain}")
    for namespace in here_objects:
        here.kubectl("create", "namespace", namespace)
    provide.provide_storage(here, built)
    provide.provide_secrets(here)
    secrets: list[Mapping[str, object]] = [tls_secret("wildcard-tls", "infra", wildcard), DNS_SECRET]
    here.kubectl.apply(applications.documents(secrets), manager="tests")
    for namespace, objects in here_objects.items():
        refusals = apply(here.kubectl, objects, namespace).refusals
        assert not refusals, "\n".join(f"{item.item.title}: {item.reason}" for item in refusals)
    wait_for_pods(here.kubectl)
    with pages() as backend, cloudflare(DNS_TOKEN, zone_of(domain), OTHER_ZONE) as dns:
        ways = {
            f"{address}:{port}": f"{LOOPBACK}:{backend.port}"
            for address, port in endpoints(here.kubectl, "jellyfin", "sonarr")
        }
        bodies = join(here, CATALOG, {**ways, DNS_API: dns.address})
        yield Reality(
            here=here,
            objects=everything,
            bodies=bodies,
            backend=backend,
            trusted=authority.cert_pem.bytes().decode(),
            certificate=wildcard.cert_chain_pems[0].bytes().decode(),
            dns=dns,
            domain=domain,
        )
    lab.stop(place)


def rendered(context: Context, built: Built, scratch: Path) -> tuple[Object, ...]:
    """An umbrella's objects, with the settings of the tests over those of the environment."""
    name = built.chart.name
    settings = scratch / f"{name}.yaml"
    settings.write_bytes(
        yaml.dump(
            {"global": {"route": {"externalTarget": TARGET}, "tunnel": {"enabled": True}}, **SETTINGS.get(name, {})}
        )
    )
    values = (built.folder / environments.file_name(ENVIRONMENT), settings)
    return render.render(context.renderer, built, release=name, namespace=name, values=values)


def tls_secret(name: str, namespace: str, certificate: trustme.LeafCert) -> Mapping[str, object]:
    """A certificate as cert-manager stores it."""
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    data = {"tls.crt": chain.decode(), "tls.key": certificate.private_key_pem.bytes().decode()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "stringData": data}


def zone_of(domain: str) -> str:
    """The zone that holds a domain: the name that somebody has registered."""
    return ".".join(domain.split(".")[-2:])


def domain_of(objects: tuple[Object, ...]) -> str:
    """The domain that the routes have in common."""
    (names,) = (item.data for item in objects if item.kind == "Certificate" and item.name == "wildcard")
    return str(cast(list[str], dig(names, "spec")["dnsNames"])[0])


def wait_for_pods(kubectl: Kubectl) -> None:
    """Wait until every deployment has its pods."""
    for kind in ("deployments", "daemonsets"):
        for item in kubectl.items(kind, "-A"):
            meta = dig(item, "metadata")
            where = (f"{kind}/{meta['name']}", "-n", str(meta["namespace"]))
            kubectl("rollout", "status", *where, f"--timeout={WAIT_S:.0f}s")


def endpoints(kubectl: Kubectl, *services: str) -> Iterator[tuple[str, int]]:
    """Address and port of the pods behind some Services."""
    for item in kubectl.items("endpointslices", "-A"):
        if dig(item, "metadata", "labels").get("kubernetes.io/service-name") in services:
            for endpoint in cast(list[Mapping[str, list[str]]], item.get("endpoints") or []):
                for port in cast(list[Mapping[str, int]], item.get("ports") or []):
                    yield endpoint["addresses"][0], port["port"]
