"""Names of images as they are pulled, and where they are in a registry at home."""

import pytest

from slipway.core.errors import WorkspaceError
from slipway.release.bundle.contents import image_of, images_of, images_text, parse_images, registries

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("reference", "pulled"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("grafana/grafana:12.0", "docker.io/grafana/grafana:12.0"),
        ("docker.io/redis:8", "docker.io/library/redis:8"),
        ("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"),
        ("localhost/a:1", "localhost/a:1"),
        ("registry:5000/a:1", "registry:5000/a:1"),
        (f"quay.io/a/b:v1@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        (f"a@{DIGEST}", f"docker.io/library/a@{DIGEST}"),
    ],
)
def test_a_name_is_completed_as_container_runtimes_do(reference: str, pulled: str) -> None:
    assert image_of(reference).reference == pulled


@pytest.mark.parametrize("reference", ["", "UPPER/case:1", "a b", "a@sha256:12", "a:", "-a:1"])
def test_what_is_no_name_of_an_image_is_refused(reference: str) -> None:
    with pytest.raises(WorkspaceError, match="is not the name of an image"):
        image_of(reference)


def test_the_list_of_images_is_read_as_it_was_written() -> None:
    images = images_of([f"quay.io/a/b:v1@{DIGEST}", "nginx", f"quay.io/a/b:v1@{DIGEST}", f"a@{DIGEST}"])

    assert parse_images(images_text(images).encode(), "images.txt") == images
    assert len(images) == 3


def test_a_tag_at_home_is_of_one_content_and_no_longer_than_a_registry_takes() -> None:
    one, other = (image_of(f"a:{'x' * 128}@sha256:{digit * 64}") for digit in "12")

    assert one.mirrored_tag != other.mirrored_tag
    assert len(one.mirrored_tag) == 128
    assert image_of(f"a@{DIGEST}").mirrored_tag
    assert image_of("a:1.0").mirrored_tag == "1.0"


def test_two_images_have_two_tags_in_the_layout() -> None:
    names = ["a:1", "b:1", f"a:1@{DIGEST}", f"ghcr.io/library/a:1@{DIGEST}"]

    assert len({image_of(name).layout_tag for name in names}) == len(names)


def test_each_host_has_a_mirror_whose_path_needs_no_colon() -> None:
    found = registries(images_of(["nginx", "registry:5000/a:1"]), "https://home.example.org", "mirror")

    assert found == {
        "mirrors": {
            "docker.io": {"endpoint": ["https://home.example.org"], "rewrite": {"^(.*)$": "mirror/docker.io/$1"}},
            "registry:5000": {
                "endpoint": ["https://home.example.org"],
                "rewrite": {"^(.*)$": "mirror/registry-5000/$1"},
            },
        }
    }
