"""What the client asks a registry for, and what it makes of good answers."""

import json
from dataclasses import replace

import pytest

from slipway.config import RegistryConfig
from slipway.core.errors import RegistryError
from slipway.core.model import INPUT_DIGEST, PREFIX, ChartName, Digest
from slipway.registry.client import Registry
from slipway.registry.http import Call, Transport
from slipway.registry.manifest import CHART_TYPE, MANIFEST_TYPE, Manifest, sha256, tag_of
from testing.faulty import Answer, Seen, serving

UNKNOWN = Answer(status=404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')


def test_charts_that_are_not_published_are_none_and_the_others_have_both_digests() -> None:
    body = json.dumps({"annotations": {INPUT_DIGEST: "sha256:1234"}}).encode()
    with serving(lambda seen: Answer(body=body) if "sonarr" in seen.path else UNKNOWN) as server:
        registry = Registry.open(server.config, {})

        found = registry.published({ChartName("radarr"): "1.0.0", ChartName("sonarr"): "2.0.0"})

        registry.close()
        sonarr = found[ChartName("sonarr")]
        assert list(found) == ["radarr", "sonarr"]
        assert found[ChartName("radarr")] is None
        assert sonarr is not None
        assert (sonarr.version, sonarr.manifest, sonarr.input_digest) == ("2.0.0", sha256(body), "sha256:1234")
        assert {seen.headers["accept"] for seen in server.seen} == {MANIFEST_TYPE}


def test_a_chart_that_somebody_else_published_has_no_input_digest() -> None:
    with serving(lambda _: Answer(body=b'{"schemaVersion":2}')) as server:
        registry = Registry.open(server.config, {})

        found = registry.find(ChartName("sonarr"), "1.0.0")

        registry.close()
        assert found is not None
        assert found.input_digest is None


def test_many_look_ups_share_few_connections() -> None:
    ports = set()

    def respond(seen: Seen) -> Answer:
        return UNKNOWN

    with serving(respond) as server:
        registry = Registry.open(server.config, {})
        registry.published({ChartName(f"c{number}"): "1.0.0" for number in range(100)})
        ports = {connection.sock for idle in registry.session.transport._idle.values() for connection in idle}
        registry.close()

        assert len(server.seen) == 100
        assert len(ports) <= 8


def test_tags_are_read_page_by_page() -> None:
    def respond(seen: Seen) -> Answer:
        if "last=1.1.0" in seen.path:
            return Answer(body=b'{"name":"charts/sonarr","tags":["1.2.0"]}')
        link = '</v2/charts/sonarr/tags/list?last=1.1.0&n=1000>; rel="next"'
        return Answer(body=b'{"name":"charts/sonarr","tags":["1.0.0","1.1.0"]}', headers={"Link": link})

    with serving(respond) as server:
        registry = Registry.open(server.config, {})

        assert registry.tags("sonarr") == ("1.0.0", "1.1.0", "1.2.0")
        assert server.requests[0] == "GET /v2/charts/sonarr/tags/list?n=1000"
        registry.close()


def test_a_chart_that_was_never_published_has_no_tags() -> None:
    with serving(lambda _: Answer(status=404, body=b'{"errors":[{"code":"NAME_UNKNOWN"}]}')) as server:
        registry = Registry.open(server.config, {})

        assert registry.tags("sonarr") == ()
        registry.close()


def test_a_registry_without_a_catalog_gives_none() -> None:
    with serving(lambda seen: Answer(status=401) if "_catalog" in seen.path else Answer(body=b"{}")) as server:
        registry = Registry.open(server.config, {})

        assert registry.catalog() is None
        assert registry.contents() is None
        registry.close()


@pytest.mark.parametrize("form", ["/v2/u/1?_state=a", "{origin}/v2/u/1?_state=a", "{origin}/v2/u/1"])
def test_the_location_of_an_upload_may_be_relative_or_absolute(form: str) -> None:
    def respond(seen: Seen) -> Answer:
        if seen.method == "HEAD":
            return Answer(status=404)
        if seen.method == "POST":
            origin = f"http://{seen.headers['host']}"
            return Answer(status=202, headers={"Location": form.replace("{origin}", origin)})
        return Answer(status=201)

    with serving(respond) as server:
        registry = Registry.open(server.config, {})

        assert registry.push_blob("sonarr", b"content")

        registry.close()
        put = server.seen[-1]
        joint = "&" if "?" in form else "?"
        assert put.path.endswith(f"{joint}digest={sha256(b'content').replace(':', '%3A')}")
        assert put.body == b"content"


def test_a_blob_that_is_there_is_not_sent() -> None:
    with serving(lambda _: Answer()) as server:
        registry = Registry.open(server.config, {})

        assert not registry.push_blob("sonarr", b"content")
        assert server.requests == [f"HEAD /v2/charts/sonarr/blobs/{sha256(b'content')}"]
        registry.close()


def test_an_upload_whose_answer_was_lost_is_found_on_the_second_look() -> None:
    heads = iter([404, 200])

    def respond(seen: Seen) -> Answer:
        match seen.method:
            case "HEAD":
                return Answer(status=next(heads))
            case "POST":
                return Answer(status=202, headers={"Location": "/v2/u/1"})
            case _:
                return Answer(status=404, body=b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')

    with serving(respond) as server:
        registry = Registry.open(server.config, {})

        assert not registry.push_blob("sonarr", b"content")
        assert [seen.method for seen in server.seen] == ["HEAD", "POST", "PUT", "HEAD"]
        registry.close()


def test_a_read_follows_a_redirect_to_storage_without_our_credentials() -> None:
    content = b"archive"
    with serving(lambda _: Answer(body=content)) as storage:

        def respond(seen: Seen) -> Answer:
            if "authorization" not in seen.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
            return Answer(status=307, headers={"Location": f"http://127.0.0.1:{storage.port}/bucket?signature=s"})

        with serving(respond) as server:
            environ = {"SLIPWAY_REGISTRY_USERNAME": "me", "SLIPWAY_REGISTRY_PASSWORD": "secret"}
            registry = Registry.open(server.config, environ)

            assert registry.blob("sonarr", sha256(content)) == content

            registry.close()
            assert "authorization" not in storage.seen[0].headers


def test_redirects_in_circles_end() -> None:
    with serving(lambda seen: Answer(status=307, headers={"Location": seen.path})) as server:
        registry = Registry.open(server.config, {})

        with pytest.raises(RegistryError, match="redirect loop"):
            registry.ping()

        registry.close()
        assert len(server.seen) == 6


def test_encryption_is_never_left() -> None:
    config = RegistryConfig(host="registry.example.org", prefix="charts")
    transport = Transport(config, sleep=lambda _: None)
    call = Call(
        method="POST",
        url="https://registry.example.org/v2/charts/a/blobs/uploads/",
        where="registry.example.org/charts/a",
    )

    with pytest.raises(RegistryError) as caught:
        transport.locate(call, "http://registry.example.org/v2/charts/a/blobs/uploads/1?_state=secret")

    assert transport.locate(call, "/v2/u/1") == "https://registry.example.org/v2/u/1"
    assert str(caught.value) == (
        "registry.example.org/charts/a: redirect from HTTPS to plain HTTP refused\n"
        "    POST /v2/charts/a/blobs/uploads/ (1 attempt)\n"
        "    Location: http://registry.example.org\n"
        "    hint: let the proxy before the registry set X-Forwarded-Proto, or set relativeurls in the registry"
    )


def test_the_archive_of_a_chart_is_its_chart_layer() -> None:
    content = b"archive"
    manifest = json.dumps(
        {
            "layers": [
                {"mediaType": "text/plain", "digest": "sha256:0"},
                {"mediaType": CHART_TYPE, "digest": sha256(content)},
            ]
        }
    ).encode()

    def respond(seen: Seen) -> Answer:
        if seen.path.endswith("/manifests/1.0.0"):
            return Answer(body=manifest)
        return Answer(body=content) if "/blobs/" in seen.path else UNKNOWN

    with serving(respond) as server:
        registry = Registry.open(server.config, {})

        assert registry.archive("sonarr", "1.0.0") == content
        assert registry.archive("sonarr", "9.9.9") is None
        registry.close()


def test_a_blob_that_does_not_have_its_digest_is_refused() -> None:
    with serving(lambda _: Answer(body=b"other")) as server:
        registry = Registry.open(server.config, {})

        with pytest.raises(RegistryError, match="sent content that does not have its digest"):
            registry.blob("sonarr", sha256(b"content"))
        registry.close()


def test_a_manifest_without_layers_or_annotations_is_empty_not_an_error() -> None:
    manifest = Manifest(body=b'{"layers": 3, "annotations": []}', digest=Digest("sha256:0"))

    assert manifest.chart_layer is None
    assert manifest.annotations == {}
    assert manifest.input_digest(PREFIX) is None


def test_a_tag_has_no_plus() -> None:
    assert tag_of("1.0.0+k3s") == "1.0.0_k3s"


def test_without_a_prefix_a_chart_is_directly_below_the_host() -> None:
    with serving(lambda _: UNKNOWN) as server:
        registry = Registry.open(replace(server.config, prefix=""), {})
        registry.find(ChartName("sonarr"), "1.0.0")

        assert server.requests == ["GET /v2/sonarr/manifests/1.0.0"]
        registry.close()
