"""Input digests: which content a chart is made from. Pure.

Equal digests mean that there is nothing to release. A digest covers what would be packaged (the allow-list of
`discover`, the parsed Chart.yaml, for an umbrella each environment's values) and the digests of what is vendored. It
does not see comments in Chart.yaml, modification times, tests, documentation, or the registry that is published to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from slipway.core.model import PREFIX, Chart, ChartKind, ChartName, Digest, Workspace, input_digest_key
from slipway.workspace import environments, graph, vendored

FORMAT = "slipway/package/1"
"""Raised when the same inputs would be packaged differently, so that every chart then counts as changed."""


def digest_all(workspace: Workspace) -> dict[ChartName, Digest]:
    """The input digest of every chart.

    Raises:
        WorkspaceError: the dependencies form a cycle, or an environment's values are not YAML.
    """
    digests: dict[ChartName, Digest] = {}
    for name in graph.order(workspace):
        chart = workspace.charts[name]
        extra = environments.environment_files(workspace, chart) if chart.kind is ChartKind.UMBRELLA else {}
        extra |= {f"charts/{file}": content for file, content in vendored.archives(workspace, chart).items()}
        digests[name] = digest_of(chart, extra, digests)
    return digests


def digest_of(chart: Chart, extra: Mapping[str, bytes], below: Mapping[ChartName, Digest]) -> Digest:
    """Digest of one chart: its metadata, its packaged files, files added when staging, and what it vendors.

    Args:
        chart: as discovered.
        extra: path → content of files that staging adds.
        below: digest of each dependency that the workspace has.
    """
    outline = {
        "format": FORMAT,
        "metadata": normal_metadata(chart.metadata, chart.prefix),
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in {**chart.files, **extra}.items()},
        "vendored": {dep.key: below.get(dep.name, "") for dep in chart.dependencies},
    }
    text = json.dumps(outline, sort_keys=True, separators=(",", ":"), default=str)
    return Digest(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")


def normal_metadata(metadata: Mapping[str, object], prefix: str = PREFIX) -> dict[str, object]:
    """Chart.yaml without what staging replaces: the dependencies' repositories and our own annotation."""
    normal = dict(metadata)
    if isinstance(entries := metadata.get("dependencies"), list):
        normal["dependencies"] = [
            {key: value for key, value in entry.items() if key != "repository"}
            for entry in entries
            if isinstance(entry, dict)
        ]
    if isinstance(annotations := metadata.get("annotations"), dict):
        normal["annotations"] = {key: value for key, value in annotations.items() if key != input_digest_key(prefix)}
    return normal
