"""The embedded registry takes back nothing: a tag is set once, and nothing is deleted, whoever asks and however."""

import http.client
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.core.errors import AlreadyPublished
from slipway.core.model import Archive, ChartName
from slipway.registry.client import Registry
from slipway.registry.embedded import Daemon
from slipway.registry.manifest import MANIFEST_TYPE
from slipway.registry.publish import publish, send, upload_of
from slipway.tools.process import free_port, listening, wait_until
from slipway.tools.run import Command, run_process

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Make = Callable[..., Archive]


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, object]]:
    """A request as anybody may send it: status, and the first error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, body=body or None, headers=headers)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, (json.loads(text)["errors"][0] if reply.status >= 400 and text else {})


def put(daemon: Daemon, tag: str, body: bytes, kind: str = MANIFEST_TYPE) -> tuple[int, dict[str, object]]:
    return ask(daemon.port, "PUT", f"/v2/charts/sonarr/manifests/{tag}", body, **{"Content-Type": kind})


def test_a_tag_is_not_moved_by_a_plain_request(registry: Registry, daemon: Daemon, make: Make) -> None:
    first = publish(registry, make(content="one"))
    other = send(registry, upload_of(make(content="two")), lambda _: None)

    status, error = put(daemon, "1.0.0", other.manifest)

    assert (status, error["code"]) == (409, "DENIED")
    assert error["message"] == "tag 1.0.0 of charts/sonarr is published with another manifest, and a tag never moves"
    assert error["detail"] == {"published": first.manifest, "sent": other.digest}
    assert registry.find(ChartName("sonarr"), "1.0.0") == first


def test_a_tag_is_not_moved_by_helm_push(
    registry: Registry, daemon: Daemon, make: Make, helm_binary: Path, tmp_path: Path
) -> None:
    first = publish(registry, make(content="one"))
    other = make(content="two")

    argv = (str(helm_binary), "push", str(other.path), f"oci://{daemon.config.host}/charts", "--plain-http")
    done = run_process(Command(argv=argv, ok_codes=None))

    assert done.code
    assert "a tag never moves" in done.stderr
    assert registry.find(ChartName("sonarr"), "1.0.0") == first


def test_the_same_manifest_may_be_tagged_again_and_under_another_tag(
    registry: Registry, daemon: Daemon, make: Make
) -> None:
    archive = make()
    publish(registry, archive)
    manifest = upload_of(archive).manifest

    assert put(daemon, "1.0.0", manifest)[0] == 201
    assert put(daemon, "latest", manifest)[0] == 201
    assert sorted(registry.tags("sonarr")) == ["1.0.0", "latest"]


def test_a_tag_is_not_moved_to_another_kind_of_manifest(registry: Registry, daemon: Daemon, make: Make) -> None:
    archive = make()
    first = publish(registry, archive)
    kind = "application/vnd.oci.image.index.v1+json"
    size = len(upload_of(archive).manifest)
    entry = {"mediaType": MANIFEST_TYPE, "digest": first.manifest, "size": size}
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [entry]}).encode()

    assert put(daemon, "1.0.0", index, kind)[0] == 409
    assert put(daemon, "all", index, kind)[0] == 201
    assert put(daemon, "all", upload_of(archive).manifest)[0] == 409
    assert registry.find(ChartName("sonarr"), "1.0.0") == first


@pytest.fixture
def deleting(daemon: Daemon, registry_binary: Path, tmp_path: Path) -> Iterator[int]:
    """The port of a registry over the same data, with a configuration that allows deletions."""
    port = free_port()
    text = daemon.config_file.read_text(encoding="utf-8")
    allowed = text.replace('{"enabled": false}', '{"enabled": true}').replace(f":{daemon.port}", f":{port}")
    assert '"delete": {"enabled": true}' in allowed
    (tmp_path / "deleting.yml").write_text(allowed, encoding="utf-8")
    with subprocess.Popen([registry_binary, "serve", tmp_path / "deleting.yml"], stderr=subprocess.DEVNULL) as process:
        assert wait_until(lambda: listening(port), 10.0)
        yield port
        process.terminate()


def test_nothing_is_deleted_even_where_the_configuration_allows_it(
    registry: Registry, deleting: int, make: Make
) -> None:
    published = publish(registry, make())
    manifest = registry.manifest("sonarr", "1.0.0")
    assert manifest is not None

    for path in (f"manifests/{published.manifest}", "manifests/1.0.0", f"blobs/{manifest.chart_layer}"):
        status, error = ask(deleting, "DELETE", f"/v2/charts/sonarr/{path}")
        assert (status, error["code"], error["message"]) == (405, "UNSUPPORTED", "this registry deletes nothing")

    assert registry.archive("sonarr", "1.0.0") is not None


def test_of_many_publishers_at_once_exactly_one_gets_the_tag(registry: Registry, daemon: Daemon, make: Make) -> None:
    uploads = [send(registry, upload_of(make(content=str(number))), lambda _: None) for number in range(6)]
    start = threading.Barrier(len(uploads))
    done: dict[str, int] = {}

    def push(digest: str, manifest: bytes) -> None:
        start.wait()
        done[digest] = put(daemon, "1.0.0", manifest)[0]

    threads = [threading.Thread(target=push, args=(upload.digest, upload.manifest)) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = registry.find(ChartName("sonarr"), "1.0.0")
    assert found is not None
    assert sorted(done.values()) == [201, 409, 409, 409, 409, 409]
    assert done[found.manifest] == 201


def test_a_publisher_who_was_too_late_hears_of_the_conflict_not_of_the_refusal(registry: Registry, make: Make) -> None:
    ours, theirs = make(content="ours"), make(content="theirs")
    opened = registry.put_manifest

    class Late(Registry):
        """Publishes the rival's chart in the instant between the look and the tag."""

        def put_manifest(self, name: str, reference: str, body: bytes) -> object:  # type: ignore[override]
            if reference == "1.0.0":
                publish(registry, theirs)
            return opened(name, reference, body)

    with pytest.raises(AlreadyPublished) as caught:
        publish(Late(config=registry.config, session=registry.session), ours)

    assert f"registry {theirs.input_digest}" in str(caught.value)
    assert "hint: ./inv version --only sonarr" in str(caught.value)
