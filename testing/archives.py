"""Packed charts for tests of the registry, made by the real helm and packed again as a release does it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from slipway import package
from slipway.build import read_metadata
from slipway.model import INPUT_DIGEST, Archive, ChartName, Digest
from slipway.package import SOURCE_DATE_EPOCH, write_atomic
from slipway.tools.run import Command, run_process


def digest_of(text: str) -> Digest:
    """A digest that stands for some content."""
    return Digest(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")


def make_archive(
    folder: Path,
    helm: Path,
    name: str = "sonarr",
    version: str = "1.0.0",
    *,
    content: str = "one",
    metadata: Mapping[str, object] | None = None,
) -> Archive:
    """A chart with one ConfigMap that says `content`.

    Args:
        folder: where the chart and its archive are written; one folder can hold many.
        helm: the real helm.
        name: of the chart.
        version: of the chart.
        content: decides the input digest.
        metadata: more of Chart.yaml; its dependencies are vendored as empty charts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chart = Path(tempfile.mkdtemp(prefix=f"{name}-{version}-", dir=folder)) / name
    (chart / "templates").mkdir(parents=True)
    input_digest = digest_of(content)
    more = dict(metadata or {})
    own = more.pop("annotations", None)
    annotations = {**(own if isinstance(own, Mapping) else {}), INPUT_DIGEST: str(input_digest)}
    fields = {"apiVersion": "v2", "name": name, "version": version, "annotations": annotations, **more}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")
    (chart / "values.yaml").write_text(f"text: {content}\n", encoding="utf-8")
    (chart / "templates" / "all.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"
        "data: {text: {{ .Values.text | quote }}}\n",
        encoding="utf-8",
    )
    entries = more.get("dependencies")
    for entry in entries if isinstance(entries, list) else ():
        below = chart / "charts" / entry["name"]
        below.mkdir(parents=True)
        text = f"apiVersion: v2\nname: {entry['name']}\nversion: {entry['version']}\n"
        (below / "Chart.yaml").write_text(text, encoding="utf-8")
    target = chart.parent / "packed"
    run_process(
        Command(
            argv=(str(helm), "package", str(chart), "--destination", str(target)),
            env={"SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH), "TZ": "UTC"},
        )
    )
    path = target / f"{name}-{version}.tgz"
    write_atomic(path, package.repack(path.read_bytes()), mtime=SOURCE_DATE_EPOCH)
    return Archive(
        name=ChartName(name),
        version=version,
        path=path,
        input_digest=input_digest,
        metadata=read_metadata(path.read_bytes(), ChartName(name)),
    )
