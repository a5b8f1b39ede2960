"""The real Traefik with the rendered middlewares of a route behind the sign-in.

The identity provider is played by a server that answers as Authelia's documentation says, so that these tests judge what we tell
Traefik: whom it asks, what it passes on, and what it does without an answer.
Source: Authelia v4.39, docs/content/reference/guides/proxy-authorization.md.
"""

import http.client
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.build.render import Object
from slipway.toolchain import groups
from testing.product import product_context
from testing.rendering import Repository
from testing.workspaces import ROOT

PORTAL = "https://id.home.example.org/"
USERS = {"session=admin": ("admin", "admins"), "session=anna": ("anna", "family")}
"""Cookie → user and group of a session."""


@dataclass
class Server:
    """A server on loopback, and what it was asked."""

    answer: Callable[[str, Mapping[str, str]], tuple[int, Mapping[str, str]]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    http: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                status, sent = outer.answer(self.path, headers)
                self.send_response(status)
                for name, value in {**sent, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.http.server_address[1]}"

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def provider(path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    """What Authelia answers to Traefik: administrators pass, others may not, and strangers are sent to the portal."""
    assert path == "/api/authz/forward-auth"
    user, group = USERS.get(headers.get("cookie", ""), ("", ""))
    if not user:
        wanted = f"{headers['x-forwarded-proto']}://{headers['x-forwarded-host']}{headers['x-forwarded-uri']}"
        return 302, {"Location": f"{PORTAL}?rd={wanted}"}
    return (200, {"Remote-User": user, "Remote-Groups": group}) if group == "admins" else (403, {})


@dataclass(frozen=True)
class Door:
    """Traefik, with the servers behind it."""

    port: int
    host: str
    provider: Server
    service: Server

    def get(self, **headers: str) -> tuple[int, str]:
        """Status, and where to go instead."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", "/graph?g0.expr=up", headers={"Host": self.host, **named})
            with connection.getresponse() as answer:
                answer.read()
                return answer.status, answer.headers.get("Location", "")


def dynamic(objects: tuple[Object, ...], service: Server, login: Server) -> dict[str, object]:
    """The route of Prometheus and its middlewares, as Traefik reads them from a file."""
    (route,) = next(item for item in objects if item.title == "IngressRoute prometheus").at("spec", "routes")
    names = [entry["name"] for entry in route.get("middlewares", ())]
    middlewares = {}
    for name in names:
        spec = json.loads(json.dumps(next(item for item in objects if item.title == f"Middleware {name}").data["spec"]))
        if auth := spec.get("forwardAuth"):
            auth["address"] = auth["address"].replace("authelia.infra.svc:9091", login.address)
        if allowed := spec.get("ipAllowList"):
            allowed["sourceRange"].append("127.0.0.0/8")
        middlewares[name] = spec
    router = {"rule": route["match"], "service": "app", "middlewares": names, "entryPoints": ["web"]}
    servers = {"app": {"loadBalancer": {"servers": [{"url": f"http://{service.address}"}]}}}
    made: dict[str, object] = {"routers": {"app": router}, "services": servers}
    return {"http": made | ({"middlewares": middlewares} if middlewares else {})}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(params=["production"])
def door(request: pytest.FixtureRequest, repository: Repository, tmp_path: Path) -> Iterator[Door]:
    """Traefik with the route of Prometheus of an environment; production has single sign-on, staging has not."""
    service = Server(answer=lambda _, __: (200, {}))
    login = Server(answer=provider)
    objects = repository.rendered(repository.case("infra", request.param)).objects
    port = free_port()
    route = next(item for item in objects if item.title == "IngressRoute prometheus")
    host = str(route.at("spec", "routes")[0]["match"]).split("`")[1]
    (tmp_path / "routes.yaml").write_text(json.dumps(dynamic(objects, service, login)))
    program = groups.program(ROOT, "traefik", product_context().progress)
    flags = (f"--entryPoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={tmp_path / 'routes.yaml'}")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(program), *flags], stdout=log, stderr=log)
        try:
            made = Door(port=port, host=host, provider=login, service=service)
            wait(made, process)
            yield made
        finally:
            process.terminate()
            process.wait(10)
            login.stop()
            service.stop()


def wait(door: Door, process: subprocess.Popen[bytes]) -> None:
    """Until Traefik has the route; what was asked until then is forgotten."""
    deadline, last = time.monotonic() + 30, ""
    while time.monotonic() < deadline:
        assert process.poll() is None, "Traefik has ended"
        try:
            last = str(door.get()[0])
            if last != "404":
                door.provider.asked.clear()
                door.service.asked.clear()
                return
        except OSError as error:
            last = str(error)
        time.sleep(0.05)
    raise AssertionError(f"Traefik has no route: {last}")


def test_a_stranger_is_sent_to_the_portal_and_back_to_what_he_asked_for(door: Door) -> None:
    assert door.get() == (302, f"{PORTAL}?rd=http://{door.host}/graph?g0.expr=up")
    assert door.service.asked == []


def test_who_may_reaches_the_service_which_learns_who_it_is(door: Door) -> None:
    assert door.get(Cookie="session=admin", Remote_User="mallory", Remote_Groups="owners") == (200, "")
    ((path, headers),) = door.service.asked
    assert path == "/graph?g0.expr=up"
    assert (headers["remote-user"], headers["remote-groups"]) == ("admin", "admins")


def test_who_may_not_is_refused(door: Door) -> None:
    assert door.get(Cookie="session=anna")[0] == 403
    assert door.service.asked == []


def test_without_the_provider_nobody_passes_and_nobody_is_told_why(door: Door) -> None:
    door.provider.stop()

    assert door.get(Cookie="session=admin")[0] == 500
    assert door.service.asked == []


@pytest.mark.parametrize("door", ["staging"], indirect=True)
def test_one_value_takes_the_sign_in_away(door: Door) -> None:
    door.provider.stop()

    assert door.get() == (200, "")
    assert len(door.service.asked) == 1
