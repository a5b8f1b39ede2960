"""blackbox-exporter: what its own program makes of the chart's module, and of the answers of routes."""

import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
import yaml

from slipway.tools.background import Child, spawn_child
from slipway.tools.process import wait_until
from slipway.tools.run import Command
from testing.faulty import unused_port
from testing.monitoring import ask, config_files
from testing.product import FACTS
from testing.rendering import Repository
from testing.servers import answers, stopped
from testing.workspaces import program

pytestmark = pytest.mark.helm

FILE = "blackbox.yml"
HOST = "sonarr.home.example.org"
WAIT_S = 30.0


@dataclass(kw_only=True)
class Edge:
    """A server in the place of the ingress controller; a path such as /302 is answered with that status."""

    server: ThreadingHTTPServer
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Name of the TLS handshake, and Host header, of each request."""

    def end(self) -> None:
        """Stop, and close its socket."""
        self.server.shutdown()
        self.server.server_close()

    def url(self, path: str, scheme: str = "https") -> str:
        return f"{scheme}://127.0.0.1:{self.server.server_port}{path}"


def edge(certificate: ssl.SSLContext | None) -> Edge:
    """A server that answers until it is shut down."""
    names: list[str] = [""]

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((names[-1], self.headers.get("Host", "")))
            self.send_response(int(self.path.strip("/")))
            self.send_header("Location", "/login")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    made = Edge(server=ThreadingHTTPServer(("127.0.0.1", 0), Answers))
    if certificate is not None:
        certificate.sni_callback = lambda _socket, name, _context: names.append(name or "")
        made.server.socket = certificate.wrap_socket(made.server.socket, server_side=True)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    return made


@pytest.fixture(scope="module")
def secure() -> Iterator[Edge]:
    """It has a certificate for the host, of an authority that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(context)
    made = edge(context)
    yield made
    made.end()


@pytest.fixture(scope="module")
def insecure() -> Iterator[Edge]:
    made = edge(None)
    yield made
    made.end()


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """The program with the chart's configuration for an environment."""

    address: str

    def probe(self, target: str, host: str = HOST) -> dict[str, float]:
        """The samples of a probe as Prometheus asks for it: name → value, of those without labels."""
        query = urllib.parse.urlencode({"module": "route", "target": target, "hostname": host})
        with urllib.request.urlopen(f"{self.address}/probe?{query}", timeout=WAIT_S) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.split() for line in lines if not line.startswith("#") and "{" not in line)
        return {name: float(value) for name, value in pairs}

    def succeeds(self, target: str, host: str = HOST) -> bool:
        """Whether a probe does."""
        return self.probe(target, host)["probe_success"] == 1


def started(repository: Repository, environment: str, folder: Path) -> tuple[Exporter, Child]:
    """The program, once it listens."""
    port = unused_port()
    (item,) = (
        item
        for item in repository.rendered(repository.case("infra", environment)).objects
        if item.kind == "ConfigMap" and item.name == "blackbox-exporter-settings"
    )
    file = folder / FILE
    data = item.at("data")
    assert isinstance(data, dict)
    file.write_text(data[FILE], encoding="utf-8")
    argv = (str(program("blackbox-exporter")), f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}")
    child = spawn_child(Command(argv=argv), folder / "log")
    exporter = Exporter(address=f"http://127.0.0.1:{port}")
    assert wait_until(lambda: answers(f"{exporter.address}/-/healthy"), WAIT_S), (folder / "log").read_text(
        encoding="utf-8"
    )
    return exporter, child


@pytest.fixture(scope="module")
def exporter(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """With the values of an environment whose certificates nobody trusts."""
    made, child = started(repository, "staging", tmp_path_factory.mktemp("exporter"))
    yield made
    stopped(child)


def test_the_program_accepts_its_configuration(repository: Repository, tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(config_files(repository, "blackbox-exporter")[FILE], encoding="utf-8")

    done = ask("blackbox-exporter", f"--config.file={file}", "--config.check")

    assert done.code == 0, done.stderr
    file.write_text(file.read_text(encoding="utf-8").replace("valid_status_codes", "valid_codes"), encoding="utf-8")
    assert ask("blackbox-exporter", f"--config.file={file}", "--config.check").code != 0


@pytest.mark.parametrize("status", [200, 204, 301, 302, 303, 307, 308, 401])
def test_a_page_a_redirect_and_a_request_for_credentials_are_answers(
    exporter: Exporter, secure: Edge, status: int
) -> None:
    assert exporter.succeeds(secure.url(f"/{status}"))


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 503, 504])
def test_a_refusal_and_an_error_are_failures(exporter: Exporter, secure: Edge, status: int) -> None:
    samples = exporter.probe(secure.url(f"/{status}"))

    assert (samples["probe_success"], samples["probe_http_status_code"]) == (0, status)


def test_the_route_is_asked_by_its_name_and_redirects_are_not_followed(exporter: Exporter, secure: Edge) -> None:
    secure.asked.clear()

    assert exporter.succeeds(secure.url("/302"))

    assert secure.asked == [(HOST, HOST)]


def test_an_answer_without_tls_and_no_answer_are_failures(exporter: Exporter, insecure: Edge) -> None:
    assert not exporter.succeeds(insecure.url("/200", "http"))
    assert not exporter.succeeds(f"https://127.0.0.1:{unused_port()}/200")


def test_a_certificate_must_be_trusted_where_the_issuer_is_one_that_clients_trust(
    repository: Repository, exporter: Exporter, secure: Edge, tmp_path: Path
) -> None:
    issuers = {
        name: yaml.safe_load((FACTS / name / "platform.yaml").read_text(encoding="utf-8"))["tls"]["issuer"]
        for name in ("staging", "production")
    }
    strict, child = started(repository, "production", tmp_path)

    try:
        assert (issuers["staging"], issuers["production"]) == ("letsencrypt-staging", "letsencrypt-production")
        assert exporter.succeeds(secure.url("/200"))
        assert not strict.succeeds(secure.url("/200"))
    finally:
        stopped(child)
