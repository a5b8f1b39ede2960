"""The bytes of a manifest and its config, before anything is sent; the real helm confirms them in the release tests."""

import json
from pathlib import Path

from slipway.core.model import Archive, ChartName, Digest
from slipway.registry.helm_json import authors_of, config_of, manifest_annotations, manifest_bytes
from slipway.registry.manifest import sha256
from slipway.registry.publish import manifest_of
from slipway.util.go_json import encode

METADATA = {"apiVersion": "v2", "name": "sonarr", "version": "1.0.0", "type": "application"}


def test_the_config_has_helms_field_order_and_no_empty_field() -> None:
    metadata = {
        **METADATA,
        "description": "",
        "deprecated": False,
        "annotations": {"b": "2", "a": "1"},
        "dependencies": [{"version": "1.0.0", "name": "common"}],
        "maintainers": [{"email": "a@example.org", "name": "A", "url": ""}],
        "home": "https://example.org/?a&b",
        "unknown": "left out",
    }

    assert config_of(metadata) == (
        b'{"name":"sonarr","home":"https://example.org/?a\\u0026b","version":"1.0.0",'
        b'"maintainers":[{"name":"A","email":"a@example.org"}],"apiVersion":"v2",'
        b'"annotations":{"a":"1","b":"2"},"dependencies":[{"name":"common","version":"1.0.0","repository":""}],'
        b'"type":"application"}'
    )


def test_text_is_escaped_as_go_does() -> None:
    assert encode("<a> & \u2028\u2029 é \t") == b'"\\u003ca\\u003e \\u0026 \\u2028\\u2029 \xc3\xa9 \\t"'


def test_annotations_of_the_chart_win_except_over_its_name_and_version() -> None:
    metadata = {
        **METADATA,
        "description": " ",
        "sources": ["https://example.org/one", "https://example.org/two"],
        "annotations": {
            "org.opencontainers.image.title": "no",
            "org.opencontainers.image.version": "no",
            "org.opencontainers.image.source": "yes",
            "empty": "",
        },
    }

    assert manifest_annotations(metadata) == {
        "empty": "",
        "org.opencontainers.image.created": "1980-01-01T00:00:00Z",
        "org.opencontainers.image.source": "yes",
        "org.opencontainers.image.title": "sonarr",
        "org.opencontainers.image.version": "1.0.0",
    }


def test_authors_are_listed_as_helm_does() -> None:
    assert authors_of({"maintainers": [{"name": "A", "email": "a@b"}, {"name": "B"}, {"email": "c@d"}]}) == (
        "A (a@b), B,  (c@d)"
    )
    assert authors_of({}) == ""


def test_the_manifest_names_config_and_archive() -> None:
    manifest = json.loads(manifest_bytes(METADATA, b"config", b"layer"))

    assert list(manifest) == ["schemaVersion", "config", "layers", "annotations"]
    assert manifest["config"]["digest"] == sha256(b"config")
    assert manifest["layers"] == [
        {
            "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            "digest": sha256(b"layer"),
            "size": 5,
        }
    ]


def test_the_digest_is_known_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "sonarr-1.0.0.tgz"
    path.write_bytes(b"layer")
    archive = Archive(
        name=ChartName("sonarr"),
        version="1.0.0",
        path=path,
        content=sha256(b"layer"),
        input_digest=Digest("sha256:1"),
        metadata=METADATA,
    )

    body, digest = manifest_of(archive)

    assert body == manifest_bytes(METADATA, config_of(METADATA), b"layer")
    assert digest == sha256(body)
