"""The client against the registries that there are, and against the odd answers of registries and proxies."""

import pytest

from slipway.config import RegistryConfig
from slipway.core.errors import AlreadyPublished, ExitCode, RegistryError
from slipway.docs.source.registries import REGISTRIES, KnownRegistry
from slipway.registry.client import Registry
from slipway.registry.manifest import sha256
from testing.registries import BEARER, ODD, behaviour_of
from testing.registry_stub import BASIC, ENVIRON, Behaviour, Guard, Stub, stub_registry

CONTENT = b"an archive"


def manifest(text: str) -> bytes:
    return f'{{"schemaVersion":2,"annotations":{{"text":"{text}"}}}}'.encode()


def opened(stub: Stub, environ: dict[str, str] | None = None, host: str = "") -> Registry:
    config = RegistryConfig(
        host=host or f"localhost:{stub.server.port}", prefix="charts", plain_http=True, timeout_s=5.0, attempts=2
    )
    return Registry.open(config, ENVIRON if environ is None else environ, sleep=lambda _: None)


def publish(registry: Registry, version: str, text: str = "one") -> None:
    body = manifest(text)
    registry.push_blob("sonarr", CONTENT)
    registry.put_manifest("sonarr", sha256(body), body)
    registry.put_manifest("sonarr", version, body)


def everything_works(stub: Stub, registry: Registry) -> None:
    stub.repositories.add("charts/radarr")

    assert registry.manifest("sonarr", "1.0.0") is None
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        publish(registry, version)

    found = registry.manifest("sonarr", "1.1.0")
    assert found is not None
    assert found.body == manifest("one")
    assert registry.blob("sonarr", sha256(CONTENT)) == CONTENT
    assert registry.tags("sonarr") == ("1.0.0", "1.1.0", "1.2.0")
    assert {seen.headers.get("authorization") for seen in stub.storage.seen} <= {None}


@pytest.mark.parametrize("known", REGISTRIES, ids=lambda known: known.name)
def test_a_chart_is_published_read_back_and_listed_at_every_registry_of_the_table(known: KnownRegistry) -> None:
    with stub_registry(behaviour_of(known)) as stub:
        if known.created_first:
            with pytest.raises(RegistryError, match="project created first"):
                publish(opened(stub), "1.0.0")
            stub.repositories.add("charts/sonarr")

        everything_works(stub, opened(stub))


@pytest.mark.parametrize("known", REGISTRIES, ids=lambda known: known.name)
def test_a_tag_that_a_registry_guards_is_told_with_its_words_and_the_command_for_a_new_version(
    known: KnownRegistry,
) -> None:
    behaviour = behaviour_of(known)
    if behaviour.guard is None:
        assert "cannot guard" in known.immutable
        return
    with stub_registry(behaviour) as stub:
        stub.repositories.add("charts/sonarr")
        registry = opened(stub)
        publish(registry, "1.0.0")

        with pytest.raises(AlreadyPublished) as caught:
            publish(registry, "1.0.0", "two")

        text = str(caught.value)
        words = behaviour.guard.message.format(tag="1.0.0", repository="charts/sonarr")
        assert caught.value.exit_code == ExitCode.ALREADY_PUBLISHED
        assert text.splitlines()[0].endswith(
            f"/charts/sonarr:1.0.0: the registry guards version 1.0.0 of sonarr against change ({behaviour.guard.status})"
        )
        assert f"    {behaviour.guard.code}: {words}" in text
        assert text.endswith("    hint: ./inv version --only sonarr")


@pytest.mark.parametrize("status", [400, 403, 405, 409, 412])
def test_the_same_content_under_a_guarded_tag_is_published_already(status: int) -> None:
    with stub_registry(Behaviour(guard=Guard(status=status, code="X", message="no"))) as stub:
        registry = opened(stub)

        publish(registry, "1.0.0")
        publish(registry, "1.0.0")

        assert stub.tags == {("charts/sonarr", "1.0.0"): sha256(manifest("one"))}


@pytest.mark.parametrize(
    ("status", "code", "message", "first"),
    [
        (400, "MANIFEST_INVALID", "manifest invalid", "unexpected response (400)"),
        (403, "DENIED", "requested access to the resource is denied", "access denied without credentials (403)"),
        (413, "SIZE_INVALID", "too large", "refuses an upload of"),
    ],
)
def test_a_free_tag_that_is_refused_for_another_reason_is_no_conflict(
    status: int, code: str, message: str, first: str
) -> None:
    with stub_registry(Behaviour(guard=Guard(status=status, code=code, message=message))) as stub:
        registry = opened(stub)
        stub.tags["charts/sonarr", "1.0.0"] = "sha256:not-there"

        with pytest.raises(RegistryError, match="charts/sonarr") as caught:
            publish(registry, "1.0.0")

        assert first in str(caught.value).splitlines()[0]


@pytest.mark.parametrize("odd", ODD)
def test_a_chart_is_published_read_back_and_listed_at_an_odd_registry(odd: str) -> None:
    with stub_registry(ODD[odd]) as stub:
        everything_works(stub, opened(stub))


@pytest.mark.parametrize(
    "location", ["{origin}{path}", "http://registry.example.org:80{path}", "http://registry.EXAMPLE.org{path}"]
)
@pytest.mark.parametrize("host", ["registry.example.org", "registry.example.org:80"])
def test_an_address_with_the_default_port_is_the_one_without_it(host: str, location: str) -> None:
    behaviour = Behaviour(
        challenges=('Basic realm="r"',), location=location.replace("{origin}", "http://registry.example.org")
    )
    with stub_registry(behaviour) as stub:
        environ = {**ENVIRON, "HTTP_PROXY": f"http://{stub.server.address}"}

        everything_works(stub, opened(stub, environ, host))

        assert {seen.path.partition("/v2/")[0] for seen in stub.server.seen} == {"http://registry.example.org"}


def test_docker_hub_is_asked_at_the_host_of_its_registry_with_the_login_of_its_short_name(tmp_path) -> None:
    with stub_registry(Behaviour(challenges=(BEARER,))) as stub:
        (tmp_path / "config.json").write_text(
            f'{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{BASIC.removeprefix("Basic ")}"}}}}}}',
            encoding="utf-8",
        )
        environ = {"DOCKER_CONFIG": str(tmp_path), "HTTP_PROXY": stub.server.address}

        everything_works(stub, opened(stub, environ, "docker.io"))

        assert {seen.path.partition("/v2/")[0].partition("/token")[0] for seen in stub.server.seen} == {
            "http://registry-1.docker.io"
        }


def test_an_upload_without_a_location_is_named() -> None:
    with stub_registry(Behaviour(location=" ")) as stub, pytest.raises(RegistryError) as caught:
        publish(opened(stub), "1.0.0")

    assert "opens an upload, but does not say where (no Location)" in str(caught.value)
