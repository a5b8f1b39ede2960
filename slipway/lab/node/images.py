"""Images as one OCI archive that containerd imports: layers, configurations and names. Pure.

Source: OCI image specification 1.1 (image-layout.md, config.md); containerd reads an image's name from the annotation
`io.containerd.image.name` (core/images/annotations.go).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

OCI = "application/vnd.oci.image"
NAME = "io.containerd.image.name"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MODE, FOLDER_MODE = 0o755, 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Files of an image."""

    files: Mapping[str, Path | bytes] = field(default_factory=dict)
    """Path without its first `/` → a file of this machine, or content."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Path → target."""
    folders: Mapping[str, int] = field(default_factory=dict)
    """Path → mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its names, what it starts, and its layers."""

    names: tuple[str, ...]
    entrypoint: tuple[str, ...]
    layers: tuple[Layer, ...]
    workdir: str = "/"
    user: str = ""


def packed(layer: Layer) -> bytes:
    """A layer as a tar archive; the same files give the same bytes."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, mode in sorted(layer.folders.items()):
            archive.addfile(member(path, tarfile.DIRTYPE, mode))
        for path, source in sorted(layer.files.items()):
            content = source if isinstance(source, bytes) else source.read_bytes()
            info = member(path, tarfile.REGTYPE, MODE)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for path, to in sorted(layer.links.items()):
            info = member(path, tarfile.SYMTYPE, 0o777)
            info.linkname = to
            archive.addfile(info)
    return target.getvalue()


def member(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    """A member of root's, without a time."""
    info = tarfile.TarInfo(path)
    info.type, info.mode = kind, mode
    return info


def write(target: BinaryIO, images: Sequence[Image], machine: str) -> None:
    """Write an archive of images; a layer that several have is in it once.

    Args:
        target: an open file.
        images: what goes in.
        machine: as uname(1) says it.
    """
    written: dict[str, int] = {}
    layers: dict[int, dict[str, object]] = {}
    with tarfile.open(fileobj=target, mode="w") as archive:

        def blob(content: bytes) -> str:
            digest = hashlib.sha256(content).hexdigest()
            if digest not in written:
                written[digest] = len(content)
                put(archive, f"blobs/sha256/{digest}", content)
            return f"sha256:{digest}"

        def layer_of(layer: Layer) -> dict[str, object]:
            if id(layer) not in layers:
                content = packed(layer)
                layers[id(layer)] = described(f"{OCI}.layer.v1.tar", blob(content), len(content))
            return layers[id(layer)]

        manifests = []
        for image in images:
            found = [layer_of(layer) for layer in image.layers]
            config = encoded(configuration(image, [str(item["digest"]) for item in found], machine))
            manifest = encoded(
                {
                    "schemaVersion": 2,
                    "mediaType": f"{OCI}.manifest.v1+json",
                    "config": described(f"{OCI}.config.v1+json", blob(config), len(config)),
                    "layers": found,
                }
            )
            entry = described(f"{OCI}.manifest.v1+json", blob(manifest), len(manifest))
            manifests += [{**entry, "annotations": {NAME: name}} for name in image.names]
        put(archive, "index.json", encoded({"schemaVersion": 2, "manifests": manifests}))
        put(archive, "oci-layout", encoded({"imageLayoutVersion": "1.0.0"}))


def configuration(image: Image, diff_ids: Sequence[str], machine: str) -> dict[str, object]:
    """What a container of the image starts."""
    return {
        "architecture": ARCHITECTURES[machine],
        "os": "linux",
        "config": {
            "Entrypoint": list(image.entrypoint),
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "WorkingDir": image.workdir,
            **({"User": image.user} if image.user else {}),
        },
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }


def described(kind: str, digest: str, size: int) -> dict[str, object]:
    """An OCI descriptor."""
    return {"mediaType": kind, "digest": digest, "size": size}


def encoded(data: Mapping[str, object]) -> bytes:
    """JSON."""
    return json.dumps(data).encode()


def put(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    """A file of the archive."""
    info = member(path, tarfile.REGTYPE, 0o644)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def name_in_store(reference: str) -> str:
    """The name that the kubelet's runtime looks an image up by: with its registry, and without the tag where it has a digest.

    Source: containerd v2.4.2 internal/cri/store/image and distribution/reference, ParseDockerRef.
    """
    name, at, digest = reference.partition("@")
    path, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    first = path.split("/")[0]
    if "/" not in path:
        path = f"docker.io/library/{path}"
    elif not ({".", ":"} & set(first) or first == "localhost"):
        path = f"docker.io/{path}"
    return f"{path}@{digest}" if at else f"{path}:{tag}"


def references(value: object) -> Iterator[str]:
    """The image of every container below a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            else:
                yield from references(item)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for item in value:
            yield from references(item)
