"""The real Traefik with our configuration, rights and routes, asked over HTTPS by a neighbour and by a stranger."""

import gzip
import re
import socket
import ssl
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from slipway.gitops import applications
from slipway.lab.real.assemble import NEIGHBOUR, STRANGER
from slipway.util.mapping import dig, listing
from testing.reality import PAGE, Answer, Reality, connection

WEB, WEBSECURE, TUNNEL, METRICS = 8000, 8443, 8444, 9100
INSIDE = "/api/version"
"""A path of the tests' host that Traefik answers itself."""
BURST, HURRIED = 300, 2000
"""What one address may ask at once, and what it asks."""


@pytest.fixture(scope="module")
def tried(real: Reality) -> Iterator[str]:
    """A host of the tests' own, whose requests pass every middleware that may be named in a route."""
    host = f"tried.{real.domain}"
    middlewares = [{"name": name, "namespace": "infra"} for name in ("default-headers", "compress", "rate-limit")]
    services = [{"kind": "Service", "name": "jellyfin", "port": "http"}]
    inside = [{"kind": "TraefikService", "name": "api@internal"}]
    routes = [
        {"kind": "Rule", "match": f"Host(`{host}`){path}", "middlewares": middlewares, "services": chosen}
        for path, chosen in (("", services), (f" && Path(`{INSIDE}`)", inside))
    ]
    spec = {"ingressClassName": "traefik", "entryPoints": ["websecure"], "routes": routes, "tls": {}}
    metadata = {"name": "tried", "namespace": "htpc"}
    data = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": metadata, "spec": spec}
    real.kubectl.apply(applications.documents([data]), manager="tests")
    real.until(lambda: ask(real, "tried").status == 200, "the route of the tests is not taken")
    yield host
    real.kubectl("delete", "ingressroute", "tried", "-n", "htpc")


def ask(real: Reality, name: str, path: str = "/", client: str = NEIGHBOUR, **headers: str) -> Answer:
    """A page of a host of the platform, by HTTPS with the wildcard certificate's authority."""
    host = f"{name}.{real.domain}"
    trusted = real.trusted
    return real.ask("traefik", WEBSECURE, path, host=host, client=client, trusted=trusted, headers=headers)


def test_a_request_by_https_reaches_the_service_of_its_route(real: Reality) -> None:
    answer = ask(real, "sonarr", "/series")

    assert (answer.status, answer.body) == (200, PAGE)
    asked = real.backend.last(f"sonarr.{real.domain}")
    assert asked.path == "/series"
    assert (asked.headers["x-forwarded-for"], asked.headers["x-forwarded-proto"]) == (NEIGHBOUR, "https")


def test_an_internal_route_is_shut_to_strangers_and_an_external_one_is_not(real: Reality) -> None:
    assert ask(real, "sonarr", client=STRANGER).status == 403
    assert ask(real, "jellyfin", client=STRANGER).status == 200
    assert real.backend.last(f"jellyfin.{real.domain}").headers["x-forwarded-for"] == STRANGER


def test_the_tunnel_leads_to_external_routes_alone(real: Reality) -> None:
    def through(name: str) -> Answer:
        return real.ask("traefik", TUNNEL, host=f"{name}.{real.domain}", trusted=real.trusted)

    assert through("jellyfin").status == 200
    # The same client gets it by the entrypoint of the home network.
    assert (ask(real, "sonarr").status, through("sonarr").status) == (200, 404)


def test_the_tunnel_believes_the_address_of_a_client_of_pods_alone(real: Reality) -> None:
    host = f"jellyfin.{real.domain}"

    real.ask("traefik", TUNNEL, host=host, trusted=real.trusted, headers={"X-Forwarded-For": STRANGER})

    assert real.backend.last(host).headers["x-forwarded-for"] == NEIGHBOUR


def test_a_stranger_does_not_become_a_neighbour_by_saying_so(real: Reality) -> None:
    claim = {"X-Forwarded-For": NEIGHBOUR, "X-Real-Ip": NEIGHBOUR}

    assert ask(real, "sonarr", client=STRANGER, **claim).status == 403


def test_a_blocked_path_has_no_route(real: Reality) -> None:
    assert ask(real, "jellyfin", "/Metrics").status == 404


def test_a_route_leads_to_another_real_component(real: Reality) -> None:
    assert ask(real, "prometheus", "/-/ready").body == b"Prometheus Server is Ready.\n"
    assert ask(real, "prometheus", "/-/ready", client=STRANGER).status == 403


def test_http_is_sent_to_https_on_the_port_that_clients_see(real: Reality) -> None:
    answer = real.ask("traefik", WEB, "/x?y=1", host=f"sonarr.{real.domain}")

    assert answer.status == 301
    assert answer.headers["location"] == f"https://sonarr.{real.domain}/x?y=1"


def test_every_host_is_served_with_the_certificate_of_the_secret(real: Reality) -> None:
    ours = ssl.PEM_cert_to_DER_cert(real.certificate)

    assert ask(real, "sonarr").certificate == ours
    stranger = real.ask("traefik", WEBSECURE, host="elsewhere.example.com", trusted="")
    assert (stranger.status, stranger.certificate) == (404, ours)


def test_old_versions_of_tls_are_refused(real: Reality) -> None:
    context = ssl.create_default_context(cadata=real.trusted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    door = real.bodies["traefik"].door(WEBSECURE)

    with (
        socket.create_connection(("127.0.0.1", door.here)) as raw,
        pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"),
    ):
        context.wrap_socket(raw, server_hostname=f"sonarr.{real.domain}")


def test_every_route_and_middleware_of_the_platform_is_taken(real: Reality) -> None:
    routers = ask(real, "traefik", "/api/http/routers?per_page=1000").json
    middlewares = ask(real, "traefik", "/api/http/middlewares?per_page=1000").json

    assert isinstance(routers, list)
    assert isinstance(middlewares, list)
    wrong = [item for item in (*routers, *middlewares) if item["status"] != "enabled"]
    assert wrong == []
    taken = {item["rule"] for item in routers if item["provider"] == "kubernetescrd"}
    wanted = {
        str(route["match"])
        for item in real.objects
        if item.kind == "IngressRoute"
        for route in listing(dig(item.data, "spec"), "routes")
    }
    assert wanted
    assert wanted <= taken
    ours = {
        f"{item.namespace or 'infra'}-{item.name}@kubernetescrd" for item in real.objects if item.kind == "Middleware"
    }
    assert ours <= {item["name"] for item in middlewares}


def test_nothing_is_forbidden_to_it(real: Reality) -> None:
    wrong = [line for line in real.log("traefik").splitlines() if re.search(r'"level":"error"|forbidden', line)]

    assert wrong == []


def test_the_default_headers_are_said(real: Reality, tried: str) -> None:
    headers = ask(real, "tried").headers

    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_a_long_page_is_compressed_for_who_asks(real: Reality, tried: str) -> None:
    answer = ask(real, "tried", **{"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == PAGE
    assert len(answer.body) < len(PAGE) / 4


def test_too_many_requests_from_one_address_are_refused_and_those_of_others_are_not(real: Reality, tried: str) -> None:
    # All of them in one go, and answered by Traefik itself: a slow machine must not keep below the limit.
    question = f"GET {INSIDE} HTTP/1.1\r\nHost: {tried}\r\n".encode()
    door = real.bodies["traefik"].door(WEBSECURE, STRANGER)
    context = ssl.create_default_context(cadata=real.trusted)

    with connection(door.here, tried, context) as asked, ThreadPoolExecutor(1) as pool:
        text = (question + b"\r\n") * HURRIED + question + b"Connection: close\r\n\r\n"
        sent = pool.submit(asked.sock.sendall, text)
        answers = b"".join(iter(lambda: asked.sock.recv(65536), b""))
        sent.result()

    statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)
    assert len(statuses) == HURRIED + 1
    assert statuses.count(b"200") >= BURST
    assert b"429" in statuses
    assert ask(real, "tried", INSIDE).status == 200


def test_it_counts_requests_by_router(real: Reality) -> None:
    ask(real, "sonarr")

    series = real.metrics("traefik", METRICS)

    assert any(name.startswith("traefik_router_requests_total{") and "sonarr" in name for name in series)
