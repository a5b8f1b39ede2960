"""Proxies of the environment: which one is used, what is sent to it, and what is said when it does not work."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from slipway.config import RegistryConfig
from slipway.core.errors import RegistryError
from slipway.core.model import ChartName
from slipway.registry.client import Registry
from slipway.registry.proxies import BadProxy, Proxies, bypassed
from testing.faulty import Answer, serving, unused_port
from testing.registry_stub import stub_registry

HOST = "registry.example.org"
UNKNOWN = Answer(status=404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')


def failure(environ: dict[str, str], host: str = HOST, *, plain_http: bool = True, ca_file: Path | None = None) -> str:
    config = RegistryConfig(
        host=host, prefix="charts", plain_http=plain_http, ca_file=ca_file, timeout_s=5.0, attempts=2
    )
    registry = Registry.open(config, environ, sleep=lambda _: None)
    try:
        registry.find(ChartName("sonarr"), "1.0.0")
    except RegistryError as error:
        return str(error)
    finally:
        registry.close()
    return ""


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
@pytest.mark.parametrize("form", ["http://{address}", "{address}", "http://{address}/", " http://{address} "])
def test_a_plain_registry_is_asked_through_its_proxy(variable: str, form: str) -> None:
    with serving(lambda _: UNKNOWN) as proxy:
        assert failure({variable: form.format(address=proxy.address)}) == ""

        assert proxy.requests == [f"GET http://{HOST}/v2/charts/sonarr/manifests/1.0.0"]
        assert proxy.seen[0].headers["host"] == HOST


def test_the_login_of_a_proxy_is_sent_to_it_and_never_shown() -> None:
    with serving(lambda _: Answer(status=407)) as proxy:
        address = f"http://me:p%40ss-SECRET@{proxy.address}"

        text = failure({"HTTP_PROXY": address})

        assert proxy.seen[0].headers["proxy-authorization"] == "Basic bWU6cEBzcy1TRUNSRVQ="
        assert text == (
            f"{HOST}/charts/sonarr: the proxy {proxy.address} of HTTP_PROXY rejects the user and password of its address "
            "(407)\n"
            "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
            "    hint: set HTTP_PROXY to http://USER:PASSWORD@HOST:PORT"
        )
        assert "SECRET" not in repr(Proxies({"HTTP_PROXY": address}).of("http", HOST, 80))


def test_a_proxy_that_wants_a_login_is_told_from_a_registry_that_does() -> None:
    with serving(lambda _: Answer(status=407)) as proxy:
        assert "asks for a user and password (407)" in failure({"HTTP_PROXY": proxy.address})


def test_a_proxy_that_is_down_is_named_with_the_way_around_it() -> None:
    address = f"127.0.0.1:{unused_port()}"

    assert failure({"HTTP_PROXY": f"http://me:SECRET@{address}"}) == (
        f"{HOST}/charts/sonarr: the proxy {address} of HTTP_PROXY cannot be reached\n"
        "    GET /v2/charts/sonarr/manifests/1.0.0 (2 attempts)\n"
        "    Connection refused\n"
        f"    hint: correct HTTP_PROXY, or go around it: NO_PROXY={HOST}"
    )


def test_an_answer_that_came_through_a_proxy_says_so() -> None:
    with serving(lambda _: Answer(status=502, body=b"no route")) as proxy:
        text = failure({"HTTP_PROXY": proxy.address})

        assert "server error (502)" in text
        assert f"    through the proxy {proxy.address} of HTTP_PROXY" in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("http://[::1", "HTTP_PROXY is not the address of a proxy"),
        ("http://proxy:SECRET", "HTTP_PROXY is not the address of a proxy"),
        ("http://proxy:0", "HTTP_PROXY is not the address of a proxy"),
        ("socks5://me:SECRET@proxy:1080", "a proxy with socks5:// is not supported"),
    ],
)
def test_a_variable_that_names_no_usable_proxy_is_named_without_its_value(value: str, said: str) -> None:
    text = failure({"HTTP_PROXY": value})

    assert text.startswith(f"{HOST}/charts/sonarr: {said}\n")
    assert "SECRET" not in text


def test_the_registry_of_this_machine_is_never_asked_through_a_proxy() -> None:
    with stub_registry() as stub:
        environ = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}

        assert failure(environ, stub.server.address) == ""
        assert failure(environ, f"localhost:{stub.server.port}") == ""


@contextmanager
def tunnel(to: int, seen: list[bytes], status: str = "200 OK") -> Iterator[int]:
    """A proxy that knows CONNECT alone, and always connects to one port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            seen.append(head)
            client.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
            if not status.startswith("200"):
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", to))
            threads = [
                threading.Thread(target=pump, args=pair, daemon=True) for pair in ((client, server), (server, client))
            ]
            for thread in threads:
                thread.start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, Path]]:
    """A server with a certificate for the host, that answers each connection once."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    body = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN"}]}).encode()

    def serve() -> None:
        client, _ = listener.accept()
        with context.wrap_socket(client, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], folder / "ca.pem"
    finally:
        listener.close()
        thread.join(5)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_registry_behind_tls_is_asked_through_a_tunnel_and_its_certificate_is_checked(
    tmp_path: Path, variable: str
) -> None:
    seen: list[bytes] = []
    with tls_server(tmp_path) as (port, ca_file), tunnel(port, seen) as gate:
        environ = {variable: f"http://me:pw@127.0.0.1:{gate}"}

        assert failure(environ, plain_http=False, ca_file=ca_file) == ""

    assert seen[0].startswith(f"CONNECT {HOST}:443 HTTP/1.".encode())
    assert b"\r\nproxy-authorization: basic bwu6chc=\r\n" in seen[0].lower()
    assert b"sonarr" not in seen[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("407 Proxy Authentication Required", "asks for a user and password (407)"),
        ("403 Forbidden", "refuses the connection (403)"),
        ("502 Bad Gateway", "refuses the connection (502)"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_named(status: str, said: str) -> None:
    with tunnel(1, [], status) as gate:
        text = failure({"HTTPS_PROXY": f"127.0.0.1:{gate}"}, plain_http=False)

        assert text.startswith(f"{HOST}/charts/sonarr: the proxy 127.0.0.1:{gate} of HTTPS_PROXY {said}\n")


def test_a_proxy_for_one_scheme_is_not_used_for_the_other() -> None:
    assert Proxies({"HTTP_PROXY": "http://p:1"}).of("https", HOST, 443) is None
    assert Proxies({"HTTPS_PROXY": "http://p:1"}).of("http", HOST, 80) is None


def test_a_program_behind_a_web_server_does_not_trust_its_callers_header() -> None:
    assert Proxies({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}).of("http", HOST, 80) is None


@pytest.mark.parametrize(
    ("excluded", "host", "expected"),
    [
        ("*", "registry.example.org:443", True),
        ("example.org", "registry.example.org:443", True),
        ("example.org", "example.org:443", True),
        ("example.org", "notexample.org:443", False),
        (".example.org", "registry.example.org:443", True),
        (".example.org", "example.org:443", False),
        ("*.example.org", "registry.example.org:443", True),
        ("*.example.org", "example.org:443", False),
        ("*example.org", "registry.example.org:443", False),
        ("EXAMPLE.ORG", "registry.example.org:443", True),
        ("other.org, example.org ", "registry.example.org:443", True),
        ("example.org:443", "registry.example.org:443", True),
        ("example.org:5000", "registry.example.org:443", False),
        ("10.0.0.0/8", "10.1.2.3:443", True),
        ("10.0.0.0/8", "registry.example.org:443", False),
        ("10.0.0.0/33", "10.1.2.3:443", False),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3:5000", "10.1.2.3:443", False),
        ("1.2.3", "10.1.2.3:443", False),
        ("fd00::/8", "fd00::1:443", True),
        ("fd00::1", "fd00::1:443", True),
        ("[fd00::1]:443", "fd00::1:443", True),
        ("[fd00::1]:5000", "fd00::1:443", False),
        ("", "registry.example.org:443", False),
        (",", "registry.example.org:443", False),
        ("", "localhost:443", True),
        ("", "127.0.0.2:443", True),
        ("", "::1:443", True),
        ("", "localhost.example.org:443", False),
    ],
)
def test_no_proxy_has_the_rules_of_go(excluded: str, host: str, expected: bool) -> None:
    name, _, port = host.rpartition(":")

    assert bypassed(name, int(port), excluded) is expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_in_the_variables_gives_a_proxy_or_none_or_an_error(proxy: str, excluded: str) -> None:
    with suppress(BadProxy):
        Proxies({"HTTPS_PROXY": proxy, "NO_PROXY": excluded}).of("https", HOST, 443)
