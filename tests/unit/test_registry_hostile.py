"""Answers that no registry should give: each ends in time, in an error with a name, and without a traceback."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.core.errors import RegistryError
from slipway.core.model import ChartName, Digest
from slipway.registry.client import Registry
from slipway.registry.manifest import Manifest, sha256
from testing.faulty import Answer, Seen, Server, failure_of, serving
from testing.registry_stub import BASIC, ENVIRON

PATH = "/v2/charts/sonarr/manifests/1.0.0"
CONTENT = b"content"
DEEP = b"[" * 100_000


def always(answer: Answer) -> Callable[[Seen], Answer]:
    return lambda _: answer


@contextmanager
def client(
    server: Server, environ: Mapping[str, str] | None = None, waits: list[float] | None = None
) -> Iterator[Registry]:
    registry = Registry.open(server.config, environ or {}, sleep=(waits if waits is not None else []).append)
    yield registry
    registry.close()


def refused(server: Server, use: Callable[[Registry], object], environ: Mapping[str, str] | None = None) -> str:
    with client(server, environ) as registry, pytest.raises(RegistryError) as caught:
        use(registry)
    return str(caught.value).replace(server.address, "HOST")


def uploads(location: str) -> Callable[[Seen], Answer]:
    def respond(seen: Seen) -> Answer:
        match seen.method:
            case "HEAD":
                return Answer(status=404)
            case "POST":
                return Answer(status=202, headers={"Location": location})
            case _:
                return Answer(status=201)

    return respond


@pytest.mark.parametrize("location", ["http://[::1", "http://h:port/x", "ftp://h/x", "https://", "http://a b/"])
def test_a_location_that_is_no_address_is_named(location: str) -> None:
    with serving(uploads(location)) as server:
        text = refused(server, lambda registry: registry.push_blob("sonarr", CONTENT))

        assert text.startswith("HOST/charts/sonarr: answers with an address that is not valid\n")
        assert f"    Location: {location!r}\n" in text


def test_a_redirect_to_what_is_no_address_is_named() -> None:
    with serving(always(Answer(status=307, headers={"Location": "http://[::1"}))) as server:
        assert failure_of(server.config) == (
            "HOST/charts/sonarr: answers with an address that is not valid\n"
            f"    GET {PATH} (1 attempt)\n"
            "    Location: 'http://[::1'\n"
            "    hint: correct the external address in the registry's settings, or in those of the proxy before it"
        )


@pytest.mark.parametrize("realm", ["http://[::1/token", "token", "file:///etc/passwd", "https://", "http://h:99999/"])
def test_a_token_service_at_what_is_no_address_is_named(realm: str) -> None:
    with serving(always(Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'}))) as server:
        assert failure_of(server.config) == (
            "HOST/charts/sonarr: names a token service with an address that is not valid\n"
            f"    GET {PATH} (1 attempt)\n"
            f"    WWW-Authenticate: Bearer realm={realm!r}\n"
            "    hint: correct the realm of the token service in the registry's settings"
        )


@pytest.mark.parametrize(
    "text", ["²", "soon", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 02 Nov 2026 10:00:05 +99999999"]
)
def test_a_time_to_wait_that_is_odd_or_far_away_is_bounded(text: str) -> None:
    waits: list[float] = []
    with serving(always(Answer(status=429, headers={"Retry-After": text.encode().decode("latin-1")}))) as server:
        assert "rate limit exceeded (429)" in failure_of(server.config, waits)

    assert len(waits) == 2
    assert max(waits) <= 30


@pytest.mark.parametrize(
    "body", [DEEP, b'{"a":' * 100_000, b'{"layers":' + DEEP, b"9" * 10_000, b"\xff\xfe", b"null", b" " * 9_000_000]
)
def test_a_manifest_that_cannot_be_parsed_is_named(body: bytes) -> None:
    with serving(always(Answer(body=body))) as server:
        assert failure_of(server.config).startswith(
            "HOST/charts/sonarr: answers with something that is not a manifest\n"
        )


@pytest.mark.parametrize(
    "body", [DEEP, b'{"token":' + DEEP, b'["token"]', b'{"token":"a\\nb"}', b'{"token":"\\u001b[2J"}']
)
def test_a_token_that_cannot_be_used_is_named(body: bytes) -> None:
    def respond(seen: Seen) -> Answer:
        if seen.path.startswith("/token"):
            return Answer(body=body)
        return Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{seen.headers["host"]}/token"'})

    with serving(respond) as server:
        assert failure_of(server.config).startswith("HOST/charts/sonarr: the token service returned no token\n")


@pytest.mark.parametrize(
    "body", [DEEP, b"[]", b'{"tags":"abc"}', b'{"tags":{"a":1}}', b'{"tags":[1]}', b'{"names":[]}']
)
def test_a_list_that_is_none_is_named(body: bytes) -> None:
    with serving(always(Answer(body=body))) as server:
        text = refused(server, lambda registry: registry.tags("sonarr"))

        assert text.startswith("HOST/charts/sonarr: answers with something that is not a list of tags\n")


def test_a_list_that_leads_back_to_itself_ends() -> None:
    link = {"Link": '</v2/charts/sonarr/tags/list?n=1000>; rel="next"'}
    with serving(always(Answer(body=b'{"tags":["1.0.0"]}', headers=link))) as server:
        assert "lists tags without end" in refused(server, lambda registry: registry.tags("sonarr"))
        assert len(server.seen) == 1


def test_a_list_does_not_go_on_at_another_host() -> None:
    link = {"Link": '<http://other.example.org/v2/a/tags/list>; rel="next"'}
    with serving(always(Answer(body=b'{"tags":[]}', headers=link))) as server:
        text = refused(server, lambda registry: registry.tags("sonarr"))

        assert text.startswith("HOST/charts/sonarr: continues a list at another host, http://other.example.org\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
        b"HTTP/1.1 200 OK\r\nX-Header: ",
        b"HTTP/1.1 ",
    ],
    ids=["body", "chunk", "header", "status"],
)
def test_a_response_that_drips_is_given_up(raw: bytes) -> None:
    with serving(always(Answer(raw=raw, drip=True))) as server:
        text = failure_of(replace(server.config, timeout_s=0.1, attempts=1))

        assert text.startswith("HOST/charts/sonarr: sends its response too slowly\n")
        assert text.endswith("raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)")


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X-Header: a\r\n" * 200])
def test_headers_without_end_are_not_read_to_the_end(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway.registry.connection.MAX_BODY_BYTES", 10_000)
    monkeypatch.setattr("slipway.registry.connection.MAX_HEAD_BYTES", 10_000)
    with serving(always(Answer(raw=piece * 4000))) as server:
        text = failure_of(server.config)

        assert "response exceeds the limit of 10,000 bytes" in text or "it does not speak HTTP" in text
        assert len(server.seen) == 1


def test_a_body_in_chunks_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway.registry.connection.MAX_BODY_BYTES", 100_000)
    monkeypatch.setattr("slipway.registry.connection.MAX_HEAD_BYTES", 0)
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with serving(always(Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 1000))) as server:
        assert failure_of(server.config).startswith("HOST/charts/sonarr: response exceeds the limit of 100,000 bytes\n")


def test_an_interim_answer_is_not_the_answer() -> None:
    body = b'{"schemaVersion":2}'
    final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with (
        serving(always(Answer(raw=b"HTTP/1.1 102 Processing\r\n\r\n" + hints + final))) as server,
        client(server) as registry,
    ):
        found = registry.manifest("sonarr", "1.0.0")

        assert found is not None
        assert found.body == body


@pytest.mark.parametrize(
    ("answer", "first", "hint"),
    [
        (
            Answer(status=413, headers={"Content-Type": "text/html"}, body=b"<h1>413"),
            "refuses an upload of 7 bytes as too large (413)",
            "raise the limit of the registry, or of the proxy before it (nginx: client_max_body_size)",
        ),
        (
            Answer(status=405),
            "allows no upload here (405)",
            "is HOST a read-only mirror or cache? Set SLIPWAY_REGISTRY to the registry behind it",
        ),
        (
            Answer(status=301, headers={"Location": "http://other.example.org/v2/"}),
            "redirects the request to another address (301)",
            "set SLIPWAY_REGISTRY, or registry in pyproject.toml, to the registry at http://other.example.org",
        ),
        (
            Answer(status=302, headers={"Location": "http://[::1"}),
            "answers with an address that is not valid",
            "correct the external address in the registry's settings, or in those of the proxy before it",
        ),
        (
            Answer(status=507),
            "server error (507)",
            "run the command again; what was published stays",
        ),
    ],
)
def test_an_upload_that_is_refused_is_told_by_name(answer: Answer, first: str, hint: str) -> None:
    with serving(lambda seen: answer if seen.method == "PUT" else uploads("/v2/u/1")(seen)) as server:
        text = refused(server, lambda registry: registry.push_blob("sonarr", CONTENT))

        assert text.splitlines()[0] == f"HOST/charts/sonarr: {first}"
        assert text.splitlines()[-1] == f"    hint: {hint}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_a_plain_address_that_leads_to_tls_names_the_setting(status: int, port: str) -> None:
    def respond(seen: Seen) -> Answer:
        return Answer(status=status, headers={"Location": f"https://127.0.0.1{port}{seen.path}"})

    with serving(respond) as server:
        text = failure_of(server.config)

        assert text.startswith(f"HOST/charts/sonarr: redirects plain HTTP to HTTPS ({status})\n")
        assert text.endswith("hint: set SLIPWAY_REGISTRY_PLAIN_HTTP=false, or plain-http = false in pyproject.toml")
        assert len(server.seen) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_an_upload_follows_a_redirect_that_keeps_it_and_leaves_the_credentials_behind(status: int) -> None:
    with serving(always(Answer(status=201))) as storage:

        def respond(seen: Seen) -> Answer:
            if seen.headers.get("authorization") != BASIC:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
            if seen.method == "PUT":
                return Answer(status=status, headers={"Location": f"http://{storage.address}/bucket?signature=s"})
            return uploads("/v2/u/1")(seen)

        with serving(respond) as server, client(server, ENVIRON) as registry:
            assert registry.push_blob("sonarr", CONTENT)

        assert storage.seen[0].body == CONTENT
        assert "authorization" not in storage.seen[0].headers


def test_the_login_of_a_storage_never_gets_our_credentials() -> None:
    with serving(always(Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'}))) as storage:

        def respond(seen: Seen) -> Answer:
            if seen.headers.get("authorization") != BASIC:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
            return Answer(status=307, headers={"Location": f"http://{storage.address}/b"})

        with serving(respond) as server:
            text = refused(server, lambda registry: registry.blob("sonarr", sha256(CONTENT)), ENVIRON)

        assert f"the storage at http://{storage.address} denies access (401)" in text
        assert {"authorization" in seen.headers for seen in storage.seen} == {False}


def test_an_identity_token_follows_no_redirect(tmp_path) -> None:
    with serving(always(Answer(body=b'{"token":"t"}'))) as thief:

        def respond(seen: Seen) -> Answer:
            if seen.path.startswith("/token"):
                return Answer(status=307, headers={"Location": f"http://{thief.address}/token"})
            return Answer(
                status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{seen.headers["host"]}/token"'}
            )

        with serving(respond) as server:
            entry = {"auths": {server.address: {"identitytoken": "secret"}}}
            (tmp_path / "config.json").write_text(json.dumps(entry), encoding="utf-8")

            refused(server, lambda registry: registry.manifest("sonarr", "1.0.0"), {"DOCKER_CONFIG": str(tmp_path)})

        assert thief.seen == []


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"errors": [{"code": "X", "message": "\x1b]0;pwn\x07\x1b[2Jhello\nfake: line"}]}).encode(),
        json.dumps({"errors": [{"code": "\x1b[31m", "message": "\u202egnp.exe\x9b"}]}).encode(),
        b"\x1b[2Jhello",
    ],
)
def test_the_words_of_a_registry_reach_a_terminal_without_control_characters(body: bytes) -> None:
    with serving(always(Answer(status=400, body=body))) as server:
        text = failure_of(server.config)

        assert text.replace("\n", "").isprintable()
        assert len(text.splitlines()) <= 4


def test_a_long_message_is_shortened() -> None:
    body = json.dumps({"errors": [{"code": "X", "message": "a" * 100_000}]}).encode()
    with serving(always(Answer(status=400, body=body))) as server:
        assert len(failure_of(server.config)) < 1000


def test_a_digest_of_another_algorithm_is_compared_when_it_is_known() -> None:
    body = b'{"schemaVersion":2}'
    with (
        serving(always(Answer(body=body, headers={"Docker-Content-Digest": "blake3:00"}))) as server,
        client(server) as registry,
    ):
        assert registry.manifest("sonarr", "1.0.0") is not None
    with serving(always(Answer(body=body, headers={"Docker-Content-Digest": "sha512:00"}))) as server:
        assert "does not have its digest" in failure_of(server.config)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["errors", "code", "message", "layers", "mediaType", "digest", "annotations", "tags", "token"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f\x85"), max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(["Location", "WWW-Authenticate", "Link", "Retry-After", "Docker-Content-Digest", "Date"]),
    HEADER_TEXT
    | st.sampled_from(
        [
            "http://[::1",
            "/v2/",
            "Bearer realm=http://[",
            'Bearer realm="/token"',
            'Basic realm="x"',
            "</v2/>; rel=next",
            "-1",
            "1e9",
        ]
    ),
    max_size=4,
)
ANSWERS = st.builds(
    Answer,
    status=st.sampled_from(
        [200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 409, 412, 413, 416, 429, 500, 503]
    ),
    headers=HEADERS,
    body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
)
USES: tuple[Callable[[Registry], object], ...] = (
    lambda registry: registry.find(ChartName("sonarr"), "1.0.0"),
    lambda registry: registry.archive("sonarr", "1.0.0"),
    lambda registry: registry.push_blob("sonarr", CONTENT),
    lambda registry: registry.tags("sonarr"),
    lambda registry: registry.contents(),
)


def test_any_answers_end_in_a_value_or_in_an_error_of_the_registry() -> None:
    turn: list[Answer] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(answers=st.lists(ANSWERS, min_size=1, max_size=5), use=st.sampled_from(USES))
    def ends(answers: list[Answer], use: Callable[[Registry], object]) -> None:
        turn[:] = answers * 50
        registry = Registry.open(replace(server.config, attempts=2), ENVIRON, sleep=lambda _: None)
        with suppress(RegistryError):
            use(registry)
        registry.close()

    with serving(lambda _: turn.pop(0) if turn else Answer(status=404)) as server:
        ends()


@given(JSON)
def test_any_manifest_has_annotations_and_a_layer_or_none(value: object) -> None:
    manifest = Manifest(body=json.dumps(value).encode(), digest=Digest("sha256:0"))

    assert isinstance(dict(manifest.annotations), dict)
    assert manifest.chart_layer is None or isinstance(manifest.chart_layer, str)
