"""Our manifests are Helm's: same bytes, same digest, and helm can use what we publish."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.core.model import Archive
from slipway.registry.client import Registry
from slipway.registry.publish import manifest_of, publish
from slipway.tools.run import Command, Completed, run_process

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Make = Callable[..., Archive]

CHARTS: dict[str, dict[str, object]] = {
    "plain": {},
    "every field": {
        "description": "Series & films: <watch> > wait,\nin “two” lines\u2028and a separator",
        "home": "https://example.org/?a=1&b=2",
        "icon": "https://example.org/icon.svg",
        "sources": ["https://example.org/source", "https://example.org/other"],
        "keywords": ["tv", 'a "quoted" \\ word', "ünïcödé", "emoji 🏠"],
        "maintainers": [
            {"name": "Ann", "email": "ann@example.org", "url": "https://example.org/ann"},
            {"name": "Bob"},
            {"email": "c@example.org", "name": "C"},
        ],
        "appVersion": "1.10",
        "kubeVersion": ">=1.30.0-0 <2.0.0",
        "type": "application",
        "deprecated": True,
        "condition": "x.enabled",
        "tags": "a,b",
        "annotations": {
            "artifacthub.io/changes": "- kind: added\n  description: <b>bold</b> & more\n\ttab\n",
            "empty": "",
            "lines": "one\u2028two\u2029three",
            "Zed": "upper sorts first",
            "ä": "sorts last",
            "org.opencontainers.image.title": "must not win",
            "org.opencontainers.image.version": "9.9.9",
            "org.opencontainers.image.authors": "the annotation wins",
        },
    },
    "empty fields": {
        "description": "",
        "home": "",
        "sources": [],
        "keywords": [],
        "maintainers": [],
        "deprecated": False,
        "type": "library",
        "appVersion": "",
    },
    "text that looks like something else": {
        "description": "yes",
        "appVersion": "2026-11-23",
        "keywords": ["1.0", "null", "0x10", "12:30", "true"],
        "annotations": {"number": "1e3", "off": "off"},
    },
    "dependencies": {
        "dependencies": [
            {
                "name": "common",
                "version": "1.0.0",
                "repository": "oci://registry.example.org/charts",
                "condition": "common.enabled",
                "tags": ["back", "front"],
                "alias": "base",
                "import-values": ["data", {"parent": "b", "child": "a"}],
            },
            {"name": "plain", "version": "2.0.0", "repository": ""},
        ]
    },
}


def push(helm: Path, archive: Archive, host: str, prefix: str) -> Completed:
    return run_process(
        Command(
            argv=(str(helm), "push", str(archive.path), f"oci://{host}/{prefix}", "--plain-http"), env={"TZ": "UTC"}
        )
    )


@pytest.mark.parametrize("metadata", CHARTS.values(), ids=CHARTS.keys())
def test_the_manifest_is_the_one_that_helm_push_makes(
    registry: Registry, helm_binary: Path, make: Make, metadata: dict[str, object]
) -> None:
    archive = make(**metadata)
    ours, digest = manifest_of(archive)

    push(helm_binary, archive, registry.config.host, "helm")
    theirs = registry.session.send(
        registry._call(
            "GET", "../helm/sonarr", "manifests/1.0.0", {"Accept": "application/vnd.oci.image.manifest.v1+json"}
        )
    )

    assert theirs.body == ours
    assert theirs.headers["docker-content-digest"] == digest


def test_helm_pulls_what_we_publish_by_version_and_by_digest(
    registry: Registry, helm_binary: Path, make: Make, tmp_path: Path
) -> None:
    archive = make()
    published = publish(registry, archive)
    base = f"oci://{registry.config.host}/charts/sonarr"

    references = (f"{base}:1.0.0", f"{base}@{published.manifest}", f"{base}:1.0.0@{published.manifest}")
    for number, reference in enumerate(references):
        target = tmp_path / f"pulled-{number}"
        target.mkdir()
        run_process(Command(argv=(str(helm_binary), "pull", reference, "--plain-http", "--destination", str(target))))

        assert [path.read_bytes() for path in target.iterdir()] == [archive.path.read_bytes()]


def test_helm_renders_what_we_publish(registry: Registry, helm_binary: Path, make: Make) -> None:
    published = publish(registry, make(content="hello"))
    reference = f"oci://{registry.config.host}/charts/sonarr@{published.manifest}"

    done = run_process(Command(argv=(str(helm_binary), "template", "tv", reference, "--plain-http")))

    assert 'text: "hello"' in done.stdout


def test_pushing_our_archive_by_helm_is_found_as_published(registry: Registry, helm_binary: Path, make: Make) -> None:
    archive = make()
    push(helm_binary, archive, registry.config.host, "charts")
    effects: list[str] = []

    published = publish(registry, archive, effects.append)

    assert published.manifest == manifest_of(archive)[1]
    assert effects == []


def test_the_manifest_depends_on_nothing_but_the_archive(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make()
    expected = manifest_of(archive)

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    os.utime(archive.path, (0, 0))

    assert manifest_of(archive) == expected
