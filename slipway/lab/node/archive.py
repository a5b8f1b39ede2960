"""`python -m slipway.lab.node.archive FROM TO`: write the images of a node, once everything that is in them is there."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from slipway.lab.node.images import Image, Layer, write


def to_json(images: Iterable[Image]) -> str:
    """Images as text; a layer that several have is in it once."""
    layers: dict[int, Layer] = {}
    rows = []
    for image in images:
        layers |= {id(layer): layer for layer in image.layers}
        numbers = [list(layers).index(id(layer)) for layer in image.layers]
        shown = {"entrypoint": image.entrypoint, "workdir": image.workdir, "user": image.user}
        rows.append({"names": image.names, "layers": numbers, **shown})
    return json.dumps({"images": rows, "layers": [row_of(layer) for layer in layers.values()]})


def row_of(layer: Layer) -> Mapping[str, object]:
    """A layer; a file of this machine is a text, content a list of one text in base64."""
    files = {
        path: [base64.b64encode(source).decode()] if isinstance(source, bytes) else str(source)
        for path, source in layer.files.items()
    }
    return {"files": files, "links": dict(layer.links), "folders": dict(layer.folders)}


def from_json(text: str) -> tuple[Image, ...]:
    """The images of a text.

    Raises:
        ValueError, KeyError, TypeError: it is none of ours.
    """
    data = json.loads(text)
    layers = [
        Layer(
            files={
                path: base64.b64decode(source[0]) if isinstance(source, list) else Path(source)
                for path, source in row["files"].items()
            },
            links=row["links"],
            folders=row["folders"],
        )
        for row in data["layers"]
    ]
    return tuple(
        Image(
            names=tuple(row["names"]),
            entrypoint=tuple(row["entrypoint"]),
            layers=tuple(layers[number] for number in row["layers"]),
            workdir=row["workdir"],
            user=row["user"],
        )
        for row in data["images"]
    )


def main(arguments: list[str]) -> int:
    """Write the archive."""
    source, target = map(Path, arguments)
    with target.open("wb") as opened:
        write(opened, from_json(source.read_text(encoding="utf-8")), os.uname().machine)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
