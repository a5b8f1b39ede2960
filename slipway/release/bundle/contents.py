"""The files of a bundle beside its blobs, and where its images go. Pure.

A bundle is an OCI image layout (OCI image specification 1.1, image-layout.md) with two files more: `pins.yaml` as below
`deploy/`, and `images.txt` with a reference on each line. Each chart and each image has a tag in the layout, which is made
from its name, so nothing has to be looked up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Pin
from slipway.util.files import decode

LAYOUT, INDEX, PINS, IMAGES = "oci-layout", "index.json", "pins.yaml", "images.txt"
"""Names of files; the first two are those of the specification."""
MIRROR = "mirror"
"""Where the images are in the registry, ahead of the names that they have elsewhere."""

PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
REFERENCE = re.compile(
    rf"(?P<name>(?:[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/)?{PART}(?:/{PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
"""Source: github.com/distribution/reference, regexp.go."""
DEFAULT_HOST = "docker.io"
"""Of a name without a host. Source: github.com/distribution/reference, normalize.go."""
TAG_LENGTH = 128
"""Source: OCI distribution specification 1.1, Pulling manifests."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Image:
    """One container image, in the spelling that pulls it."""

    host: str
    path: str
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """What pulls it: by digest where it has one."""
        return f"{self.host}/{self.path}" + (f"@{self.digest}" if self.digest else f":{self.tag}")

    @property
    def layout_tag(self) -> str:
        """Its tag in the layout."""
        return f"image-{hashlib.sha256(self.reference.encode()).hexdigest()[:24]}"

    @property
    def mirrored_tag(self) -> str:
        """Its tag in the registry that it is loaded into.

        With a part of the digest, so that an image whose tag moved elsewhere is no other content of a tag here; and with
        a tag at all, because registries remove what has none.
        """
        if not self.digest:
            return self.tag
        short = self.digest.partition(":")[2][:12]
        return f"{self.tag[: TAG_LENGTH - len(short) - 1]}-{short}" if self.tag else short

    def mirrored(self, mirror: str) -> str:
        """Its repository in the registry that it is loaded into."""
        return f"{mirror}/{folder_of(self.host)}/{self.path}"


def image_of(reference: str) -> Image:
    """A reference as it is pulled: the host and `library/` of Docker Hub are written out.

    Raises:
        WorkspaceError: it is no reference to an image.
    """
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise WorkspaceError(Problem(where=reference, fact="is not the name of an image"))
    host, slash, path = found["name"].partition("/")
    if not slash or not (host == "localhost" or re.search(r"[.:]", host)):
        host, path = DEFAULT_HOST, found["name"]
    if host == DEFAULT_HOST and "/" not in path:
        path = f"library/{path}"
    digest = found["digest"] or ""
    return Image(host=host, path=path, tag=found["tag"] or ("" if digest else "latest"), digest=digest)


def images_of(references: Iterable[str]) -> tuple[Image, ...]:
    """Each image once, in order.

    Raises:
        WorkspaceError: one is no reference to an image.
    """
    return tuple(sorted({image_of(reference) for reference in references}))


def chart_tag(pin: Pin) -> str:
    """The tag of an umbrella in the layout."""
    return f"chart-{pin.name}-{pin.version}"


def folder_of(host: str) -> str:
    """A host as part of a repository's path, which has no colon."""
    return host.replace(":", "-")


def images_text(images: Sequence[Image]) -> str:
    """`images.txt`: a reference on each line, with tag and digest."""
    return "".join(f"{spelled(image)}\n" for image in images)


def spelled(image: Image) -> str:
    """A reference with all that is known."""
    tag, digest = (f":{image.tag}" if image.tag else ""), (f"@{image.digest}" if image.digest else "")
    return f"{image.host}/{image.path}{tag}{digest}"


def parse_images(content: bytes, where: str) -> tuple[Image, ...]:
    """`images.txt`, read.

    Raises:
        WorkspaceError: a line is no reference to an image.
    """
    return images_of(line for line in decode(content, where).splitlines() if line.strip())


def registries(images: Iterable[Image], endpoint: str, mirror: str) -> dict[str, object]:
    """`/etc/rancher/k3s/registries.yaml`: k3s pulls every image of these hosts from the registry that has them.

    Source: docs.k3s.io, Private Registry Configuration: mirrors, endpoint, rewrite.
    """
    hosts = sorted({image.host for image in images})
    mirrors: dict[str, Mapping[str, object]] = {
        host: {"endpoint": [endpoint], "rewrite": {"^(.*)$": f"{mirror}/{folder_of(host)}/$1"}} for host in hosts
    }
    return {"mirrors": mirrors}
