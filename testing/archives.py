"""Packed charts for tests of the registry, made by helm and repacked as a release does."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from slipway.build import archive
from slipway.build.builder import read_metadata
from slipway.core.model import INPUT_DIGEST, Archive, ChartName, Digest
from slipway.registry.manifest import sha256
from slipway.tools.run import Command, run_process
from slipway.util.files import SOURCE_DATE_EPOCH, write_atomic

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {text: {{ .Values.text | quote }}}
"""


def digest_of(text: str) -> Digest:
    """The digest of a text."""
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
    """A chart with one ConfigMap whose text is `content`.

    Args:
        folder: where the chart and its archive are written; one folder can hold many.
        helm: the program.
        name: of the chart.
        version: of the chart.
        content: decides the input digest.
        metadata: more of Chart.yaml; its dependencies are vendored as empty charts.
    """
    input_digest = digest_of(content)
    fields = {"apiVersion": "v2", "name": name, "version": version, **(metadata or {})}
    own = fields.get("annotations")
    fields["annotations"] = {**(own if isinstance(own, dict) else {}), INPUT_DIGEST: str(input_digest)}
    folder.mkdir(parents=True, exist_ok=True)
    chart = Path(tempfile.mkdtemp(prefix=f"{name}-{version}-", dir=folder)) / name
    write_chart(chart, fields, content)
    target = chart.parent / "packed"
    run_process(
        Command(
            argv=(str(helm), "package", str(chart), "--destination", str(target)),
            env={"SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH), "TZ": "UTC"},
        )
    )
    path = target / f"{name}-{version}.tgz"
    write_atomic(path, archive.repack_archive(path.read_bytes()), mtime=SOURCE_DATE_EPOCH)
    return Archive(
        name=ChartName(name),
        version=version,
        path=path,
        content=sha256(path.read_bytes()),
        input_digest=input_digest,
        metadata=read_metadata(path.read_bytes(), ChartName(name)),
    )


def write_chart(chart: Path, fields: Mapping[str, object], content: str) -> None:
    """The chart's files; each dependency becomes an empty chart below charts/."""
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump(dict(fields), allow_unicode=True), encoding="utf-8")
    (chart / "values.yaml").write_text(f"text: {content}\n", encoding="utf-8")
    (chart / "templates" / "all.yaml").write_text(TEMPLATE, encoding="utf-8")
    entries = fields.get("dependencies")
    for entry in entries if isinstance(entries, list) else ():
        below = chart / "charts" / entry["name"]
        below.mkdir(parents=True)
        text = f"apiVersion: v2\nname: {entry['name']}\nversion: {entry['version']}\n"
        (below / "Chart.yaml").write_text(text, encoding="utf-8")
