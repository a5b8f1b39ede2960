"""An environment is carried to a registry without the internet: the same bytes, their signatures, their images, new pins."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from slipway.build.archive import pack_archive, read_archive
from slipway.core.model import ChartName, Digest
from slipway.registry.client import Registry
from slipway.registry.embedded import Daemon
from slipway.registry.manifest import INDEX_TYPE, MANIFEST_TYPE, Manifest, sha256
from slipway.util.text import to_json
from testing.faulty import unused_port
from testing.monorepo import TEMPLATE, Monorepo, with_object
from testing.signing import Judge, signing_world
from testing.tampering import push
from testing.world import World, world_in

pytestmark = [pytest.mark.helm, pytest.mark.registry]

POD = """\
spec:
  containers:
    - name: app
      image: IMAGE
"""
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A registry of images, and one image in it."""

    registry: Registry
    host: str
    index: Manifest
    platforms: tuple[Manifest, ...]

    @property
    def reference(self) -> str:
        return f"{self.host}/team/app:1.2@{self.index.digest}"


def pushed(registry: Registry, name: str, platform: str) -> Manifest:
    """An image of one platform."""
    blobs = [
        (CONFIG_TYPE, to_json({"architecture": platform, "os": "linux"}).encode()),
        (LAYER_TYPE, platform.encode()),
    ]
    described = []
    for kind, content in blobs:
        registry.push_blob(name, content)
        described.append({"mediaType": kind, "digest": sha256(content), "size": len(content)})
    body = to_json(
        {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": described[0], "layers": described[1:]}
    ).encode()
    return Manifest(body=body, digest=registry.put_manifest(name, sha256(body), body))


@pytest.fixture
def upstream(registry: Registry, daemon: Daemon) -> Upstream:
    """What an image registry of the internet is to the platform: an image of two platforms."""
    images = Registry.open(replace(daemon.config, prefix=""), {})
    platforms = tuple(pushed(images, "team/app", platform) for platform in ("amd64", "arm64"))
    entries = [
        {"mediaType": MANIFEST_TYPE, "digest": one.digest, "size": len(one.body), "platform": json.loads(text)}
        for one, text in zip(
            platforms,
            ('{"architecture": "amd64", "os": "linux"}', '{"architecture": "arm64", "os": "linux"}'),
            strict=True,
        )
    ]
    body = to_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}).encode()
    index = Manifest(body=body, digest=images.put_manifest("team/app", "1.2", body, INDEX_TYPE))
    return Upstream(registry=images, host=daemon.config.host, index=index, platforms=platforms)


@pytest.fixture
def pinned(world: World, upstream: Upstream) -> World:
    """A published and pinned platform whose pods have an image."""
    world.repo.library(
        template=with_object(TEMPLATE, "apiVersion: v1\nkind: Pod\n", POD.replace("IMAGE", upstream.reference))
    )
    world.publish()
    world.ok("pin", "--env", "staging")
    return world


@contextmanager
def elsewhere(world: World, folder: Path) -> Iterator[World]:
    """A clone of a repository where only a registry at home is reached, with nothing in it."""
    ignored = shutil.ignore_patterns("build", ".registry")
    shutil.copytree(world.repo.root, folder, ignore=ignored)
    made = World(repo=Monorepo(root=folder), port=unused_port())
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def home(pinned: World, tmp_path: Path) -> Iterator[World]:
    """Where the bundle of the pinned platform goes."""
    with elsewhere(pinned, tmp_path / "home-clone") as made:
        yield made


def bundle_of(world: World, tmp_path: Path, *flags: str) -> Path:
    folder = tmp_path / "bundle"
    world.ok("bundle", "write", str(folder), *flags)
    return folder


def pins_file(world: World) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(world.repo.read("deploy/staging/pins.yaml"))
    return found


def test_a_loaded_umbrella_is_what_was_published_and_is_pinned_where_it_is_now(
    pinned: World, home: World, tmp_path: Path
) -> None:
    folder = bundle_of(pinned, tmp_path)
    before = pins_file(home)

    pinned.stop()
    loaded = home.ok("bundle", "load", str(folder))

    published = {name: digest for name, digest in home.published().items() if name.startswith("htpc")}
    after = pins_file(home)
    assert published == {"htpc:1.0.0": before["umbrellas"]["htpc"]["manifest"]}  # type: ignore[index]
    assert (after["umbrellas"], after["registry"]) == (before["umbrellas"], home.context().config.registry.base)
    assert after["registry"] != before["registry"]
    assert "wrote deploy/staging" in loaded
    assert home.ok("verify", "--env", "staging").endswith(
        "1 of 1 pin verified.\nSignatures are off: signing in pyproject.toml.\n"
    )


def test_a_second_load_changes_nothing(pinned: World, home: World, tmp_path: Path) -> None:
    folder = bundle_of(pinned, tmp_path)
    home.ok("bundle", "load", str(folder))
    before = (home.published(), home.deployed())

    assert "deploy/staging is up to date" in home.ok("bundle", "load", str(folder))
    assert (home.published(), home.deployed()) == before


def test_an_image_arrives_with_every_platform_under_the_digest_that_pods_pull(
    pinned: World, home: World, upstream: Upstream, tmp_path: Path, daemon: Daemon
) -> None:
    folder = bundle_of(pinned, tmp_path, "--images")
    daemon.stop()

    loaded = home.ok("bundle", "load", str(folder))

    settings = yaml.safe_load(loaded.partition("restart k3s:\n")[2])
    mirrored = settings["mirrors"][upstream.host]
    base = home.context().config.registry
    assert mirrored["endpoint"] == [f"http://{base.host}"]
    (pattern, replacement), *_ = mirrored["rewrite"].items()
    # What k3s asks for: Go's `$1` is Python's `\\1`.
    path = re.sub(pattern, replacement.replace("$1", r"\1"), "team/app")
    at_home = Registry.open(replace(base, prefix=""), {})
    index = at_home.manifest(path, upstream.index.digest, INDEX_TYPE)
    assert index is not None
    assert index.body == upstream.index.body
    for platform in upstream.platforms:
        manifest = at_home.manifest(path, platform.digest)
        assert manifest is not None
        assert manifest.body == platform.body
        for layer in manifest.data["layers"]:  # type: ignore[attr-defined]
            assert at_home.has_blob(path, layer["digest"])
    # Without a tag a registry may remove it.
    assert at_home.tags(path) == (f"1.2-{upstream.index.digest[7:19]}",)


def test_a_bundle_without_images_names_them(pinned: World, home: World, upstream: Upstream, tmp_path: Path) -> None:
    folder = bundle_of(pinned, tmp_path)

    assert (folder / "images.txt").read_text() == f"{upstream.reference}\n"
    assert f"Missing: 1 image, such as {upstream.host}/team/app@{upstream.index.digest}" in home.ok(
        "bundle", "load", str(folder)
    )


def test_images_are_added_to_a_bundle_that_was_written_without_them(pinned: World, home: World, tmp_path: Path) -> None:
    bundle_of(pinned, tmp_path)
    folder = bundle_of(pinned, tmp_path, "--images")

    assert "Missing" not in home.ok("bundle", "load", str(folder))


def test_a_version_with_other_content_is_not_overwritten(pinned: World, home: World, tmp_path: Path) -> None:
    folder = bundle_of(pinned, tmp_path)
    assert home.published() == {}  # its registry runs now
    (home.repo.root / "build").mkdir(exist_ok=True)
    pinned_archive = pinned.context().registry.archive("htpc", "1.0.0")
    assert pinned_archive is not None
    files = {**read_archive(pinned_archive), "htpc/more.txt": b"more"}
    push(home, "htpc", "1.0.0", pack_archive(files))
    before = (home.published(), home.deployed())

    refused = home.inv("bundle", "load", str(folder))

    assert refused.code == 5
    assert "htpc" in refused.stderr
    assert (home.published(), home.deployed()) == before


def test_a_damaged_bundle_is_refused_and_pins_nothing(pinned: World, home: World, tmp_path: Path) -> None:
    folder = bundle_of(pinned, tmp_path)
    before = home.deployed()
    archive = max((folder / "blobs/sha256").iterdir(), key=lambda blob: blob.stat().st_size)
    archive.chmod(0o644)
    content = archive.read_bytes()
    archive.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    refused = home.inv("bundle", "load", str(folder))

    assert refused.code == 4
    assert "digest" in refused.stderr
    assert (home.published(), home.deployed()) == ({}, before)


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (lambda folder: (folder / "pins.yaml").unlink(), "is not a complete bundle: pins.yaml is missing"),
        (lambda folder: (folder / "index.json").write_text('{"manifests": []}'), "does not hold htpc, which it pins"),
        (lambda folder: (folder / "index.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "images.txt").write_text("Not An Image\n"), "is not the name of an image"),
        (shutil.rmtree, "is not a complete bundle"),
    ],
)
def test_what_is_no_bundle_is_refused_before_anything_is_sent(
    pinned: World, home: World, tmp_path: Path, damage: Callable[[Path], object], fact: str
) -> None:
    folder = bundle_of(pinned, tmp_path)
    damage(folder)

    refused = home.inv("bundle", "load", str(folder))

    assert refused.code == 2
    assert fact in refused.stderr
    assert home.published() == {}


def test_a_bundle_of_another_environment_is_refused(pinned: World, home: World, tmp_path: Path) -> None:
    folder = bundle_of(pinned, tmp_path)

    refused = home.inv("bundle", "load", str(folder), "--env", "production")

    assert refused.code == 2
    assert "the bundle is of staging, not of production" in refused.stderr
    assert home.published() == {}


def test_a_folder_with_other_files_is_not_written_to(pinned: World, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "letter.txt").touch()

    refused = pinned.inv("bundle", "write", str(folder))

    assert refused.code == 2
    assert "has other files than a bundle: letter.txt" in refused.stderr
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_signatures_come_along_and_cosign_accepts_them(tmp_path: Path, cosign_binary: Path) -> None:
    with world_in(tmp_path / "signed") as world:
        signing_world(world, tmp_path / "keys")
        world.release()
        folder = bundle_of(world, tmp_path)
        with elsewhere(world, tmp_path / "home-clone") as home:
            world.stop()
            home.ok("bundle", "load", str(folder))

            context = home.context()
            digest = Digest(pins_file(home)["umbrellas"]["htpc"]["manifest"])  # type: ignore[index]
            judge = Judge.of(context, cosign_binary, home.repo.root / "cosign.pub", tmp_path / "cosign")
            assert judge.why_not(context.registry, ChartName("htpc"), digest) == ""
            assert judge.attests(context.registry, "htpc", digest, "cyclonedx")
            assert "1 of 1 pin verified" in home.ok("verify", "--env", "staging")


def test_an_umbrella_without_a_signature_is_not_pinned_where_signatures_are_required(
    pinned: World, home: World, tmp_path: Path
) -> None:
    folder = bundle_of(pinned, tmp_path)
    signing_world(home, tmp_path / "keys")
    before = home.deployed()

    refused = home.inv("bundle", "load", str(folder))

    assert refused.code == 1
    assert "htpc: 1.0.0 is not signed" in refused.stderr
    assert home.deployed() == before
