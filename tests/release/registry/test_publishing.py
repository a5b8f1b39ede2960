"""Publishing to the real registry: what lands there, what is refused, and what a kill or a rival leaves."""

import gzip
import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.core.errors import AlreadyPublished, RegistryError, WorkspaceError
from slipway.core.model import Archive, ChartName
from slipway.registry.client import Registry
from slipway.registry.embedded import Daemon
from slipway.registry.manifest import sha256
from slipway.registry.publish import manifest_of, publish, publish_all, send, upload_of
from testing.tampering import move_tag

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Make = Callable[..., Archive]
ROOT = Path(__file__).resolve().parents[3]


class Stop(BaseException):
    """A kill, as far as one process can play it."""


def test_a_published_chart_can_be_read_back_by_version_and_digest(registry: Registry, make: Make) -> None:
    archive = make()

    published = publish(registry, archive)

    content = archive.path.read_bytes()
    assert published.manifest == manifest_of(archive)[1]
    assert published.input_digest == archive.input_digest
    assert registry.published({archive.name: "1.0.0"}) == {archive.name: published}
    assert registry.archive("sonarr", "1.0.0") == registry.archive("sonarr", published.manifest) == content
    assert registry.tags("sonarr") == ("1.0.0",)
    assert registry.catalog() == ("charts/sonarr",)
    assert registry.contents() == (published,)


def test_publishing_again_changes_nothing_and_has_no_effect(registry: Registry, make: Make) -> None:
    archive = make()
    first = publish(registry, archive)
    effects: list[str] = []

    assert publish(registry, archive, effects.append) == first
    assert effects == []


def test_the_same_files_in_another_compression_are_kept_as_published(registry: Registry, make: Make) -> None:
    archive = make()
    first = publish(registry, archive)
    packed = gzip.compress(gzip.decompress(archive.path.read_bytes()), compresslevel=1)
    archive.path.write_bytes(packed)
    other = replace(archive, content=sha256(packed))

    assert manifest_of(other)[1] != first.manifest
    assert publish(registry, other) == first


def test_an_annotation_of_ours_on_other_files_is_no_proof(registry: Registry, make: Make) -> None:
    foreign = publish(registry, make(description="somebody else's"))
    ours = make()
    assert foreign.input_digest == ours.input_digest

    with pytest.raises(AlreadyPublished) as caught:
        publish(registry, ours)

    assert f"registry {foreign.manifest}" in str(caught.value)
    assert "its annotation names the content that is here, but:\n      Chart.yaml differs" in str(caught.value)


def test_an_archive_that_changes_between_the_checks_and_the_registry_is_not_sent(
    registry: Registry, daemon: Daemon, make: Make
) -> None:
    archive = make()
    content = bytearray(archive.path.read_bytes())
    content[len(content) // 2] ^= 1
    archive.path.write_bytes(content)

    with pytest.raises(WorkspaceError, match="changed after it was checked"):
        publish(registry, archive)

    assert stored(daemon) == {}


def test_other_content_under_a_published_version_is_refused_and_nothing_is_written(
    registry: Registry, daemon: Daemon, make: Make
) -> None:
    first, other = make(content="one"), make(content="two")
    publish(registry, first)
    before = stored(daemon)

    with pytest.raises(AlreadyPublished) as caught:
        publish(registry, other)

    assert str(caught.value) == (
        f"{daemon.config.host}/charts/sonarr:1.0.0: version 1.0.0 is already published with different content\n"
        f"    registry {first.input_digest}\n"
        f"    here     {other.input_digest}\n"
        "    hint: ./inv version --only sonarr"
    )
    assert stored(daemon) == before


def test_one_conflict_stops_a_whole_release_before_anything_is_sent(
    registry: Registry, daemon: Daemon, make: Make
) -> None:
    publish(registry, make("sonarr", content="one"))
    before = stored(daemon)

    with pytest.raises(AlreadyPublished):
        publish_all(registry, [[make("radarr")], [make("sonarr", content="two")]])

    assert stored(daemon) == before


def test_levels_are_published_in_order_and_each_chart_is_complete_before_its_tag(
    registry: Registry, make: Make
) -> None:
    levels = [[make("common")], [make("radarr"), make("sonarr")], [make("htpc")]]
    effects: list[str] = []

    done = publish_all(registry, levels, effects.append)

    order = [effect.split()[0] for effect in effects if effect.endswith("tag")]
    assert order[0] == "common"
    assert order[-1] == "htpc"
    assert [effect for effect in effects if effect.startswith("common")] == [
        "common 1.0.0: config blob",
        "common 1.0.0: chart blob",
        "common 1.0.0: manifest",
        "common 1.0.0: tag",
    ]
    assert done == registry.published(dict.fromkeys(done, "1.0.0"))
    assert publish_all(registry, levels, effects.append) == done
    assert len(effects) == 16


@pytest.mark.parametrize("stop_after", range(1, 13))
def test_a_run_that_stops_after_any_effect_is_finished_by_the_next(
    registry: Registry, make: Make, stop_after: int
) -> None:
    levels = [[make("common")], [make("radarr")], [make("htpc")]]
    count = 0

    def stop(_: str) -> None:
        nonlocal count
        count += 1
        if count == stop_after:
            raise Stop

    with pytest.raises(Stop):
        publish_all(registry, levels, stop)
    visible = {archive.name: registry.find(archive.name, "1.0.0") for (archive,) in levels}
    done = publish_all(registry, levels)

    expected = {archive.name: manifest_of(archive)[1] for (archive,) in levels}
    assert {name: published.manifest for name, published in done.items()} == expected
    for name, published in visible.items():
        assert published is None or published.manifest == expected[name]
    assert sum(published is not None for published in visible.values()) == stop_after // 4
    assert registry.catalog() == ("charts/common", "charts/htpc", "charts/radarr")


def test_a_process_killed_in_the_middle_leaves_a_registry_that_the_next_run_finishes(
    registry: Registry, daemon: Daemon, make: Make, tmp_path: Path
) -> None:
    archive = make()
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from slipway.build.builder import read_metadata
        from slipway.config import RegistryConfig
        from slipway.core.model import Archive
        from slipway.registry.client import Registry
        from slipway.registry.publish import publish
        from slipway.registry.manifest import sha256
        host, path, digest = sys.argv[1:]
        archive = Archive(name="sonarr", version="1.0.0", path=Path(path), input_digest=digest,
                          content=sha256(Path(path).read_bytes()),
                          metadata=read_metadata(Path(path).read_bytes(), "sonarr"))
        registry = Registry.open(RegistryConfig(host=host, prefix="charts", plain_http=True), {})
        publish(registry, archive, lambda effect: "manifest" in effect and os.kill(os.getpid(), signal.SIGKILL))
        """
    )

    arguments = [daemon.config.host, str(archive.path), str(archive.input_digest)]
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=False)

    assert done.returncode == -signal.SIGKILL
    assert registry.find(ChartName("sonarr"), "1.0.0") is None
    assert publish(registry, archive).manifest == manifest_of(archive)[1]


def test_a_rival_that_tags_first_is_detected_and_not_overwritten(registry: Registry, make: Make) -> None:
    ours, theirs = make(content="ours"), make(content="theirs")

    def rival(effect: str) -> None:
        if effect.endswith("manifest"):
            publish(registry, theirs)

    with pytest.raises(AlreadyPublished, match="already published with different content"):
        publish(registry, ours, rival)

    found = registry.find(ChartName("sonarr"), "1.0.0")
    assert found is not None
    assert found.manifest == manifest_of(theirs)[1]


def test_a_tag_that_is_moved_in_the_last_instant_is_detected_by_reading_back(
    registry: Registry, daemon: Daemon, make: Make
) -> None:
    ours, theirs = make(content="ours"), make(content="theirs")
    upload = send(registry, upload_of(theirs), lambda _: None)

    def rival(effect: str) -> None:
        """As in a registry that lets everybody move a tag."""
        if effect.endswith("tag"):
            move_tag(daemon.folder / "data", "charts/sonarr", "1.0.0", upload.digest)

    with pytest.raises(AlreadyPublished) as caught:
        publish(registry, ours, rival)

    assert f"registry {theirs.input_digest}" in str(caught.value)
    assert f"here     {ours.input_digest}" in str(caught.value)


def test_a_rival_with_the_same_content_is_no_conflict(registry: Registry, make: Make) -> None:
    archive = make()

    def rival(effect: str) -> None:
        if effect.endswith("config blob"):
            publish(registry, archive)

    assert publish(registry, archive, rival).manifest == manifest_of(archive)[1]


def test_what_the_registry_lost_is_found_by_reading_back(registry: Registry, daemon: Daemon, make: Make) -> None:
    archive = make()

    def lose(effect: str) -> None:
        if effect.endswith("tag"):
            wanted = sha256(archive.path.read_bytes()).removeprefix("sha256:")
            (blob,) = (daemon.folder / "data").rglob(f"blobs/sha256/*/{wanted}/data")
            blob.unlink()

    with pytest.raises(RegistryError) as caught:
        publish(registry, archive, lose)

    assert "BLOB_UNKNOWN" in str(caught.value) or "server error (5" in str(caught.value)


def test_a_damaged_blob_is_found_by_its_digest(registry: Registry, daemon: Daemon, make: Make) -> None:
    archive = make()
    publish(registry, archive)
    wanted = sha256(archive.path.read_bytes()).removeprefix("sha256:")
    (blob,) = (daemon.folder / "data").rglob(f"blobs/sha256/*/{wanted}/data")
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)

    with pytest.raises(RegistryError, match="sent content that does not have its digest"):
        registry.archive("sonarr", "1.0.0")


def test_a_manifest_says_what_helm_says(registry: Registry, make: Make) -> None:
    publish(registry, make(description="Series", home="https://example.org"))
    manifest = registry.manifest("sonarr", "1.0.0")

    assert manifest is not None
    assert json.loads(registry.blob("sonarr", json.loads(manifest.body)["config"]["digest"]))["name"] == "sonarr"
    assert manifest.annotations["org.opencontainers.image.created"] == "1980-01-01T00:00:00Z"
    assert manifest.annotations["org.opencontainers.image.url"] == "https://example.org"


def stored(daemon: Daemon) -> dict[str, bytes]:
    """Every file of the registry."""
    data = daemon.folder / "data"
    return {str(path.relative_to(data)): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}
