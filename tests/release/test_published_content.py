"""A tag that somebody moved, with our annotation kept: nothing takes it for ours, and a version leads out of it."""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator

import pytest

from slipway.build.archive import pack_archive, read_archive
from slipway.core.errors import AlreadyPublished
from slipway.core.model import ChartName, Published
from slipway.registry.manifest import CHART_TYPE, sha256
from slipway.release import pinning, release
from slipway.release.survey import plan_of
from testing.faulty import forward, serving
from testing.tampering import Change, data_of, move_tag, overwritten
from testing.world import World, world_in

pytestmark = [pytest.mark.helm, pytest.mark.registry]

EVIL = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foreign}\n"


def members(change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Change:
    """A change of the members, packed as we pack."""
    return lambda packed: pack_archive(change(read_archive(packed)))


def setting(path: str, content: bytes) -> Change:
    return members(lambda files: {**files, path: content})


def without(path: str) -> Change:
    return members(lambda files: {name: content for name, content in files.items() if name != path})


def twice(path: str, content: bytes) -> Change:
    """A member that is there two times: the foreign one first, ours last, where a dictionary would find it."""

    def change(packed: bytes) -> bytes:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz") as tar:
            for name, text in [(path, content), *read_archive(packed).items()]:
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text))
        return raw.getvalue()

    return change


def recompressed(packed: bytes) -> bytes:
    """The same members by another packer."""
    return gzip.compress(gzip.decompress(packed), compresslevel=1)


SONARR = {
    "a template": (setting("sonarr/templates/all.yaml", EVIL), "templates/all.yaml differs"),
    "values": (setting("sonarr/values.yaml", b"text: foreign\n"), "values.yaml differs"),
    "one more template": (setting("sonarr/templates/more.yaml", EVIL), "templates/more.yaml is not one of its files"),
    "a template less": (without("sonarr/templates/all.yaml"), "templates/all.yaml is missing"),
    "the schema": (setting("sonarr/values.schema.json", b"{}"), "values.schema.json differs"),
    "the vendored library": (
        setting("sonarr/charts/common/templates/_all.tpl", b'{{ define "common.all" }}{{ end }}'),
        "charts/common/templates/_all.tpl differs",
    ),
    "a field of Chart.yaml": (
        members(
            lambda files: {
                **files,
                "sonarr/Chart.yaml": files["sonarr/Chart.yaml"].replace(b"The sonarr chart", b"Another"),
            }
        ),
        "Chart.yaml differs",
    ),
    "a folder that Helm reads, too": (setting("other/templates/more.yaml", EVIL), "templates/more.yaml is not one"),
    "a member twice": (twice("sonarr/templates/all.yaml", EVIL), "is twice in the archive"),
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Published and pinned."""
    with world_in(tmp_path_factory.mktemp("released") / "repo") as made:
        made.release()
        yield made


@pytest.mark.parametrize("what", SONARR)
def test_foreign_content_under_our_annotation_is_a_conflict_that_names_what_differs(released: World, what: str) -> None:
    change, shown = SONARR[what]
    before = released.deployed()

    with overwritten(released, "sonarr", change):
        planned = plan_of(released.context()).chart(ChartName("sonarr"))
        with pytest.raises(AlreadyPublished) as caught:
            released.release()

    assert planned.published is not None
    assert planned.published.input_digest == released.context().digests[ChartName("sonarr")]
    text = str(caught.value)
    assert "charts/sonarr/Chart.yaml:3: version 1.0.0 is already published with different content" in text
    assert f"registry {planned.published.manifest}" in text
    assert shown in text
    assert "hint: ./inv version --only sonarr" in text
    assert released.deployed() == before
    assert released.release().unchanged


def test_a_foreign_member_inside_an_umbrella_is_found(released: World) -> None:
    change = setting("htpc/charts/sonarr/templates/all.yaml", EVIL)

    with overwritten(released, "htpc", change), pytest.raises(AlreadyPublished) as caught:
        released.release()

    assert "charts/sonarr/templates/all.yaml differs" in str(caught.value)
    assert "deploy/staging pins sha256:" in str(caught.value)


def test_a_foreign_member_is_not_vendored_into_the_next_umbrella(released: World) -> None:
    released.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.0.0\ntype", "version: 1.0.1\ntype")
    try:
        with overwritten(released, "sonarr", SONARR["a template"][0]), pytest.raises(AlreadyPublished):
            released.release()
        assert "htpc:1.0.1" not in released.published()
    finally:
        released.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.0.1\ntype", "version: 1.0.0\ntype")


@pytest.mark.parametrize("command", ["plan", "status", "release", "release --dry-run", "pin", "publish"])
def test_every_command_that_reads_the_registry_ends_with_the_code_of_a_conflict(released: World, command: str) -> None:
    with overwritten(released, "htpc", setting("htpc/templates/more.yaml", EVIL)):
        done = released.inv(*command.split())

    assert done.code == 5, done.stderr
    assert "templates/more.yaml is not one of its files" in done.stderr
    assert "deploy/staging pins sha256:" in done.stderr


def test_a_pinned_version_whose_manifest_moved_is_an_error_though_its_files_are_the_same(released: World) -> None:
    pinned = released.published()["htpc:1.0.0"]

    with overwritten(released, "htpc", recompressed):
        moved = released.published()["htpc:1.0.0"]
        with pytest.raises(AlreadyPublished) as caught:
            released.release()

    assert moved != pinned
    assert f"registry {moved}" in str(caught.value)
    assert f"deploy/staging pins {pinned}" in str(caught.value)


def test_another_packer_alone_forces_no_new_version(released: World) -> None:
    before = released.published()

    with overwritten(released, "sonarr", recompressed), overwritten(released, "common", recompressed):
        assert released.published() != before
        assert released.release().unchanged


def test_a_checkout_that_never_pinned_anything_takes_no_foreign_content_for_its_own(
    released: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("clone") / "repo"
    clone = World(repo=released.repo.copy(folder), port=released.port)
    shutil.rmtree(folder / "deploy")
    # The registry of the other checkout: a clone would not start one of its own on the same port.
    remote = {"SLIPWAY_REGISTRY": f"127.0.0.1:{released.port}/charts", "SLIPWAY_REGISTRY_PLAIN_HTTP": "true"}

    with overwritten(released, "sonarr", SONARR["a template"][0]), pytest.raises(AlreadyPublished):
        release.release(clone.context(**remote), environment="staging")
    assert not (folder / "deploy").exists()
    with overwritten(released, "sonarr", recompressed):
        done = release.release(clone.context(**remote), environment="staging")

    assert done.published == ()
    assert done.pinned == ("first pins",)


def test_a_promotion_refuses_a_pin_whose_tag_moved(released: World) -> None:
    with (
        overwritten(released, "htpc", setting("htpc/templates/more.yaml", EVIL)),
        pytest.raises(AlreadyPublished) as caught,
    ):
        pinning.pin_environment(released.context(), "production", (), dry_run=False)

    assert "deploy/staging/pins.yaml: htpc 1.0.0 has another manifest in the registry" in str(caught.value)
    assert "templates/more.yaml is not one of its files" in str(caught.value)
    assert not (released.repo.root / "deploy/production").exists()


def test_the_hint_leads_out_of_an_overwritten_tag(world: World) -> None:
    world.release()

    with overwritten(world, "htpc", setting("htpc/templates/more.yaml", EVIL)):
        foreign = world.published()["htpc:1.0.0"]
        world.ok("version", "--only", "htpc")
        done = world.release()

        assert [f"{item.name} {item.version}" for item in done.published] == ["htpc 1.1.0"]
        assert world.release().unchanged
        assert world.published()["htpc:1.0.0"] == foreign
        assert "taken" not in world.ok("status")
        assert foreign.encode() not in world.deployed()["pins.yaml"]


def test_a_tag_below_no_chart_archive_is_left_by_the_hint_too(world: World) -> None:
    world.release()

    with overwritten(world, "sonarr", SONARR["a member twice"][0]):
        world.ok("version", "--only", "sonarr")
        done = world.release()

    assert [f"{item.name} {item.version}" for item in done.published] == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_manifest_with_two_archives_is_refused_since_clients_disagree_on_which_one_to_take(released: World) -> None:
    registry = released.context().registry
    there = registry.manifest("sonarr", "1.0.0")
    assert there is not None
    evil = setting("sonarr/templates/all.yaml", EVIL)(released.context().pull(found_in(released, "sonarr")))
    registry.push_blob("sonarr", evil)
    layers = [*there.data["layers"], {"mediaType": CHART_TYPE, "digest": sha256(evil), "size": len(evil)}]  # type: ignore[misc]
    doubled = json.dumps({**there.data, "layers": layers}).encode()
    registry.put_manifest("sonarr", sha256(doubled), doubled)
    move_tag(data_of(released), "charts/sonarr", "1.0.0", sha256(doubled))

    try:
        with pytest.raises(AlreadyPublished, match="it has 2 layers of type"):
            released.release()
    finally:
        move_tag(data_of(released), "charts/sonarr", "1.0.0", there.digest)


def found_in(world: World, name: str) -> Published:
    found = world.context().registry.find(ChartName(name), "1.0.0")
    assert found is not None
    return found


def test_a_release_with_nothing_to_do_asks_for_no_archive_and_one_in_a_new_clone_asks_once(
    released: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = World(repo=released.repo.copy(tmp_path_factory.mktemp("asks") / "repo"), port=released.port)

    with serving(lambda request: forward(released.port, request)) as server:
        remote = {"SLIPWAY_REGISTRY": f"127.0.0.1:{server.port}/charts", "SLIPWAY_REGISTRY_PLAIN_HTTP": "true"}
        release.release(clone.context(**remote), environment="staging")
        first = sum("/blobs/" in request.path for request in server.seen)
        asked = len(server.seen)
        again = release.release(clone.context(**remote), environment="staging")
        second = [request.path for request in server.seen[asked:]]

    assert first == len(clone.context().workspace.charts)
    assert again.unchanged
    assert sorted(second) == [f"/v2/charts/{name}/manifests/1.0.0" for name in ("common", "htpc", "radarr", "sonarr")]


def test_a_moved_tag_of_an_older_pin_is_told_by_status_and_stands_in_the_way_of_no_new_release(world: World) -> None:
    world.release()
    pinning.pin_environment(world.context(), "production", (), dry_run=False)
    world.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.0.0\ntype", "version: 1.1.0\ntype")

    with overwritten(world, "htpc", setting("htpc/templates/more.yaml", EVIL)):
        # Staging still pins 1.0.0: the release replaces that pin.
        assert [f"{item.name} {item.version}" for item in world.release().published] == ["htpc 1.1.0"]
        assert world.release().unchanged
        told = world.inv("status")
        promoted = world.inv("pin", "--env", "production")
        after = world.inv("status")

    assert told.code == 5
    assert "deploy/production/pins.yaml: htpc 1.0.0 has another manifest in the registry" in told.stderr
    assert "templates/more.yaml is not one of its files" in told.stderr
    assert "hint: ./inv pin --env production --only htpc" in told.stderr
    assert (promoted.code, after.code) == (0, 0)
