"""Logins: Basic, Bearer tokens, which header goes where, and that no text ever holds a secret."""

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from slipway.core.errors import RegistryError
from slipway.core.model import ChartName
from slipway.registry.auth import Challenge, challenge_of
from slipway.registry.client import Registry
from slipway.registry.credentials import Credentials
from slipway.registry.http import Call, Reply
from testing.faulty import Answer, Seen, Server, serving

SECRET = "correct-horse-battery"
ENVIRON = {"SLIPWAY_REGISTRY_USERNAME": "me", "SLIPWAY_REGISTRY_PASSWORD": SECRET}
BASIC = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
UNKNOWN = Answer(status=404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')


def basic_registry(seen: Seen) -> Answer:
    """Lets only `me` in."""
    if seen.headers.get("authorization") == BASIC:
        return UNKNOWN
    return Answer(
        status=401, headers={"WWW-Authenticate": 'Basic realm="charts"'}, body=b'{"errors":[{"code":"UNAUTHORIZED"}]}'
    )


def token_registry(seen: Seen) -> Answer:
    """A registry and its token service on one port; tokens name their scope and run out at `expired`."""
    if seen.path.startswith("/token"):
        if seen.headers.get("authorization") not in {None, BASIC}:
            return Answer(status=401, body=b'{"errors":[{"code":"UNAUTHORIZED"}]}')
        scope = parse_qs(urlsplit(seen.path).query).get("scope", ["none"])[0]
        return Answer(body=json.dumps({"token": f"token-for-{scope}"}).encode())
    repository = seen.path.removeprefix("/v2/").partition("/manifests")[0]
    if seen.headers.get("authorization") == f"Bearer token-for-repository:{repository}:pull":
        return UNKNOWN
    realm = f"http://{seen.headers['host']}/token"
    challenge = f'Bearer realm="{realm}",service="registry.example.org",scope="repository:{repository}:pull"'
    return Answer(status=401, headers={"WWW-Authenticate": challenge})


def failure(server: Server, environ: dict[str, str]) -> str:
    registry = Registry.open(server.config, environ, sleep=lambda _: None)
    with pytest.raises(RegistryError) as caught:
        registry.find(ChartName("sonarr"), "1.0.0")
    registry.close()
    return str(caught.value).replace(server.config.host, "HOST")


def test_credentials_are_sent_only_after_the_registry_asks_and_then_at_once() -> None:
    with serving(basic_registry) as server:
        registry = Registry.open(server.config, ENVIRON)

        registry.find(ChartName("sonarr"), "1.0.0")
        registry.find(ChartName("radarr"), "1.0.0")

        registry.close()
        assert [seen.headers.get("authorization") for seen in server.seen] == [None, BASIC, BASIC]


def test_a_wrong_password_is_refused_after_one_answer() -> None:
    with serving(basic_registry) as server:
        text = failure(server, {**ENVIRON, "SLIPWAY_REGISTRY_PASSWORD": "wrong-secret"})

        assert text == (
            "HOST/charts/sonarr: credentials from SLIPWAY_REGISTRY_USERNAME were rejected (401)\n"
            "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
            "    UNAUTHORIZED\n"
            "    hint: `docker login HOST`, `helm registry login HOST`, or set SLIPWAY_REGISTRY_USERNAME and "
            "SLIPWAY_REGISTRY_PASSWORD; they may be wrong or expired"
        )
        assert len(server.seen) == 2


def test_403_with_credentials_names_where_they_came_from() -> None:
    def respond(seen: Seen) -> Answer:
        return Answer(status=403) if "authorization" in seen.headers else basic_registry(seen)

    with serving(respond) as server:
        assert failure(server, ENVIRON) == (
            "HOST/charts/sonarr: access denied for the credentials from SLIPWAY_REGISTRY_USERNAME (403)\n"
            "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
            "    hint: grant them read and write access to this repository, or use other credentials"
        )


def test_a_token_is_fetched_once_for_each_scope() -> None:
    with serving(token_registry) as server:
        registry = Registry.open(server.config, ENVIRON)

        for _ in range(2):
            registry.find(ChartName("sonarr"), "1.0.0")
        registry.find(ChartName("radarr"), "1.0.0")

        registry.close()
        tokens = [seen for seen in server.seen if seen.path.startswith("/token")]
        assert [parse_qs(urlsplit(seen.path).query) for seen in tokens] == [
            {"service": ["registry.example.org"], "scope": ["repository:charts/sonarr:pull"]},
            {"service": ["registry.example.org"], "scope": ["repository:charts/radarr:pull"]},
        ]
        assert {seen.headers["authorization"] for seen in tokens} == {BASIC}
        assert len(server.seen) == 6
        assert BASIC not in {seen.headers.get("authorization") for seen in server.seen if seen not in tokens}


def test_an_anonymous_token_is_enough_for_a_public_registry() -> None:
    with serving(token_registry) as server:
        registry = Registry.open(server.config, {})

        assert registry.find(ChartName("sonarr"), "1.0.0") is None
        registry.close()


def test_an_expired_token_is_fetched_again() -> None:
    valid = {"Bearer t1"}
    numbers = iter((1, 2))

    def respond(seen: Seen) -> Answer:
        if seen.path.startswith("/token"):
            return Answer(body=json.dumps({"access_token": f"t{next(numbers)}"}).encode())
        if seen.headers.get("authorization") in valid:
            return UNKNOWN
        realm = f"http://{seen.headers['host']}/token"
        return Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})

    with serving(respond) as server:
        registry = Registry.open(server.config, {})
        registry.find(ChartName("sonarr"), "1.0.0")
        valid.clear()
        valid.add("Bearer t2")

        assert registry.find(ChartName("sonarr"), "1.0.0") is None
        registry.close()


def test_a_token_service_that_refuses_names_the_credentials() -> None:
    def respond(seen: Seen) -> Answer:
        if seen.path.startswith("/token"):
            return Answer(status=403, body=b'{"errors":[{"code":"DENIED","message":"requested access is denied"}]}')
        return token_registry(seen)

    with serving(respond) as server:
        assert failure(server, ENVIRON) == (
            "HOST/charts/sonarr: access denied for the credentials from SLIPWAY_REGISTRY_USERNAME (403)\n"
            "    GET /token (1 attempt)\n"
            "    DENIED: requested access is denied\n"
            "    hint: grant them read and write access to this repository, or use other credentials"
        )


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"token": 3}', b'{"token": "two\\nlines"}'])
def test_a_token_service_that_answers_garbage_is_named(body: bytes) -> None:
    with serving(lambda seen: Answer(body=body) if seen.path.startswith("/token") else token_registry(seen)) as server:
        assert failure(server, {}) == (
            "HOST/charts/sonarr: the token service returned no token\n"
            "    GET /token (1 attempt)\n"
            "    hint: check http://HOST/token"
        )


def test_a_registry_behind_tls_cannot_have_the_password_sent_in_the_clear() -> None:
    registry = Registry.open(replace(a_config(), plain_http=False), ENVIRON)
    session = registry.session
    session._challenge = Challenge(bearer=True, realm="http://auth.example.org/token")
    call = Call(method="GET", url="https://registry.example.org/v2/", where="registry.example.org")

    with pytest.raises(RegistryError) as caught:
        session.send(call)

    assert str(caught.value) == (
        "registry.example.org: the token service uses plain HTTP, so no password is sent to it\n"
        "    realm http://auth.example.org/token\n"
        "    hint: set the realm of the registry's token service to https://"
    )


def test_an_identity_token_is_exchanged_by_the_oauth2_form(tmp_path) -> None:
    def respond(seen: Seen) -> Answer:
        if seen.path.startswith("/token"):
            form = parse_qs(seen.body.decode())
            assert form["grant_type"] == ["refresh_token"]
            assert form["refresh_token"] == [SECRET]
            return Answer(body=json.dumps({"access_token": f"token-for-{form['scope'][0]}"}).encode())
        return token_registry(seen)

    with serving(respond) as server:
        entry = {"auths": {server.config.host: {"identitytoken": SECRET}}}
        (tmp_path / "config.json").write_text(json.dumps(entry), encoding="utf-8")
        registry = Registry.open(server.config, {"DOCKER_CONFIG": str(tmp_path)})

        assert registry.find(ChartName("sonarr"), "1.0.0") is None
        assert [seen.method for seen in server.seen if seen.path.startswith("/token")] == ["POST"]
        registry.close()


def test_another_host_never_sees_our_credentials() -> None:
    with serving(lambda _: Answer(status=201)) as storage:

        def respond(seen: Seen) -> Answer:
            if seen.headers.get("authorization") != BASIC:
                return basic_registry(seen)
            if seen.method == "POST":
                return Answer(status=202, headers={"Location": f"http://127.0.0.1:{storage.port}/upload"})
            return Answer(status=404)

        with serving(respond) as server:
            registry = Registry.open(server.config, ENVIRON)

            assert registry.push_blob("sonarr", b"content")

            registry.close()
            assert storage.seen[0].method == "PUT"
            assert "authorization" not in storage.seen[0].headers


def test_no_text_shows_a_secret() -> None:
    credentials = Credentials(username="me", password=SECRET, source="here")
    call = Call(method="GET", url="https://h/v2/?token=" + SECRET, where="h", headers={"Authorization": BASIC})
    with serving(basic_registry) as server:
        registry = Registry.open(server.config, ENVIRON)
        registry.find(ChartName("sonarr"), "1.0.0")
        texts = [repr(credentials), str(credentials), repr(registry), repr(registry.session), call.label(1)]
        texts.append(failure(server, {**ENVIRON, "SLIPWAY_REGISTRY_USERNAME": "you"}))
        registry.close()

    assert not [text for text in texts if SECRET in text or BASIC.removeprefix("Basic ") in text]
    assert BASIC not in repr(replace(call, url="https://h/"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', Challenge(bearer=False)),
        ('bearer realm="https://a/t",service="s"', Challenge(bearer=True, realm="https://a/t", service="s")),
        ('Basic realm="x", Bearer realm="https://a/t"', Challenge(bearer=True, realm="https://a/t", basic=True)),
        ('Bearer realm="https://a/t", Basic realm="x"', Challenge(bearer=True, realm="https://a/t", basic=True)),
        ("Bearer realm=https://a/t,service=s", Challenge(bearer=True, realm="https://a/t", service="s")),
        ('Bearer service="s", Basic realm="x"', Challenge(bearer=False)),
        ("Negotiate", None),
        ("Bearer", None),
        ("", None),
    ],
)
def test_the_challenge_that_can_be_answered_is_found(header: str, expected: Challenge | None) -> None:
    assert challenge_of(Reply(status=401, headers={"www-authenticate": header}, body=b"")) == expected


def a_config():
    from slipway.config import RegistryConfig

    return RegistryConfig(host="registry.example.org", prefix="charts")
